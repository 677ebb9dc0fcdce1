//! EVENTS → MEMORY: what one more contact costs in each kind of memory, when it is full.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deguchi::event::{Contact, Method, Millis};
use deguchi::window::{Clock, Distinct, Ladder, Pair, Rings, Scale, Sent, Tick};

const CONTACTS: usize = 10_000;
/// Noon, 5 May 2026 UTC, ms.
const NOON: Millis = 1_777_982_400_000;

/// A number that looks like any, and is the same everywhere (Steele, Lea, Flood 2014).
fn dice(n: u64) -> u64 {
    let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}

/// One contact about every `pace` ms.
fn contacts(pace: u64, method: Method) -> Vec<Contact> {
    let contact = |i: u64| Contact {
        end: NOON + (i * pace + dice(i) % (pace / 10 + 1)) as Millis,
        domain: 1,
        client: 2,
        up: if method == Method::Post { 2_000 + dice(i) % 500 } else { Contact::UNKNOWN },
        down: 512 + dice(i) % 64,
        duration: 40,
        host: dice(i % 7) as u32,
        shape: 5,
        status: 200,
        method,
        ..Contact::default()
    };
    (0..CONTACTS as u64).map(contact).collect()
}

fn window(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("window");
    group.sample_size(20).throughput(Throughput::Elements(CONTACTS as u64));
    let paces = [
        ("pair, a beacon", 60_000, Method::Get),
        ("pair, a page", 200, Method::Get),
        ("pair, uploads", 60_000, Method::Post),
    ];
    for (name, pace, method) in paces {
        let contacts = contacts(pace, method);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut pair = Pair::new(&contacts[0], 0, 0);
                contacts[1..].iter().for_each(|contact| pair.add(contact, |_| None));
                black_box(pair.requests)
            })
        });
    }
    group.bench_function("ring", |bench| {
        let mut rings = Rings::default();
        bench.iter(|| (0..CONTACTS as u64).for_each(|i| rings.push(Scale::Visits, black_box(dice(i) % 100_000))))
    });
    group.bench_function("ladder", |bench| {
        bench.iter(|| {
            let mut ladder = Ladder::default();
            (0..CONTACTS as u32).for_each(|i| ladder.add(i / 3, Sent { bytes: 1_000, posts: 1 }));
            black_box(ladder.minutes(CONTACTS as u32 / 3, 60))
        })
    });
    for (name, different) in [("distinct, 30", 30), ("distinct, all new", CONTACTS as u64)] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut distinct = Distinct::default();
                (0..CONTACTS as u64).for_each(|i| distinct.insert(dice(i % different)));
                let new = distinct.refresh();
                (new, distinct.refresh())
            })
        });
    }
    // Up to 8 s of disorder; every thousandth line is a day ahead and is held until those after it have voted.
    for (name, odd) in [("clock", u64::MAX), ("clock, some ahead", 1_000)] {
        let ahead = |i: u64| if i % odd == odd - 1 { 86_400_000 } else { 0 };
        let times: Vec<Millis> =
            (0..CONTACTS as u64).map(|i| NOON + (i * 50 + dice(i) % 8_000 + ahead(i)) as Millis).collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut clock = Clock::starting_at(NOON);
                let mut now = 0;
                for &time in &times {
                    now += usize::from(clock.tick(time) == Tick::Now);
                    if clock.holds() {
                        black_box(clock.settle(false));
                    }
                }
                now
            })
        });
    }
    group.finish();
}

criterion_group!(benches, window);
criterion_main!(benches);
