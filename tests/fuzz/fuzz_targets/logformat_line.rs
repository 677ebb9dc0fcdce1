#![no_main]
use deguchi::parse::{Logformat, Parser};

libfuzzer_sys::fuzz_target!(|data: (&str, &[u8])| drop(Logformat::compile(data.0).map(|p| drop(p.parse(data.1)))));
