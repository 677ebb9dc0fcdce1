//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits twice as long after each failure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    until: Duration,
    wait: Duration,
}

impl Backoff {
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.until
    }

    /// Whether it may still recover soon: about half a minute of failures.
    pub(super) fn is_patient(&self) -> bool {
        self.wait < LONGEST
    }

    pub(super) fn failed(&mut self, now: Duration) {
        self.wait = if self.wait.is_zero() { FIRST } else { (self.wait * 2).min(LONGEST) };
        self.until = now + self.wait;
    }

    pub(super) fn worked(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_end_with_success() {
        let (mut backoff, mut now, mut tries) = (Backoff::default(), Duration::ZERO, 0);
        while now < Duration::from_secs(3600) {
            assert!(backoff.is_due(now));
            backoff.failed(now);
            assert!(!backoff.is_due(now));
            tries += 1;
            now = backoff.until;
        }
        assert!(tries < 130, "{tries}");
        backoff.worked();
        assert!(backoff.is_due(Duration::ZERO));
    }
}
