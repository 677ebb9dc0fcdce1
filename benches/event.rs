//! EVENTS: what it costs to say where a request went, for the targets of a generated log. The engine keeps the answer for
//! the hosts it met last, so that `destination` is paid for others only.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deguchi::event::{Event, Normalizer, Target};
use deguchi::parse::{Parser, Squid};
use deguchi::run::synth::{SynthOptions, generate};

const LINES: u64 = 50_000;

/// Hosts as only attackers and browsers in a hurry spell them: each takes the long way.
const ODD: [&str; 6] = [
    "http://ex%61mple.com/a?b",
    "http://日本語.jp/",
    "http://3221225985/",
    "https://user:word@WWW.Example.CO.JP.:8443/",
    "http://[::ffff:192.0.2.1]/",
    "http://xn--wgv71a119e.jp/x/y/z.php?q=1",
];

fn destinations<'a>(events: impl Iterator<Item = &'a Event<'a>>) -> usize {
    let mut normalizer = Normalizer::default();
    let mut sum = 0;
    for event in events {
        let target = Target::of(black_box(event));
        let place = target.and_then(|target| normalizer.destination(target.authority));
        sum += black_box(place).map_or(0, |place| place.domain.len());
    }
    sum
}

fn event(criterion: &mut Criterion) {
    let options = SynthOptions { seed: 22, lines: Some(LINES), clients: Some(100), ..SynthOptions::default() };
    let mut log = Vec::new();
    generate(&options, &mut log).expect("valid options");
    let lines = log.split(|&b| b == b'\n');
    let events: Vec<Event<'_>> = lines.filter_map(|line| Squid.parse(line).ok().flatten()).collect();
    let odd = ODD.map(|target| Event { method: Some(b"GET"), target: target.as_bytes(), ..Event::default() });

    let mut group = criterion.benchmark_group("event");
    group.sample_size(20).throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("target", |bench| {
        bench.iter(|| {
            events.iter().filter_map(|event| Target::of(black_box(event))).map(|t| t.path.len()).sum::<usize>()
        })
    });
    group.bench_function("target, destination", |bench| bench.iter(|| destinations(events.iter())));
    group.throughput(Throughput::Elements(odd.len() as u64));
    group.bench_function("target, destination, odd", |bench| bench.iter(|| destinations(odd.iter())));
    group.finish();
}

criterion_group!(benches, event);
criterion_main!(benches);
