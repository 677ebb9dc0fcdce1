//! Lines longer than [`LINE_MAX`] and holes of NULs: what is kept, what is skipped.
//!
//! The rule, which does not depend on how the bytes are cut into chunks. Of a line longer than `LINE_MAX`, NULs at its
//! head are dropped. If more than `LINE_MAX` bytes remain, the first `LINE_MAX` stay and the rest is skipped, up to and
//! including the next LF, or up to the end of a run of more than `LINE_MAX` NULs: a hole ends a line too.

use memchr::{memchr2, memrchr};

use super::LINE_MAX;

/// What to do with the bytes at hand, which begin at the beginning of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Portion {
    /// Hand out this many bytes.
    pub(super) take: usize,
    /// The last of them is not an LF but the first byte too many of a line: put an LF in its place.
    pub(super) cut: bool,
    /// Then drop this many.
    pub(super) drop: usize,
    /// And go on skipping.
    pub(super) skip: Option<Skip>,
}

impl Portion {
    /// The whole lines at the head of `bytes`, and what becomes of an overlong line behind them. Looks at one byte in
    /// `LINE_MAX` or so. `take` and `drop` are both zero when `bytes` is only the beginning of a line.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut line = 0;
        while bytes.len() - line > LINE_MAX {
            let window = &bytes[line..=line + LINE_MAX];
            match memrchr(b'\n', window) {
                Some(end) => line += end + 1,
                None => return Self::overlong(line, window),
            }
        }
        Self { take: memrchr(b'\n', &bytes[line..]).map_or(line, |end| line + end + 1), ..Self::default() }
    }

    /// `window`: the first `LINE_MAX + 1` bytes of a line that begins at `line`.
    fn overlong(line: usize, window: &[u8]) -> Self {
        match nuls(window) {
            0 => Self {
                take: line + window.len(),
                cut: true,
                drop: 0,
                skip: Some(Skip { run: window.iter().rev().take_while(|&&b| b == 0).count() as u64 }),
            },
            n if n == window.len() => Self { take: line, cut: false, drop: n, skip: Some(Skip { run: n as u64 }) },
            n => Self { take: line, cut: false, drop: n, skip: None },
        }
    }
}

/// In the middle of what is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skip {
    /// How many NULs in a row came last.
    pub(super) run: u64,
}

impl Skip {
    /// How many of `bytes` to skip, and whether a line begins behind them.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        loop {
            let run = nuls(&bytes[at..]);
            self.run += run as u64;
            at += run;
            match bytes.get(at) {
                None => return (at, false),
                Some(b'\n') => return (at + 1, true),
                Some(_) if self.run > LINE_MAX as u64 => return (at, true),
                Some(_) => self.run = 0,
            }
            match memchr2(b'\n', 0, &bytes[at..]) {
                None => return (bytes.len(), false),
                Some(n) => at += n,
            }
        }
    }
}

/// How many NULs `bytes` begins with.
pub(super) fn nuls(bytes: &[u8]) -> usize {
    const STEP: usize = 256;
    let whole = bytes.chunks_exact(STEP).take_while(|step| **step == [0; STEP]).count() * STEP;
    whole + bytes[whole..].iter().take_while(|&&b| b == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_exactly_the_limit_is_left_alone() {
        let mut bytes = vec![b'x'; LINE_MAX];
        bytes.extend_from_slice(b"\nnext");
        assert_eq!(Portion::of(&bytes), Portion { take: LINE_MAX + 1, ..Portion::default() });
        bytes.insert(0, b'x');
        let cut = Portion::of(&bytes);
        assert_eq!((cut.take, cut.cut, cut.drop), (LINE_MAX + 1, true, 0));
        assert_eq!(cut.skip.unwrap().pass(&bytes[cut.take..]), (1, true));
    }

    #[test]
    fn lines_before_an_overlong_one_are_taken_with_it() {
        let mut bytes = b"a\nb\n".to_vec();
        bytes.extend(vec![b'x'; LINE_MAX + 9]);
        let cut = Portion::of(&bytes);
        assert_eq!((cut.take, cut.cut), (4 + LINE_MAX + 1, true));
    }

    #[test]
    fn leading_nuls_go_first() {
        let mut bytes = vec![0; 700];
        bytes.extend(vec![b'x'; LINE_MAX]);
        assert_eq!(Portion::of(&bytes), Portion { drop: 700, ..Portion::default() });
        let hole = vec![0; LINE_MAX + 1];
        let all = Portion::of(&hole);
        assert_eq!((all.take, all.drop), (0, LINE_MAX + 1));
        assert_eq!(all.skip.unwrap().pass(b"\0\0line\n"), (2, true));
        assert_eq!(all.skip.unwrap().pass(b"\0\0\nline\n"), (3, true));
    }

    #[test]
    fn only_a_hole_larger_than_the_limit_ends_a_line() {
        let mut skip = Skip { run: 0 };
        let mut bytes = vec![b'x'];
        bytes.extend(vec![0; LINE_MAX]);
        bytes.extend_from_slice(b"y");
        assert_eq!(skip.pass(&bytes), (bytes.len(), false));
        bytes.insert(1, 0);
        bytes.extend_from_slice(b"\n");
        assert_eq!(skip.pass(&bytes), (LINE_MAX + 2, true));
    }
}
