//! Bytes → messages, by RFC 6587: each message is framed by its length or by the LF behind it, told anew for each.
//!
//! A message that begins with a number from 1, a space and `<` is counted: so many bytes follow the space. No format of a log
//! begins like that. A count of 0, a negative one or one above [`COUNT_MAX`] is no message: all up to the next LF is dropped.
//! Any other message ends with LF, or with NUL, as `syslog(3)` sends it through a stream. Blank ones are none.

use super::super::LINE_MAX;
use memchr::{memchr, memchr2};

/// The longest counted message. What is longer than a line can be is skipped, in constant memory.
pub const COUNT_MAX: usize = 1 << 20;
/// The most that is kept of a message: a line, and room for a header.
pub(super) const KEPT: usize = LINE_MAX + 8192;
/// Digits of a count, at most: whatever begins with more is text.
const DIGITS: usize = 20;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message, without what ends it.
    Message {
        /// One line: never with LF or NUL, never empty.
        bytes: &'a [u8],
        /// It was longer; the rest was skipped.
        cut: bool,
    },
    /// A length that is none, and so many bytes up to the next LF, which belong to no message.
    Malformed {
        /// Dropped.
        bytes: u64,
    },
}

/// Cuts the bytes of one connection into messages.
#[derive(Debug, Default)]
pub struct Framer {
    /// The message so far, at most [`KEPT`] bytes.
    kept: Vec<u8>,
    /// Bytes of it that were skipped.
    skipped: u64,
    state: State,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The beginning of a message: it may become a count.
    #[default]
    Begin,
    /// Up to LF or NUL.
    Line,
    /// So many bytes.
    Counted(usize),
    /// Up to LF, to be dropped.
    Malformed,
}

/// What a message begins with.
enum Head {
    /// Too little to tell.
    Unsure,
    Text,
    Count(usize),
    Malformed,
}

impl Head {
    fn of(bytes: &[u8]) -> Head {
        let number = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let digits = number.iter().take_while(|b| b.is_ascii_digit()).count();
        match &number[digits..] {
            _ if digits > DIGITS => Head::Text,
            [] | [b' '] if !bytes.is_empty() => Head::Unsure,
            [b' ', b'<', ..] if digits > 0 => {
                let count = number[..digits]
                    .iter()
                    .fold(0usize, |n, b| n.saturating_mul(10).saturating_add(usize::from(b - b'0')));
                let plain = number.len() == bytes.len() && number[0] != b'0';
                if plain && count <= COUNT_MAX { Head::Count(count) } else { Head::Malformed }
            }
            _ => Head::Text,
        }
    }
}

