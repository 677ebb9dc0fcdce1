//! Spans of time, and sets of them.

use super::entry::NODE;
use crate::event::Millis;
use crate::window::{Merge, room};
use serde::{Deserialize, Serialize};

/// From a time to a time, both included, ms UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub from: Millis,
    /// The last.
    pub to: Millis,
}

impl Span {
    /// The span around both.
    pub fn join(one: Option<Span>, other: Option<Span>) -> Option<Span> {
        match (one, other) {
            (Some(a), Some(b)) => Some(Span { from: a.from.min(b.from), to: a.to.max(b.to) }),
            (a, b) => a.or(b),
        }
    }
}

/// Spans that do not overlap, ascending. A growing log has one; each pass with `--since` may add another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// Bytes they take in a ledger.
    pub fn row_bytes(&self) -> usize {
        NODE * (size_of::<u64>() + size_of::<Spans>()) + room(self.0.len()) * size_of::<Span>()
    }

    /// Whether a time lies in one.
    pub fn hold(&self, time: Millis) -> bool {
        let at = self.0.partition_point(|span| span.to < time);
        self.0.get(at).is_some_and(|span| span.from <= time)
    }

    /// Adds one.
    pub fn add(&mut self, mut span: Span) {
        self.0.retain(|&known| {
            let apart = known.to < span.from || span.to < known.from;
            if !apart {
                span = Span { from: span.from.min(known.from), to: span.to.max(known.to) };
            }
            apart
        });
        let at = self.0.partition_point(|known| known.from < span.from);
        self.0.insert(at, span);
    }

    /// The last time covered.
    pub fn last(&self) -> Millis {
        self.0.last().map_or(0, |span| span.to)
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied()
    }
}

impl Merge for Spans {
    fn merge(&mut self, later: &Self) {
        later.iter().for_each(|span| self.add(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_hold_what_was_added(spans in prop::collection::vec((0i64..200, 0i64..20), 0..20), time in 0i64..220) {
            let mut set = Spans::default();
            spans.iter().for_each(|&(from, long)| set.add(Span { from, to: from + long }));
            let held = spans.iter().any(|&(from, long)| (from..=from + long).contains(&time));
            prop_assert_eq!(set.hold(time), held);
            prop_assert!(set.0.windows(2).all(|w| w[0].to < w[1].from));
        }
    }
}
