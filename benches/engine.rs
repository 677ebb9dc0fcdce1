//! All stages joined, from lines in memory to records, beside the least that can be done with the same bytes: to find the
//! ends of lines. The ratio of the two is what the project is measured by; `benches/peers.sh` takes it on files.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use deguchi::engine::{Engine, EngineSettings, Found};
use deguchi::input::Chunk;
use deguchi::parse::{Parser, Squid};
use deguchi::run::synth::{SynthOptions, generate};

const LINES: u64 = 200_000;
/// Bytes of a chunk and chunks of a round, as `replay` reads them.
const CHUNK: usize = 128 * 1024;
const ROUND: usize = 16;

/// The log in rounds of chunks of whole lines.
fn rounds(log: &[u8]) -> Vec<Vec<(u16, Chunk)>> {
    let mut chunks = Vec::new();
    let mut at = 0;
    while at < log.len() {
        let end = log[at..].len().min(CHUNK);
        let end = at + memchr::memrchr(b'\n', &log[at..at + end]).expect("lines are shorter than chunks") + 1;
        chunks.push((0, Chunk { at: at as u64, bytes: log[at..end].to_vec(), skipped: 0 }));
        at = end;
    }
    let mut chunks = chunks.into_iter().peekable();
    std::iter::from_fn(|| chunks.peek().is_some().then(|| chunks.by_ref().take(ROUND).collect())).collect()
}

/// An engine that has taken in everything, and what it found.
fn filled(rounds: Vec<Vec<(u16, Chunk)>>, parser: &Arc<dyn Parser>, first: i64, threads: usize) -> (Engine, Found) {
    let mut engine = Engine::new(EngineSettings { threads, ..EngineSettings::default() }).expect("threads");
    let input = engine.add_input("log", "squid", Arc::clone(parser), first);
    let mut found = Found::default();
    for chunks in rounds {
        engine.round(chunks, &[], &mut found);
    }
    engine.round(Vec::new(), &[input], &mut found);
    (engine, found)
}

/// Everything `replay` does between reading and writing; the number of records.
fn run(rounds: Vec<Vec<(u16, Chunk)>>, parser: &Arc<dyn Parser>, first: i64, threads: usize) -> usize {
    let (mut engine, mut found) = filled(rounds, parser, first, threads);
    engine.finish(&mut found);
    assert_eq!(engine.lines(), LINES);
    found.records.len()
}

fn engine(criterion: &mut Criterion) {
    let options = SynthOptions { seed: 22, lines: Some(LINES), clients: Some(250), ..SynthOptions::default() };
    let mut log = Vec::new();
    generate(&options, &mut log).expect("valid options");
    let parser: Arc<dyn Parser> = Arc::new(Squid);
    let times = log.split(|&b| b == b'\n').filter_map(|line| parser.parse(line).ok().flatten());
    let first = times.take(15).map(|event| event.end()).min().expect("lines");

    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10).throughput(Throughput::Elements(LINES));
    group.bench_function("scan", |bench| {
        bench.iter(|| memchr::memchr_iter(b'\n', black_box(&log)).map(black_box).count())
    });
    for threads in [1, 2] {
        group.bench_function(format!("threads/{threads}"), |bench| {
            bench.iter_batched(|| rounds(&log), |rounds| run(rounds, &parser, first, threads), BatchSize::PerIteration)
        });
    }
    group.finish();

    // What a live run stands still for while its memory is written down: elements are pairs.
    let (filled, _) = filled(rounds(&log), &parser, first, 2);
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(filled.summary().pairs));
    group.bench_function("freeze", |bench| bench.iter(|| filled.freeze(Vec::new()).expect("memory can be written")));
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
