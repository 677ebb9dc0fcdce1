#![no_main]
use deguchi::input::receive::{Frame, Framer, content, datagram};

// A connection whose bytes come in one piece, and in two: the same messages, each one line with its end in place.
libfuzzer_sys::fuzz_target!(|input: (u16, Vec<u8>)| {
    let (at, bytes) = input;
    let all = |pieces: [&[u8]; 2]| {
        let (mut framer, mut all) = (Framer::default(), Vec::new());
        for piece in pieces {
            framer.take(piece, &mut |frame| match frame {
                Frame::Message { bytes, cut } => all.push((bytes.to_vec(), cut)),
                Frame::Malformed { bytes } => assert!(bytes > 0),
            });
        }
        (all, framer.pending())
    };
    let (left, right) = bytes.split_at(usize::from(at).min(bytes.len()));
    let (messages, pending) = all([&bytes, &[]]);
    assert_eq!(all([left, right]), (messages.clone(), pending));
    for (message, _) in messages {
        assert!(!message.is_empty() && !message.contains(&b'\n') && message.ends_with(content(&message).line));
    }
    datagram(&bytes, &mut |_| {});
});
