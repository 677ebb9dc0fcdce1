//! The lines of a chunk.

use memchr::memchr;

use super::{Chunk, LINE_MAX};

/// The lines of a chunk as `(offset, line)`: the offset of the line's first byte in the decoded stream; the line
/// without its LF, without one CR before it, without NULs at its head. Only LF ends a line. Empty lines are yielded.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    at: u64,
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`, the first byte of which stands at `at`.
    pub fn new(at: u64, bytes: &'a [u8]) -> Self {
        Self { at, rest: bytes }
    }
}

impl Chunk {
    /// The lines of this chunk.
    pub fn lines(&self) -> Lines<'_> {
        Lines::new(self.at, &self.bytes)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut line, rest) = match memchr(b'\n', self.rest) {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        let mut at = self.at;
        self.at += (self.rest.len() - rest.len()) as u64;
        self.rest = rest;
        // A cut line keeps its length: its last byte is no line end.
        if let [head @ .., b'\r'] = line
            && line.len() != LINE_MAX
        {
            line = head;
        }
        if let [0, ..] = line {
            let nuls = super::overlong::nuls(line);
            line = &line[nuls..];
            at += nuls as u64;
        }
        Some((at, line))
    }
}

impl std::iter::FusedIterator for Lines<'_> {}

/// Whether a line from [`Lines`] was cut at [`LINE_MAX`] (or has exactly that length).
#[inline]
pub fn is_cut(line: &[u8]) -> bool {
    line.len() == LINE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(u64, &[u8])> {
        Lines::new(10, bytes).collect()
    }

    #[test]
    fn only_lf_ends_a_line() {
        let text = "a\rb\u{85}c\u{2028}d\u{b}e\u{c}f\n\ng".as_bytes();
        let found = lines(text);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].1, &text[..text.len() - 3]);
        assert_eq!(found[1].1, b"");
        assert_eq!(found[2], (10 + text.len() as u64 - 1, &b"g"[..]));
    }

    #[test]
    fn one_cr_and_leading_nuls_are_trimmed() {
        assert_eq!(lines(b"a\r\nb\r\r\n\0\0c\0d\n\r\n"), [(10, &b"a"[..]), (13, b"b\r"), (19, b"c\0d"), (23, b"")]);
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\0\0"), [(12, &b""[..])]);
    }

    #[test]
    fn a_cut_line_is_told_even_when_it_ends_with_cr() {
        let mut line = vec![b'x'; LINE_MAX - 1];
        line.extend_from_slice(b"\r\n");
        assert!(is_cut(lines(&line)[0].1));
        line.remove(0);
        assert_eq!(lines(&line)[0].1.len(), LINE_MAX - 2);
    }
}
