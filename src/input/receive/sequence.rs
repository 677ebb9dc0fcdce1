//! The numbers that some senders give their messages (RFC 5424, 7.3.1): how many never came.

/// The number after which they begin again at 1.
const LAST: u32 = 2_147_483_647;

/// The numbers of one sender.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequence {
    last: Option<u32>,
}

impl Sequence {
    /// A message of that number came. How many before it did not; 0 also where the sender began anew, or where one was
    /// overtaken by another on its way.
    pub fn came(&mut self, number: u32) -> u32 {
        let missing = match self.last {
            Some(LAST) => number.saturating_sub(1),
            Some(last) if number > last => number - last - 1,
            _ => 0,
        };
        self.last = Some(number);
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_passed_over_is_missing() {
        let mut sequence = Sequence::default();
        let missing: Vec<u32> = [7, 8, 10, 10, 14, 1, 2, LAST, 1].map(|n| sequence.came(n)).to_vec();
        assert_eq!(missing, [0, 0, 1, 0, 3, 0, 0, LAST - 3, 0]);
    }
}
