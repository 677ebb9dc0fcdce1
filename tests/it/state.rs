//! What survives a restart: a run that is written down and read back gives what one gives that never stopped.

use crate::lab::{DAY, HOUR, beacon, line, lines, merged, reading, run_as, run_between, threads, w3c, world};
use deguchi::engine::{Engine, EngineSettings, Frozen, Lesson, Lists, ThawError};
use deguchi::parse::{Parser, by_name};
use std::sync::Arc;

fn slices(parts: &[impl AsRef<[u8]>]) -> Vec<&[u8]> {
    parts.iter().map(AsRef::as_ref).collect()
}

fn parser(name: &str) -> Option<Arc<dyn Parser>> {
    by_name(name).ok().map(Arc::from)
}

/// Writes it down, and reads that; what was read is written as the same bytes, also to room that was made for it before,
/// too much or too little.
fn restarted(engine: Engine, settings: EngineSettings) -> Engine {
    let parts = engine.freeze(Vec::new()).unwrap();
    drop(engine);
    let engine = Engine::thaw(settings, Lists::default(), &slices(&parts), &parser).unwrap();
    let rooms = engine.sizes().into_iter().zip([0, 1, 2].into_iter().cycle()).map(|(bytes, times)| times * bytes);
    let rooms = rooms.skip(1).map(|bytes| Frozen::ready(bytes).unwrap()).collect();
    assert!(engine.freeze(rooms).unwrap() == parts, "the same memory, the same bytes");
    engine
}

/// Gives what a run of `logs` gives that is restarted after every `every` rounds as well as one that is not.
#[track_caller]
fn survives(logs: &[&[u8]], settings: EngineSettings, chunk: usize, every: usize) {
    let plain = run_between(logs, settings, || chunk, |engine| engine);
    let mut round = 0;
    let stopped = run_between(
        logs,
        settings,
        || chunk,
        |engine| {
            round += 1;
            if round % every == 0 { restarted(engine, settings) } else { engine }
        },
    );
    assert!(round > 2 * every, "{round}");
    assert!(plain.alerts == stopped.alerts, "the same records");
    let (plain_counts, stopped_counts) = (format!("{:?}", plain.summary), format!("{:?}", stopped.summary));
    let differs = plain_counts.bytes().zip(stopped_counts.bytes()).position(|(a, b)| a != b);
    let part = |text: &str| differs.map(|at| text[at.saturating_sub(60)..text.len().min(at + 60)].to_owned());
    assert_eq!(part(&plain_counts), part(&stopped_counts));
    assert!(!plain.records.is_empty());
}

#[test]
fn a_run_goes_on_as_if_it_had_not_stopped() {
    survives(&[world()], threads(2), 300_000, 7);
}

/// The header in force is written down with what waits for the watermark, and with the place in the log.
#[test]
fn a_run_goes_on_in_the_middle_of_a_file_with_a_header() {
    let log = w3c(&lines(world())[..20_000].concat(), 700);
    let run = |every: usize| {
        let mut round = 0;
        let between = |engine| {
            round += 1;
            if round % every == 0 { restarted(engine, threads(2)) } else { engine }
        };
        run_as("w3c", &[&log], threads(2), || 100_000, between)
    };
    let (plain, stopped) = (run(usize::MAX), run(3));
    assert!(plain.summary.rejected.is_empty() && !plain.records.is_empty());
    assert!(plain.alerts == stopped.alerts, "the same records");
    assert_eq!(plain.summary.events, stopped.summary.events);
}

#[test]
fn a_run_of_several_logs_with_lines_that_are_held_back_goes_on() {
    let busy =
        merged([beacon(DAY, 60_000, 400, "10.0.0.1", "evil.example"), reading(DAY, DAY + 8 * HOUR, 900, "10.0.0.2")]);
    let odd = merged([
        reading(DAY, DAY + 8 * HOUR, 300, "10.0.0.3"),
        vec![(DAY + HOUR, line(DAY + 900 * HOUR, "10.0.0.3", "http://future.example/"))],
        vec![(DAY + 5 * HOUR, line(DAY + HOUR, "10.0.0.3", "http://late.example/"))],
    ]);
    survives(&[&busy, &odd], threads(2), 2_000, 1);
}

#[test]
fn a_run_that_forgets_goes_on() {
    survives(&[world()], EngineSettings { memory: 1 << 20, ..threads(2) }, 400_000, 5);
}

#[test]
fn episodes_that_end_weeks_later() {
    let days = |d: i64| DAY + d * 24 * HOUR;
    let log = merged([
        beacon(DAY, 60_000, 400, "10.0.0.1", "evil.example"),
        reading(DAY, days(20), 4_000, "10.0.0.2"),
        beacon(days(12), 60_000, 400, "10.0.0.1", "evil.example"),
    ]);
    survives(&[&log], threads(2), 40_000, 1);
}

#[test]
fn what_is_learned_is_not_forgotten() {
    let (settings, all) = (threads(2), lines(world()).len() as u64);
    let learned = |every: usize| {
        let (mut round, mut begun, mut ledger) = (0, false, String::new());
        run_between(
            &[world()],
            settings,
            || 500_000,
            |mut engine| {
                if !std::mem::replace(&mut begun, true) {
                    engine.learn(Lesson::Learn);
                }
                round += 1;
                if round % every == 0 {
                    engine = restarted(engine, settings);
                    engine.learn(Lesson::Learn);
                }
                if engine.lines() == all {
                    ledger = format!("{:?}", engine.ledger());
                }
                engine
            },
        );
        ledger
    };
    let whole = learned(usize::MAX);
    assert!(whole.contains("DomainEntry") && whole == learned(4));
}

#[test]
fn memory_that_is_damaged_or_of_another_format_is_refused() {
    let mut last = Vec::new();
    run_between(
        &[world()],
        threads(1),
        || 1 << 20,
        |engine| {
            last = engine.freeze(Vec::new()).unwrap().iter().map(|part| part.to_vec()).collect();
            engine
        },
    );
    let thaw = |parts: &[Vec<u8>], known: bool| {
        let parser = |name: &str| parser(name).filter(|_| known);
        Engine::thaw(threads(1), Lists::default(), &slices(parts), &parser).err().map(|error| error.to_string())
    };
    assert_eq!(thaw(&last, true), None);
    assert!(thaw(&last, false).unwrap().contains("the format \"squid\""));
    assert!(thaw(&last[..9], true).unwrap().starts_with("part 9 of its memory is damaged"));
    let half = last[3].len() / 2;
    last[3].truncate(half);
    assert!(matches!(
        Engine::thaw(threads(1), Lists::default(), &slices(&last), &parser),
        Err(ThawError::Part { part: 3, .. })
    ));
}
