#![no_main]
use deguchi::input::{LINE_MAX, Source};

libfuzzer_sys::fuzz_target!(|input: (u8, Vec<u8>)| {
    let bytes = Box::new(std::io::Cursor::new(input.1));
    let Ok(mut source) = Source::from_reader("fuzz".as_ref(), bytes, input.0.into()) else { return };
    while let Ok(Some(chunk)) = source.next_chunk(Vec::new()) {
        chunk.lines().for_each(|(at, line)| assert!(at >= chunk.at && line.len() <= LINE_MAX && !line.contains(&b'\n')));
    }
});
