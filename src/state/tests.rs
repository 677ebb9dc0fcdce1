//! What a state keeps, and what it refuses.

mod power;

use super::*;
use std::sync::Mutex;

fn decided(number: u64) -> Decided {
    Decided { number, at: 1_430_000_000_000 + number, record: b"{}".to_vec() }
}

fn record(number: u64) -> Change {
    Change { journal: vec![decided(number)], ..Change::default() }
}

#[test]
fn changes_are_kept_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State::open(dir.path(), "key").unwrap();
    let parts: Parts = [("a".to_owned(), vec![7; 100_000])].into();
    (1..=3).for_each(|number| state.commit(&record(number)).unwrap());
    let state = Mutex::new(state);
    replace(&state, [("gone".to_owned(), Box::new([1_u8]) as Bytes)].into()).unwrap();
    replace(&state, parts.iter().map(|(name, part)| (name.clone(), Box::new(part.clone()) as Bytes)).collect())
        .unwrap();
    let delivered = [("file".to_owned(), 2)].into();
    state.into_inner().unwrap().commit(&Change { delivered, forget: 2, ..Change::default() }).unwrap();
    let kept = State::open(dir.path(), "key").unwrap().kept().unwrap();
    let delivered = [("file".to_owned(), 2)].into();
    assert_eq!(kept, Kept { snapshot: parts, journal: vec![decided(3)], delivered });
    assert!(matches!(State::open(dir.path(), "other"), Err(StateError::Key { .. })));
}

/// A store that failed takes nothing more until it is opened again.
#[test]
fn f52_f53_a_write_that_failed_is_not_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State::open(dir.path(), "key").unwrap();
    state.commit(&record(1)).unwrap();
    let failed = state.write(|_| Err(redb::Error::PreviousIo));
    assert!(failed.is_err() && state.db.is_none());
    state.commit(&record(2)).unwrap();
    assert_eq!(state.kept().unwrap().journal.len(), 2);
}

#[test]
fn another_layout_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State::open(dir.path(), "key").unwrap();
    state.begin(&Meta { version: VERSION + 1, key: "key".into() }).unwrap();
    drop(state);
    let refused = State::open(dir.path(), "key").unwrap_err().to_string();
    let wanted = format!("written with layout {}, this deguchi reads {VERSION}", VERSION + 1);
    assert!(refused.contains(&wanted), "{refused}");
}

/// What somebody left who was killed before it was whole is no state.
#[test]
fn f48_a_state_has_its_name_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(NEW), [7; 5000]).unwrap();
    let state = State::open(dir.path(), "key").unwrap();
    assert!(state.file().ends_with(FILE) && !dir.path().join(NEW).exists());
    assert!(matches!(State::open(dir.path(), "key"), Err(StateError::Taken { .. })));
    drop(state);
    State::open(dir.path(), "key").unwrap();
    std::fs::write(dir.path().join(FILE), "").unwrap();
    let refused = State::open(dir.path(), "key").unwrap_err().to_string();
    assert!(refused.contains("it is empty"), "{refused}");
}
