//! The score card: reasons with points that add up.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One reason with its points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Stable name, with its unit.
    pub name: Cow<'static, str>,
    /// The value seen.
    pub value: f64,
    /// The usual value, where one is known.
    pub usual: Option<f64>,
    /// What it adds to the score; negative for what speaks against.
    pub points: i32,
    /// The same in words.
    pub text: String,
}

/// Reasons, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    evidence: Vec<Evidence>,
    /// Words are made only for a card that somebody will read: most judgements lead to nothing.
    words: bool,
}

impl Card {
    /// An empty card, with or without words.
    pub fn new(words: bool) -> Card {
        // Room for what most cards come to hold.
        Card { evidence: Vec::with_capacity(12), words }
    }

    /// Adds a reason, unless it is worth nothing.
    pub fn add(
        &mut self,
        name: &'static str,
        value: f64,
        usual: Option<f64>,
        points: i32,
        text: impl FnOnce() -> String,
    ) {
        if points != 0 {
            let text = if self.words { text() } else { String::new() };
            self.evidence.push(Evidence { name: name.into(), value, usual, points, text });
        }
    }

    /// Holds the sum at `most`: a reason to wait for more, however strong the others are.
    pub fn hold(&mut self, name: &'static str, value: f64, most: i32, text: impl FnOnce() -> String) {
        self.add(name, value, None, (most - self.sum()).min(0), text);
    }

    /// The sum of the points.
    pub fn sum(&self) -> i32 {
        self.evidence.iter().map(|e| e.points).sum()
    }

    /// The score, 0–100: the sum of the points.
    pub fn score(&self) -> u8 {
        self.sum().clamp(0, 100) as u8
    }

    /// Bytes behind it.
    pub fn heap_bytes(&self) -> usize {
        self.evidence.len() * size_of::<Evidence>() + self.evidence.iter().map(|e| e.text.len()).sum::<usize>()
    }

    /// The reasons, most points first, trimmed so that their points add up to the score exactly: what exceeds 100 is
    /// taken off the weakest reasons.
    pub fn reasons(&self) -> Vec<Evidence> {
        let mut reasons = self.evidence.clone();
        reasons.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.name.cmp(&b.name)));
        let mut excess = reasons.iter().map(|e| e.points).sum::<i32>() - i32::from(self.score());
        for reason in reasons.iter_mut().rev().filter(|e| e.points > 0) {
            let cut = excess.clamp(0, reason.points);
            reason.points -= cut;
            excess -= cut;
        }
        if excess < 0 {
            // Below zero: what speaks against weighs only as much as there is to outweigh.
            for reason in reasons.iter_mut().filter(|e| e.points < 0) {
                let cut = excess.max(reason.points);
                reason.points -= cut;
                excess -= cut;
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn points_add_up_to_the_score(points in prop::collection::vec(-40i32..60, 0..12)) {
            let mut card = Card::default();
            points.iter().for_each(|&p| card.add("x", 0.0, None, p, String::new));
            let sum: i32 = card.reasons().iter().map(|e| e.points).sum();
            prop_assert_eq!(sum, i32::from(card.score()));
        }
    }
}
