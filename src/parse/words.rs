//! Lines of words apart by spaces, some of them in brackets or quotes.

use super::{ParseError, Reason};

/// The words of a line, runs of spaces taken for one.
pub(super) struct Words<'a> {
    pub(super) line: &'a [u8],
    /// Behind the last of them.
    pub(super) at: usize,
}

impl<'a> Words<'a> {
    /// The next one.
    pub(super) fn next(&mut self, wanted: Reason) -> Result<&'a [u8], ParseError> {
        let begin = self.line.get(self.at..).and_then(|rest| rest.iter().position(|&byte| byte != b' '));
        let Some(begin) = begin.map(|begin| self.at + begin) else {
            return Err(ParseError { at: self.line.len(), wanted });
        };
        let rest = &self.line[begin..];
        let length = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        self.at = begin + length;
        Ok(&rest[..length])
    }

    /// Passes over so many.
    pub(super) fn skip(&mut self, words: usize, wanted: Reason) -> Result<(), ParseError> {
        (0..words).try_for_each(|_| self.next(wanted).map(drop))
    }

    /// The error that the last word, this, is not what was wanted.
    pub(super) fn wrong<T>(&self, word: &[u8], wanted: Reason) -> Result<T, ParseError> {
        Err(ParseError { at: self.at - word.len(), wanted })
    }

    /// What begins with one byte and ends with another, both left off.
    pub(super) fn between(&mut self, [open, close]: [u8; 2], wanted: Reason) -> Result<&'a [u8], ParseError> {
        let word = self.next(wanted)?;
        let begin = self.at - word.len();
        let inside = self.line[begin..].strip_prefix(&[open]);
        let Some((inside, end)) = inside.and_then(|inside| Some((inside, memchr::memchr(close, inside)?))) else {
            return self.wrong(word, wanted);
        };
        self.at = begin + 2 + end;
        Ok(&inside[..end])
    }
}
