//! Floods of names (F63): memory stays under its limit, what goes is counted, and what is known stays known. Names made to
//! collide (F64) are as any others.

use crate::lab::{DAY, HOUR, Outcome, beacon, line, lines, merged, run, threads};
use deguchi::alert::RecordKind;
use deguchi::engine::EngineSettings;
use deguchi::event::Millis;

/// Lines of a flood.
const FLOOD: i64 = 250_000;
/// The least `--memory`.
const LEAST: usize = 32 << 20;

/// Twelve hours: a beacon from the first minute to the last, and `FLOOD` requests that `name` gives client and URL.
fn flood(name: impl Fn(u64) -> (String, String)) -> Vec<u8> {
    let request = |i: i64| {
        let time = DAY + i * 12 * HOUR / FLOOD;
        let (client, url) = name((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (time, line(time, &client, &url))
    };
    let known = beacon(DAY, 60_000, 720, "10.0.0.1", "evil.example");
    merged([known, also(), (0..FLOOD).map(request).collect()])
}

/// A second client of the known domain.
fn also() -> Vec<(Millis, String)> {
    beacon(DAY + 7_000, 3_600_000, 12, "10.0.0.2", "evil.example")
}

fn limited(n: usize) -> EngineSettings {
    EngineSettings { memory: LEAST, ..threads(n) }
}

/// What holds of every flood.
#[track_caller]
fn survived(log: &[u8]) -> Outcome {
    let outcome = run(log, limited(1), || 100_000);
    let s = &outcome.summary;
    assert!(s.state_bytes <= LEAST as u64, "{} bytes of state", s.state_bytes);
    assert_eq!((s.events, s.late), (s.lines, 0));
    let ours = |r: &&deguchi::alert::Record| r.client == "10.0.0.1" && r.domain == "evil.example";
    let end = outcome.records.iter().rfind(ours).expect("the beacon is found while the flood goes on");
    assert_eq!((end.requests, &*end.first_seen, end.domain_stats.clients), (720, "2026-05-04T23:59:59Z", 2));
    assert_eq!(end.domain_stats.first_seen, end.first_seen);
    for (n, size) in [(2, 20_000), (7, 300_000)] {
        let other = run(log, limited(n), || size);
        assert!(other.alerts == outcome.alerts, "{n} threads");
        let counts = |o: &Outcome| (o.summary.evicted_pairs, o.summary.evicted_domains, o.summary.evicted_clients);
        assert_eq!((counts(&other), other.summary.state_bytes), (counts(&outcome), outcome.summary.state_bytes));
    }
    outcome
}

#[test]
fn of_subdomains() {
    let outcome = survived(&flood(|n| (format!("10.1.0.{}", n % 200), format!("http://{n:x}.flood.example/"))));
    let s = &outcome.summary;
    assert_eq!((s.domains, s.evicted_pairs), (2, 0), "they are one domain");
    let hosts = outcome.records.iter().filter(|r| r.domain == "flood.example").map(|r| r.domain_stats.hosts).max();
    if let Some(hosts) = hosts {
        assert!((hosts as i64 - FLOOD).abs() < FLOOD / 5, "{hosts} hosts");
    }
}

#[test]
fn of_registrable_domains() {
    let outcome = survived(&flood(|n| (format!("10.1.0.{}", n % 200), format!("http://{n:x}.com/"))));
    let s = &outcome.summary;
    assert!(s.evicted_pairs > 50_000 && s.evicted_domains > 50_000, "{s:?}");
    assert_eq!(s.evicted_domains + s.domains, FLOOD as u64 + 1);
}

#[test]
fn of_clients() {
    let client = |n: u64| format!("10.{}.{}.{}", n >> 56, n >> 48 & 255, n >> 40 & 255);
    let outcome = survived(&flood(|n| (client(n), format!("http://www.site{}.example/", n >> 20 & 31))));
    let s = &outcome.summary;
    assert!(s.evicted_clients > 10_000 && s.evicted_pairs > 10_000, "{s:?}");
}

#[test]
fn of_alerts() {
    // Every pair is worth an alert, and all of them together are more than the limit holds.
    let pairs = 10_000;
    let contacts = (0..pairs).flat_map(|pair: i64| {
        let name = (pair as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (0..24).map(move |i| {
            let time = DAY + i * HOUR / 2 + pair * 100;
            (time, line(time, &format!("10.3.{}.{}", pair / 250, pair % 250), &format!("http://{name:x}.example/")))
        })
    });
    let mut lines_: Vec<_> = contacts.collect();
    lines_.sort();
    let outcome = survived(&merged([beacon(DAY, 60_000, 720, "10.0.0.1", "evil.example"), also(), lines_]));
    let of = |kind| -> std::collections::BTreeSet<&str> {
        outcome.records.iter().filter(|r| r.record == kind).map(|r| &*r.episode).collect()
    };
    let (begun, ended) = (of(RecordKind::Alert), of(RecordKind::End));
    assert!(begun.len() > 5_000 && outcome.summary.evicted_pairs > 1_000, "{} {:?}", begun.len(), outcome.summary);
    assert!(begun == ended, "every episode has its end, evicted or not");
    assert_eq!(outcome.summary.alerts.iter().map(|(_, _, n)| n).sum::<u64>(), begun.len() as u64);
}

/// Lines that are all the same, or all of one instant, are no dearer than others.
#[test]
fn of_one_instant() {
    let time = |pace: i64| {
        let lines_: Vec<(Millis, String)> =
            (0..100_000).map(|i| (DAY, line(DAY + i * pace, "10.0.0.1", "http://www.evil.example/a"))).collect();
        let log = merged([lines_]);
        assert_eq!(lines(&log).len(), 100_000);
        let begun = std::time::Instant::now();
        let outcome = run(&log, threads(1), || 100_000);
        assert_eq!(outcome.summary.events, 100_000);
        begun.elapsed()
    };
    let (spread, once) = (time(400), time(0));
    assert!(once < spread * 20 + std::time::Duration::from_secs(1), "{once:?} against {spread:?}");
}

/// Spreads bytes over slots, or should.
type WeakHash = fn(&[u8]) -> u64;

/// Eight bytes at a time, multiplied and turned: as cheap as the hash by which the engine picks a slot of its cache of
/// names (`slot_hash` in `src/engine/batch.rs`; a copy, as an attacker would make one).
fn of_words(name: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let (words, rest) = name.as_chunks::<8>();
    let hash = words.iter().fold(name.len() as u64, |hash, &word| mix(hash, u64::from_le_bytes(word)));
    let hash = mix(hash, rest.iter().fold(0, |word, &b| word << 8 | u64::from(b)));
    hash ^ hash >> 32
}

/// FNV-1a (Fowler, Noll, Vo 1991).
fn fnv(name: &[u8]) -> u64 {
    name.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

/// SipHash with the key that is no key: what `std` starts from when it is not told a random one.
fn unkeyed(name: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(name);
    hasher.finish()
}

/// Slots of a table of the size an attacker aims at.
const SLOTS: u64 = 1 << 13;

/// `n` names of which `name` makes as many as wanted, all in one slot of a table by `hash`.
fn crafted(n: usize, hash: WeakHash, name: impl Fn(u64) -> String) -> Vec<String> {
    let wanted = hash(name(0).as_bytes()) % SLOTS;
    (0..).map(name).filter(|name| hash(name.as_bytes()) % SLOTS == wanted).take(n).collect()
}

/// The most names that share a slot.
fn fullest(names: &[String], hash: impl Fn(&[u8]) -> u64) -> usize {
    let mut slots = std::collections::BTreeMap::<u64, usize>::new();
    names.iter().for_each(|name| *slots.entry(hash(name.as_bytes()) % SLOTS).or_default() += 1);
    slots.into_values().max().unwrap_or(0)
}

/// Domains and clients that share a slot under hashes without a key (F64) are counted as others are, and spread under
/// the engine's own. Nothing is timed: where names spread, the work is that of any names. In the cache of a parsing thread
/// those made for its hash share one slot, and each costs what a name costs that was not met before.
#[test]
fn of_names_that_collide() {
    const NAMES: usize = 200;
    let domain = |i: u64| format!("{i:08x}.example");
    let client = |i: u64| format!("pc-{i:07}");
    let log = |domains: &[String], clients: &[String], swapped: usize| {
        let request = |i: usize| {
            let time = DAY + i as Millis * 200;
            let url = format!("http://{}/{i}", domains[i * 7 % domains.len()]);
            (time + (i % 2 * swapped) as Millis * 5_000, line(time, &clients[i / 3 % clients.len()], &url))
        };
        let known = beacon(DAY, 60_000, 60, "10.0.0.1", "evil.example");
        merged([known, (0..18_000).map(request).collect()])
    };
    let plain: Vec<String> = (0..NAMES as u64).map(|i| domain(i * 0x9E37)).collect();
    let people: Vec<String> = (0..NAMES as u64).map(|i| client(i * 77)).collect();
    let wanted = run(&log(&plain, &people, 0), threads(1), || 64 * 1024);
    for (what, hash) in [("words", of_words as WeakHash), ("FNV", fnv), ("SipHash", unkeyed)] {
        let (domains, clients) = (crafted(NAMES, hash, domain), crafted(NAMES, hash, client));
        assert_eq!((fullest(&domains, hash), fullest(&clients, hash)), (NAMES, NAMES), "{what}");
        let key = deguchi::engine::HashKey::default();
        for names in [&domains, &clients] {
            let most = fullest(names, |name| key.name(name));
            assert!(most <= 4, "{what}: {most} of {NAMES} names in one slot by the keyed hash");
        }
        let outcome = run(&log(&domains, &clients, 0), threads(1), || 64 * 1024);
        let counts = |o: &Outcome| {
            let s = &o.summary;
            (s.events, s.domains, s.clients, s.pairs, s.undirected)
        };
        assert_eq!(counts(&outcome), counts(&wanted), "{what}: as for names that nobody chose");
        assert_eq!(outcome.summary.domains, NAMES as u64 + 1);
        for (n, size, swapped) in [(2, 10_000, 0), (1, 700, 1)] {
            let other = run(&log(&domains, &clients, swapped), threads(n), || size);
            assert!(!other.alerts.is_empty() && other.alerts == outcome.alerts, "{what}, chunks of {size}");
        }
    }
}
