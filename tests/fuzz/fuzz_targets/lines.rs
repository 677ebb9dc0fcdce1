#![no_main]
use deguchi::input::{LINE_MAX, Source};

// Texts, each with a run of one byte behind it: what is special begins at 64 KiB, and fuzzers keep their inputs short.
libfuzzer_sys::fuzz_target!(|input: (u8, Vec<(Vec<u8>, u8, u16)>)| {
    let (chunk_size, parts) = input;
    let run = |byte, n: u16| std::iter::repeat_n(byte, n.into());
    let bytes: Vec<u8> =
        parts.into_iter().take(6).flat_map(|(text, byte, n)| text.into_iter().chain(run(byte, n))).collect();
    let Ok(mut source) = Source::from_reader("fuzz".as_ref(), Box::new(std::io::Cursor::new(bytes)), chunk_size.into())
    else {
        return;
    };
    while let Ok(Some(chunk)) = source.next_chunk(Vec::new()) {
        chunk
            .lines()
            .for_each(|(at, line)| assert!(at >= chunk.at && line.len() <= LINE_MAX && !line.contains(&b'\n')));
    }
});
