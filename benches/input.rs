//! BYTES → LINES against a bare read and newline scan of the same file.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deguchi::input::{ReadAhead, Source};

const CHUNK: usize = 1 << 20;
const LINES: usize = 350_000;

/// About 50 MB of Squid lines that compress as real ones do.
fn generate() -> Vec<u8> {
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut text = Vec::with_capacity(LINES * 150);
    for i in 0..LINES {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let r = random;
        writeln!(
            text,
            "{}.{:03} {:6} 10.{}.{}.{} TCP_MISS/200 {} GET http://host{}.example{}.com/path/{:x}/index.php?id={:x} - HIER_DIRECT/198.51.100.{} text/html",
            1430000000 + i / 40, r % 1000, r >> 10 & 4095, r >> 20 & 3, r >> 22 & 15, r >> 26 & 255, r >> 30 & 65535, r >> 34 & 63, r >> 40 & 1023, r >> 50 & 255, r >> 16 & 0xffff_ffff, r >> 5 & 255
        )
        .expect("a vector takes all");
    }
    text
}

/// Read into one buffer, look for the last newline of it: the least any reader of lines can do.
fn bare(mut input: impl Read) -> u64 {
    let mut buffer = vec![0; CHUNK];
    let mut sum = 0;
    loop {
        let mut filled = 0;
        while filled < CHUNK {
            match input.read(&mut buffer[filled..]).expect("readable") {
                0 => break,
                n => filled += n,
            }
        }
        sum += memchr::memrchr(b'\n', &buffer[..filled]).unwrap_or(0) as u64;
        if filled < CHUNK {
            return sum;
        }
    }
}

fn chunks(path: &Path) -> u64 {
    let mut source = Source::open(path, CHUNK).expect("readable");
    let (mut sum, mut buffer) = (0, Vec::new());
    while let Some(chunk) = source.next_chunk(buffer).expect("sound") {
        sum += chunk.bytes.len() as u64;
        buffer = chunk.bytes;
    }
    sum
}

fn ahead(path: &Path) -> u64 {
    let mut ahead = ReadAhead::spawn(Source::open(path, CHUNK).expect("readable"), 2).expect("a thread");
    let mut sum = 0;
    while let Some(chunk) = ahead.next() {
        let chunk = chunk.expect("sound");
        sum += chunk.lines().map(|(_, line)| line.len() as u64).sum::<u64>();
        ahead.recycle(chunk.bytes);
    }
    sum
}

fn lines(path: &Path) -> u64 {
    let mut source = Source::open(path, CHUNK).expect("readable");
    let (mut sum, mut buffer) = (0, Vec::new());
    while let Some(chunk) = source.next_chunk(buffer).expect("sound") {
        sum += chunk.lines().map(|(_, line)| line.len() as u64).sum::<u64>();
        buffer = chunk.bytes;
    }
    sum
}

fn decode(path: &Path, how: &str) -> u64 {
    let file = File::open(path).expect("readable");
    match how {
        "gzip" => bare(flate2::bufread::MultiGzDecoder::new(std::io::BufReader::with_capacity(128 * 1024, file))),
        "zstd" => bare(zstd::Decoder::new(file).expect("a decoder")),
        _ => bare(file),
    }
}

fn store(directory: &Path, how: &str, text: &[u8]) -> PathBuf {
    let path = directory.join(how);
    let mut file = File::create(&path).expect("a scratch file");
    match how {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::new(6));
            encoder.write_all(text).and_then(|()| encoder.try_finish()).expect("room");
        }
        "zstd" => zstd::stream::copy_encode(text, file, 3).expect("room"),
        _ => file.write_all(text).expect("room"),
    }
    path
}

fn input(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let text = generate();
    for how in ["plain", "gzip", "zstd"] {
        let path = store(directory.path(), how, &text);
        let mut group = criterion.benchmark_group(format!("input/{how}"));
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function("bare", |b| b.iter(|| black_box(decode(&path, how))));
        group.bench_function("chunks", |b| b.iter(|| black_box(chunks(&path))));
        group.bench_function("lines", |b| b.iter(|| black_box(lines(&path))));
        group.bench_function("lines, read ahead", |b| b.iter(|| black_box(ahead(&path))));
        group.finish();
    }
}

criterion_group!(benches, input);
criterion_main!(benches);
