#![no_main]
use deguchi::parse::{Combined, Common, Parser};

libfuzzer_sys::fuzz_target!(|line: &[u8]| drop((Common.parse(line), Combined.parse(line))));