impl Framer {
    /// Takes what was read, and hands on each message that ends in it.
    pub fn take(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Begin => self.begin(bytes, each),
                State::Line => match memchr2(b'\n', 0, bytes) {
                    Some(end) => {
                        self.keep(&bytes[..end]);
                        self.message(each);
                        &bytes[end + 1..]
                    }
                    None => self.keep(bytes),
                },
                State::Counted(left) => {
                    let (ours, rest) = bytes.split_at(left.min(bytes.len()));
                    self.keep(ours);
                    self.state = State::Counted(left - ours.len());
                    if left == ours.len() {
                        self.message(each);
                    }
                    rest
                }
                State::Malformed => {
                    let end = memchr(b'\n', bytes);
                    let (theirs, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    self.skipped += theirs.len() as u64;
                    if end.is_some() {
                        each(Frame::Malformed { bytes: self.skipped });
                        *self = Framer::default();
                    }
                    rest
                }
            }
        }
    }

    /// How much there is of a message that has not ended, in bytes; 0: between two messages.
    pub fn pending(&self) -> u64 {
        self.kept.len() as u64 + self.skipped
    }

    /// One byte of what may become a count.
    fn begin<'a>(&mut self, bytes: &'a [u8], each: &mut dyn FnMut(Frame<'_>)) -> &'a [u8] {
        if matches!(bytes[0], b'\n' | 0) {
            self.message(each);
            return &bytes[1..];
        }
        self.kept.push(bytes[0]);
        match Head::of(&self.kept) {
            Head::Unsure => {}
            Head::Text => self.state = State::Line,
            Head::Count(count) => {
                // The `<` is the first byte of the message.
                self.kept.clear();
                self.state = State::Counted(count);
                return bytes;
            }
            Head::Malformed => {
                self.skipped = self.kept.len() as u64;
                self.kept.clear();
                self.state = State::Malformed;
            }
        }
        &bytes[1..]
    }

    fn keep<'a>(&mut self, bytes: &[u8]) -> &'a [u8] {
        let room = KEPT - self.kept.len();
        let fits = bytes.len().min(room);
        self.kept.extend_from_slice(&bytes[..fits]);
        self.skipped += (bytes.len() - fits) as u64;
        &[]
    }

    /// It is over.
    fn message(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        if matches!(self.state, State::Counted(_)) {
            let end = self.kept.iter().rposition(|b| !matches!(b, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
            self.kept.truncate(end);
            self.kept.iter_mut().filter(|b| matches!(b, b'\n' | b'\r' | 0)).for_each(|b| *b = b' ');
        }
        if !matches!(&self.kept[..], b"" | b"\r") {
            each(Frame::Message { bytes: &self.kept, cut: self.skipped > 0 });
        }
        self.kept.clear();
        self.skipped = 0;
        self.state = State::Begin;
    }
}

/// The messages of a datagram: its lines. Squid puts as many into one as fit, syslog one, mostly without an end.
pub fn datagram(bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) {
    let lines = bytes.split(|b| matches!(b, b'\n' | 0));
    for line in lines.filter(|line| !matches!(*line, b"" | b"\r")) {
        each(Frame::Message { bytes: &line[..line.len().min(KEPT)], cut: line.len() > KEPT });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out, and what is left.
    fn framed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, u64) {
        let (mut framer, mut all) = (Framer::default(), Vec::new());
        for piece in pieces {
            framer.take(piece, &mut |frame| {
                all.push(match frame {
                    Frame::Message { bytes, cut } => {
                        let text = String::from_utf8_lossy(bytes);
                        let text = if text.len() > 99 { format!("{} bytes", text.len()) } else { text.into_owned() };
                        if cut { text + ", cut" } else { text }
                    }
                    Frame::Malformed { bytes } => format!("malformed {bytes}"),
                })
            });
        }
        (all, framer.pending())
    }

    const MIX: &[u8] = b"one\n\n12 <13>two\nmore8 <13>four\nfive\r\n7 eleven\n5 <13>x\0<6>six\0\n0 <13>a\nok\n-4 <13>b\n99999999999 <1>c\n99999999999999999999 <1>c\n\
        123456789012345678901 <1>d\n192.0.2.1 - -\n1431049803.123 12\n7 <3>last\n9 <3>part";

    #[test]
    fn lengths_and_line_ends_may_be_mixed() {
        let wanted = [
            "one",
            "<13>two more",
            "<13>four",
            "five\r",
            "7 eleven",
            "<13>x",
            "<6>six",
            "malformed 8",
            "ok",
            "malformed 9",
            "malformed 17",
            "malformed 26",
            "123456789012345678901 <1>d",
            "192.0.2.1 - -",
            "1431049803.123 12",
            "<3>last",
        ];
        assert_eq!(framed([MIX]), (wanted.map(str::to_owned).to_vec(), 7));
    }

    #[test]
    fn it_does_not_matter_where_the_bytes_are_cut() {
        let whole = framed([MIX]);
        for at in 0..MIX.len() {
            assert_eq!(framed([&MIX[..at], &MIX[at..]]), whole, "cut at {at}");
        }
        assert_eq!(framed(MIX.chunks(1)), whole);
    }

    #[test]
    fn what_is_too_long_is_skipped_in_constant_memory() {
        let mut bytes = vec![b'x'; 3 * KEPT];
        bytes.extend_from_slice(b"\nnext\n");
        let counted = format!("{} <", KEPT + 7).into_bytes();
        bytes.extend(counted.into_iter().chain(vec![b'y'; KEPT + 6]).chain(*b"last\n"));
        let mut framer = Framer::default();
        for piece in bytes.chunks(1000) {
            framer.take(piece, &mut |_| {});
            assert!(framer.kept.len() <= KEPT);
        }
        let cut = format!("{KEPT} bytes, cut");
        assert_eq!(framed(bytes.chunks(777)), (vec![cut.clone(), "next".into(), cut, "last".into()], 0));
    }

    #[test]
    fn a_datagram_has_lines() {
        let mut all = Vec::new();
        datagram(b"one\ntwo\n\n<13>three\0", &mut |frame| all.push(format!("{frame:?}")));
        assert_eq!(all.len(), 3);
    }

    proptest! {
        #[test]
        fn any_bytes_cut_anywhere(
            parts in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                (0u64..40, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(n, rest)| {
                    [format!("{n} <").as_bytes(), &rest].concat()
                }),
                Just(b"-1 <".to_vec()), Just(b"\n".to_vec()), Just(b"\0".to_vec()),
            ], 0..20),
            cuts in prop::collection::vec(1usize..9, 1..9),
        ) {
            let bytes = parts.concat();
            let whole = framed([&bytes[..]]);
            let mut pieces = Vec::new();
            let mut rest = &bytes[..];
            for n in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, more) = rest.split_at((*n).min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            prop_assert_eq!(framed(pieces), whole);
            let mut framer = Framer::default();
            framer.take(&bytes, &mut |frame| if let Frame::Message { bytes, .. } = frame {
                assert!(!bytes.is_empty() && !bytes.contains(&b'\n') && !bytes.contains(&0));
            });
        }
    }
}
