//! The faults of the input stage, by number. F26–F30: content; F33–F39: archives.

mod archives;
mod content;
mod laws;
mod naming;

use std::io::Write;
use std::path::Path;

use deguchi::input::{Chunk, InputError, LINE_MAX, Source, Warning};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Everything a source gave.
struct Taken {
    bytes: Vec<u8>,
    skipped: u64,
    chunks: Vec<(u64, usize)>,
    error: Option<InputError>,
    warnings: Vec<Warning>,
}

/// Reads `source` to its end and checks what holds of any chunk.
fn drain(mut source: Source, chunk_size: usize) -> Taken {
    let mut taken = Taken { bytes: Vec::new(), skipped: 0, chunks: Vec::new(), error: None, warnings: Vec::new() };
    let mut buffer = Vec::new();
    let mut next_at = 0;
    loop {
        match source.next_chunk(buffer) {
            Ok(Some(Chunk { at, bytes, skipped })) => {
                assert!(at >= next_at, "offsets go forward");
                assert!(!bytes.is_empty() || skipped > 0, "an empty chunk says something");
                assert!(bytes.len() <= 2 * chunk_size + LINE_MAX + 1, "a chunk of {} bytes", bytes.len());
                assert!(taken.bytes.last().is_none_or(|&b| b == b'\n'), "only the last chunk may lack its LF");
                next_at = at + bytes.len() as u64;
                taken.chunks.push((at, bytes.len()));
                taken.skipped += skipped;
                taken.bytes.extend_from_slice(&bytes);
                buffer = bytes;
            }
            Ok(None) => break,
            Err(error) => {
                taken.error = Some(error);
                assert!(matches!(source.next_chunk(Vec::new()), Ok(None)), "an error comes once");
                break;
            }
        }
    }
    taken.warnings = source.warnings().to_vec();
    taken
}

fn read(bytes: &[u8], chunk_size: usize) -> Taken {
    let input = Box::new(std::io::Cursor::new(bytes.to_vec()));
    drain(Source::from_reader(Path::new("test.log"), input, chunk_size).unwrap(), chunk_size)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `n` lines, no two alike.
fn log(n: usize) -> Vec<u8> {
    let line = |i: usize| {
        format!(
            "{}.{:03} {i} 192.0.2.{} TCP_MISS/200 {} GET http://a{}.example/\n",
            1430000000 + i,
            i % 1000,
            i % 250,
            i * 7919 % 65536,
            i * 31 % 977
        )
    };
    (0..n).map(line).collect::<String>().into_bytes()
}

/// The part of `bytes` that is whole lines.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().rposition(|&b| b == b'\n').map_or(0, |p| p + 1)]
}
