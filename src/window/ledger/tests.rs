//! Laws of the whole ledger: the order of joining does not matter, and what is learned twice counts once.

use super::*;
use crate::event::{Action, Contact};
use proptest::prelude::*;

const KEY: &str = "0123";

/// A contact of an input: its time in hours, its domain and its client.
type Row = (i64, u8, u64);

fn hour(n: i64) -> Millis {
    1_600_000_000_000 + n * 3_600_000
}

/// What a run over one input adds to what `known` holds.
fn learn(known: &Ledger, input: u64, rows: &[Row]) -> Ledger {
    let mut ledger = Ledger::new(KEY.into());
    let none = Spans::default();
    let covered = known.inputs.get(&input).unwrap_or(&none);
    for &(at, domain, client) in rows {
        let contact =
            Contact { end: hour(at), action: Action::Denied, up: 5, down: Contact::UNKNOWN, ..Contact::default() };
        let mut entry = DomainEntry::default();
        entry.add(&contact, covered.hold(contact.end));
        entry.clients.insert(client);
        if !covered.hold(contact.end) && domain > 2 {
            entry.sent.get_or_insert_default().add(at as u64);
        }
        if domain == 3 {
            entry.told(Incident { time: contact.end, score: 80 + (at % 3) as u8 });
        }
        ledger.add_domain(&format!("d{domain}.example"), &entry);
        ledger.inputs.entry(input).or_default().add(Span { from: contact.end, to: contact.end });
        let mut client_entry = ClientEntry { last: contact.end, ..ClientEntry::default() };
        if !covered.hold(contact.end) {
            client_entry.sent.add(5);
        }
        ledger.add_client(&client.to_string(), &client_entry);
    }
    if let Some((first, last)) = rows.iter().map(|r| r.0).min().zip(rows.iter().map(|r| r.0).max()) {
        ledger.inputs.entry(input).or_default().add(Span { from: hour(first), to: hour(last) });
    }
    ledger
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0i64..400, 0u8..6, 1u64..9), 1..40)
}

fn joined(a: &Ledger, b: &Ledger) -> Ledger {
    let mut whole = a.clone();
    whole.merge(b);
    whole
}

fn bytes(ledger: &Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    ledger.write(&mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn merge_is_associative_and_commutative(a in rows(), b in rows(), c in rows()) {
        let none = Ledger::new(KEY.into());
        let (a, b, c) = (learn(&none, 1, &a), learn(&none, 2, &b), learn(&none, 3, &c));
        let left = joined(&joined(&a, &b), &c);
        prop_assert_eq!(bytes(&left), bytes(&joined(&a, &joined(&b, &c))));
        prop_assert_eq!(bytes(&left), bytes(&joined(&joined(&c, &a), &b)));
    }

    #[test]
    fn what_is_learned_twice_counts_once(a in rows(), b in rows()) {
        let none = Ledger::new(KEY.into());
        let once = learn(&none, 1, &a);
        let once = joined(&once, &learn(&once, 2, &b));
        let twice = joined(&once, &learn(&once, 1, &a));
        prop_assert_eq!(bytes(&once), bytes(&twice));
        let requests: u64 = twice.domains.values().map(|d| d.volumes.requests).sum();
        prop_assert_eq!(requests as usize, a.len() + b.len());
    }

    #[test]
    fn a_log_that_grew_adds_what_is_new(mut a in rows(), cut in 0usize..40) {
        a.sort_unstable();
        // What came later ends later: the span of what was read is covered whole.
        let cut = a.partition_point(|r| r.0 <= a[cut.min(a.len() - 1)].0);
        let none = Ledger::new(KEY.into());
        let first = learn(&none, 1, &a[..cut]);
        prop_assert_eq!(bytes(&joined(&first, &learn(&first, 1, &a))), bytes(&learn(&none, 1, &a)));
    }

    #[test]
    fn it_is_read_back(a in rows(), damage in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        let ledger = learn(&Ledger::new(KEY.into()), 1, &a);
        let bytes = bytes(&ledger);
        std::fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(&Ledger::load(&path, KEY, usize::MAX).unwrap(), &ledger);
        let size = Ledger::load(&path, KEY, usize::MAX).unwrap().bytes();
        prop_assert!(Ledger::load(&path, KEY, size).is_ok());
        let large = Ledger::load(&path, KEY, size - 1);
        prop_assert!(matches!(large, Err(LedgerError::Large { bytes, .. }) if bytes == size), "{large:?}");
        let other_key = matches!(Ledger::load(&path, "4567", usize::MAX), Err(LedgerError::Key { .. }));
        prop_assert!(other_key);
        std::fs::write(&path, &bytes[..cut.index(bytes.len())]).unwrap();
        prop_assert!(Ledger::load(&path, KEY, usize::MAX).is_err());
        let mut damaged = bytes.clone();
        damaged[damage.index(bytes.len())] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        // A bit of the frame's header may say nothing of the content: then the content is whole.
        prop_assert!(Ledger::load(&path, KEY, usize::MAX).map_or(true, |read| read == ledger));
    }
}

#[test]
fn what_is_worth_least_goes_first() {
    let mut map: BTreeMap<u8, (u8, Millis)> = [(1, (1, 5)), (2, (0, 9)), (3, (2, 1)), (4, (0, 8))].into();
    assert_eq!(trim(&mut map, 2, |&worth| worth), 2);
    assert_eq!(map.keys().copied().collect::<Vec<_>>(), [1, 3]);
}
