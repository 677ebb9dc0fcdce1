#![no_main]
use deguchi::parse::{Parser, by_name, read};
use std::sync::Arc;

// Whole logs: headers change how the rows after them are read.
libfuzzer_sys::fuzz_target!(|log: &[u8]| {
    let mut parser: Arc<dyn Parser> = Arc::from(by_name("w3c").expect("a format"));
    for line in log.split(|&byte| byte == b'\n') {
        let _ = read(&mut parser, line);
    }
    assert!(parser.header().len() <= log.len() + 1);
});
