#![no_main]
use deguchi::parse::Logformat;

libfuzzer_sys::fuzz_target!(|format: &str| drop(Logformat::compile(format)));
