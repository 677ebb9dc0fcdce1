#![no_main]
use deguchi::parse::{FORMATS, Parser, by_name, detect, read};
use std::sync::Arc;

// Whole logs in any format that has a name, as it is and in a wrapper, or as what they are told to be: headers and escapes
// change how rows are read.
libfuzzer_sys::fuzz_target!(|input: (u8, Vec<u8>)| {
    let (choice, mut log) = input;
    let name = FORMATS[usize::from(choice / 3) % FORMATS.len()].name;
    let mut parser: Arc<dyn Parser> = match choice % 3 {
        0 => Arc::from(by_name(name).expect("a format")),
        1 => Arc::from(by_name(&format!("syslog+{name}")).expect("a format")),
        _ => match detect(log.split(|&byte| byte == b'\n')) {
            Ok(found) => found.parser,
            Err(_) => return,
        },
    };
    let lines = log.iter().filter(|&&byte| byte == b'\n').count();
    parser.simplify(&mut log);
    assert_eq!(log.iter().filter(|&&byte| byte == b'\n').count(), lines);
    let once = log.clone();
    parser.simplify(&mut log);
    assert_eq!(once, log);
    for line in log.split(|&byte| byte == b'\n') {
        if let Err(error) = read(&mut parser, line) {
            assert!(error.at <= line.len());
        }
    }
});
