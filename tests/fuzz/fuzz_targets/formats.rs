#![no_main]
use deguchi::parse::{FORMATS, Parser, by_name, read};
use std::sync::Arc;

// Whole logs in any format that has a name: headers and escapes change how rows are read.
libfuzzer_sys::fuzz_target!(|input: (u8, Vec<u8>)| {
    let (choice, mut log) = input;
    let entry = &FORMATS[usize::from(choice) % FORMATS.len()];
    let mut parser: Arc<dyn Parser> = Arc::from(by_name(entry.name).expect("a format"));
    let lines = log.iter().filter(|&&byte| byte == b'\n').count();
    parser.simplify(&mut log);
    assert_eq!(log.iter().filter(|&&byte| byte == b'\n').count(), lines);
    for line in log.split(|&byte| byte == b'\n') {
        if let Err(error) = read(&mut parser, line) {
            assert!(error.at <= line.len());
        }
    }
});
