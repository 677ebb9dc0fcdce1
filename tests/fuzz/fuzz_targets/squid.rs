#![no_main]
use deguchi::parse::{Parser, Squid};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    let _ = Squid.parse(line);
});
