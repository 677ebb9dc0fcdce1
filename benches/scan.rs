//! The limits a replay is measured against, on a real file, one job a run: `scan FILE`, `parse FILE`, `decode FILE`.
//!
//! `benches/peers.sh` runs them beside the whole job and beside other programs. No criterion here: the file is larger
//! than what a bench should keep in memory, and CPU seconds are taken from outside.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use deguchi::input::Source;
use deguchi::parse::by_name;

const CHUNK: usize = 1 << 20;

/// Calls `each` with every line: read(2) into one buffer, then one memchr a line.
fn lines(path: &Path, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; CHUNK];
    let mut kept = 0;
    loop {
        let got = file.read(&mut buffer[kept..])?;
        let filled = kept + got;
        let mut rest = &buffer[..filled];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            each(&rest[..end]);
            rest = &rest[end + 1..];
        }
        if got == 0 {
            if !rest.is_empty() {
                each(rest);
            }
            return Ok(());
        }
        let start = filled - rest.len();
        // A line longer than the buffer is not a case for a measurement.
        kept = if start == 0 && filled == buffer.len() { 0 } else { filled - start };
        buffer.copy_within(filled - kept..filled, 0);
    }
}

fn scan(path: &Path) -> std::io::Result<(u64, u64)> {
    let (mut count, mut bytes) = (0, 0);
    lines(path, |line| {
        count += 1;
        bytes += black_box(line).len() as u64;
    })?;
    Ok((count, bytes))
}

fn parse(path: &Path) -> std::io::Result<(u64, u64)> {
    let Ok(parser) = by_name("squid") else { return Ok((0, 0)) };
    let (mut count, mut bytes) = (0, 0);
    lines(path, |line| {
        if let Ok(Some(event)) = black_box(parser.parse(black_box(line))) {
            count += 1;
            bytes += event.bytes_down.unwrap_or(0);
        }
    })?;
    Ok((count, bytes))
}

fn decode(path: &Path) -> Result<(u64, u64), deguchi::input::InputError> {
    let mut source = Source::open(path, CHUNK)?;
    let (mut count, mut bytes, mut buffer) = (0, 0, Vec::new());
    while let Some(chunk) = source.next_chunk(buffer)? {
        count += 1;
        bytes += chunk.bytes.len() as u64;
        buffer = chunk.bytes;
    }
    Ok((count, bytes))
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [job, path] = &words[..] else {
        println!("usage: scan scan|parse|decode FILE (benches/peers.sh runs it)");
        return;
    };
    let path = Path::new(path);
    let done = match job.as_str() {
        "scan" => scan(path).map_err(|error| error.to_string()),
        "parse" => parse(path).map_err(|error| error.to_string()),
        "decode" => decode(path).map_err(|error| error.to_string()),
        _ => Err(format!("no job {job:?}")),
    };
    match done {
        Ok((count, bytes)) => println!("{count} {bytes}"),
        Err(error) => {
            eprintln!("scan: {error}");
            std::process::exit(1);
        }
    }
}
