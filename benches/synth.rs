//! Lines a second of the generator, for the two writers. `cargo bench --bench synth`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deguchi::run::synth::{Attacks, SynthOptions, generate};

const LINES: u64 = 500_000;

fn synth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("synth");
    group.sample_size(10).throughput(Throughput::Elements(LINES));
    for format in ["squid", "rich"] {
        let options = SynthOptions {
            seed: 42,
            lines: Some(LINES),
            clients: Some(250),
            domains: Some(4000),
            attacks: Attacks::Count(20, Vec::new()),
            logformat: format.to_owned(),
            ..SynthOptions::default()
        };
        group.bench_function(format, |bencher| {
            bencher.iter(|| black_box(generate(&options, &mut std::io::sink()).expect("valid options").lines));
        });
    }
    group.finish();
}

criterion_group!(benches, synth);
criterion_main!(benches);
