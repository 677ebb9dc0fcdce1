//! Laws: for any bytes, any chunk size, any codec.

use std::io::{self, Read};

use deguchi::input::ReadAhead;
use proptest::prelude::*;

use super::*;

/// What the input stage hands out for `bytes`, written the slow way: whole stream in memory, one line at a time.
fn reference(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut out = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let (line, after) = (&rest[..end], &rest[(end + 1).min(rest.len())..]);
        let nuls = line.iter().take_while(|&&b| b == 0).count();
        if line.len() <= LINE_MAX {
            out.extend_from_slice(&rest[..rest.len() - after.len()]);
            rest = after;
        } else if nuls == line.len() {
            rest = after;
        } else if nuls > 0 {
            rest = &rest[nuls..];
        } else {
            out.extend_from_slice(&line[..LINE_MAX]);
            out.push(b'\n');
            // A hole that ends behind the cut begins a new line.
            let mut run = 0;
            let hole = line.iter().enumerate().position(|(i, &b)| {
                let ends = b != 0 && run > LINE_MAX && i > LINE_MAX;
                run = if b == 0 { run + 1 } else { 0 };
                ends
            });
            rest = hole.map_or(after, |at| &rest[at..]);
        }
    }
    out
}

/// Short texts, and runs about as long as the limit.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\n'), Just(0u8), Just(b'\r'), any::<u8>()];
    let near = (0..5usize, prop_oneof![Just(0u8), Just(b'x')]).prop_map(|(n, byte)| vec![byte; LINE_MAX - 2 + n]);
    prop_oneof![
        12 => proptest::collection::vec(byte, 0..40),
        2 => Just(b"\n".to_vec()),
        1 => near,
    ]
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

/// The bytes stored in one of the ways we read, in members of `size`.
fn stored(bytes: &[u8], codec: u8, size: usize) -> Vec<u8> {
    match codec {
        0 => bytes.to_vec(),
        1 => gzip(bytes),
        2 => zstd(bytes),
        3 => bytes.chunks(size).flat_map(gzip).collect(),
        _ => bytes.chunks(size).flat_map(zstd).collect(),
    }
}

/// Whether the bytes are refused, for what they begin with, before they are split.
fn is_refused(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.starts_with(b"\x1f")
        || bytes.starts_with(b"\x28\xb5")
}

/// A pipe that gives a few bytes at a time, and interrupts.
struct Dribble {
    bytes: std::io::Cursor<Vec<u8>>,
    most: usize,
    calls: usize,
}

impl Read for Dribble {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = out.len().min(1 + self.calls % self.most);
        self.bytes.read(&mut out[..n])
    }
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_chunks_or_codec(
        bytes in any_bytes(), chunk_size in 1usize..200, codec in 0u8..5, member in 1usize..5000,
    ) {
        prop_assume!(!is_refused(&bytes));
        let member = if bytes.len() > 20_000 { member + 5000 } else { member };
        let taken = read(&stored(&bytes, codec, member), chunk_size);
        prop_assert!(taken.error.is_none(), "{:?}", taken.error);
        let wanted = reference(&bytes);
        prop_assert_eq!(taken.bytes.len(), wanted.len());
        prop_assert!(taken.bytes == wanted);
    }

    #[test]
    fn large_chunks_are_no_different(bytes in any_bytes(), chunk_size in 1_000usize..300_000) {
        prop_assume!(!is_refused(&bytes));
        prop_assert!(read(&bytes, chunk_size).bytes == reference(&bytes));
    }

    #[test]
    fn every_byte_is_handed_out_or_counted(bytes in any_bytes(), chunk_size in 1usize..5_000) {
        prop_assume!(!is_refused(&bytes));
        let taken = read(&bytes, chunk_size);
        let bom = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let cuts = taken.chunks.iter().zip(taken.chunks.iter().skip(1)).filter(|(a, b)| a.0 + a.1 as u64 > b.0).count();
        prop_assert_eq!(cuts, 0);
        let handed_out = taken.bytes.len() as u64 + taken.skipped;
        // Each cut puts one LF that is not in the input.
        let extra = handed_out + bom - bytes.len() as u64;
        let long = taken.bytes.split(|&b| b == b'\n').filter(|line| line.len() == LINE_MAX).count() as u64;
        prop_assert!(extra <= long, "{} bytes too many, {} cuts at most", extra, long);
    }

    #[test]
    fn a_dribbling_pipe_and_a_thread_are_no_different(
        bytes in any_bytes(), chunk_size in 1usize..5_000, codec in 0u8..5, most in 1usize..3_000, depth in 0usize..4,
    ) {
        prop_assume!(!is_refused(&bytes));
        let pipe = Dribble { bytes: io::Cursor::new(stored(&bytes, codec, 9_000)), most, calls: 0 };
        let source = Source::from_reader(Path::new("-"), Box::new(pipe), chunk_size).unwrap();
        let mut ahead = ReadAhead::spawn(source, depth).unwrap();
        let mut seen = Vec::new();
        while let Some(chunk) = ahead.next() {
            let chunk = chunk.unwrap();
            seen.extend_from_slice(&chunk.bytes);
            ahead.recycle(chunk.bytes);
        }
        prop_assert!(seen == reference(&bytes));
    }

    #[test]
    fn any_bytes_behind_a_magic_end_in_an_error_or_data(
        gz in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 0..300), chunk_size in 1usize..200,
    ) {
        let magic: &[u8] = if gz { b"\x1f\x8b\x08" } else { b"\x28\xb5\x2f\xfd" };
        read(&[magic, &bytes].concat(), chunk_size);
    }
}
