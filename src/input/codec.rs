//! How an input is stored: told by its first bytes, never by its name.

use std::io;

use super::gzip::Gzip;
use super::raw::Raw;
use super::zst::Zst;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// How an input is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Plain,
    /// gzip, any number of members.
    Gzip,
    /// zstd, any number of frames.
    Zstd,
}

impl Kind {
    /// The word for it in messages: `plain`, `gzip`, `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Tells the kind by the first bytes of a file. `head` holds at least four unless the file is shorter.
    pub(super) fn of(head: &[u8]) -> Self {
        // The first byte of zstd is a bracket, which alone is text; the first of gzip is no text at all.
        let torn = |kind: Self| kind.is_cut_short(head) && head != b"(";
        [Self::Gzip, Self::Zstd].into_iter().find(|k| k.begins(head) || torn(*k)).unwrap_or(Self::Plain)
    }

    /// Whether a member of this kind begins with `head`.
    pub(super) fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Plain => true,
            Self::Gzip => head.starts_with(GZIP),
            Self::Zstd => head.starts_with(ZSTD) || is_skippable(head),
        }
    }

    /// Whether `head`, all that is left of the input, is too short to be a member but may be the beginning of one.
    pub(super) fn is_cut_short(self, head: &[u8]) -> bool {
        match self {
            _ if head.is_empty() => false,
            Self::Plain => false,
            Self::Gzip => head.len() < GZIP.len() && GZIP.starts_with(head),
            Self::Zstd => head.len() < ZSTD.len() && ZSTD.starts_with(head),
        }
    }
}

/// A zstd frame that carries no data for us (seek tables, pzstd): 0x184D2A50 to 0x184D2A5F, little endian.
fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What an input is when it is none of ours, and the command that mends it. `head` is the start of the decoded bytes.
pub(super) fn foreign(kind: Kind, head: &[u8]) -> Option<(&'static str, &'static str)> {
    if kind != Kind::Plain && Kind::of(head) != Kind::Plain && head.len() >= ZSTD.len() {
        return Some((
            "is compressed twice",
            "undo the outer compression (`zcat FILE > INNER`, `zstd -dc FILE > INNER`) and read INNER",
        ));
    }
    match head {
        [0xff, 0xfe, ..] => Some(("is UTF-16 (little endian)", "convert it: `iconv -f UTF-16LE -t UTF-8 FILE`")),
        [0xfe, 0xff, ..] => Some(("is UTF-16 (big endian)", "convert it: `iconv -f UTF-16BE -t UTF-8 FILE`")),
        _ if head.starts_with(b"\xfd7zXZ\0") => Some(("is xz", "pipe it: `xzcat FILE | deguchi replay -`")),
        _ if head.starts_with(b"BZh") && head[4.min(head.len())..].starts_with(b"1AY&SY") => {
            Some(("is bzip2", "pipe it: `bzcat FILE | deguchi replay -`"))
        }
        _ if head.starts_with(b"\x04\x22\x4d\x18") => Some(("is lz4", "pipe it: `lz4 -dc FILE | deguchi replay -`")),
        _ if head.starts_with(b"PK\x03\x04") => Some(("is a zip file", "pipe it: `unzip -p FILE | deguchi replay -`")),
        _ => None,
    }
}

/// Why decoding stopped; [`super::Source`] adds file and place.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Truncated,
    Corrupt(String),
    Window,
    Dictionary,
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// Turns stored bytes into log bytes.
pub(super) enum Codec {
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zst>),
}

impl Codec {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Plain => Self::Plain,
            Kind::Gzip => Self::Gzip(Box::default()),
            Kind::Zstd => Self::Zstd(Box::default()),
        }
    }

    /// Decodes into `out` (not empty). `Ok(0)`: the input has ended. Everything decoded before a fault is handed out
    /// before the fault.
    pub(super) fn read(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Fault> {
        match self {
            Self::Plain => Ok(raw.read(out)?),
            Self::Gzip(gzip) => gzip.read(raw, out),
            Self::Zstd(zstd) => zstd.read(raw, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(Kind::of(b"\x1f\x8b\x08\0"), Kind::Gzip);
        assert_eq!(Kind::of(b"\x28\xb5\x2f\xfd"), Kind::Zstd);
        assert_eq!(Kind::of(b"\x5a\x2a\x4d\x18"), Kind::Zstd);
        assert_eq!(Kind::of(b"1430"), Kind::Plain);
        assert_eq!(Kind::of(b""), Kind::Plain);
        assert_eq!(Kind::of(b"("), Kind::Plain);
        assert_eq!(Kind::of(b"\x1f"), Kind::Gzip);
        assert_eq!(Kind::of(b"\x28\xb5"), Kind::Zstd);
    }

    #[test]
    fn foreign_content_is_named() {
        assert!(foreign(Kind::Plain, b"\xff\xfe1\x004\0").unwrap().1.contains("iconv"));
        assert!(foreign(Kind::Gzip, b"\x1f\x8b\x08\0").unwrap().0.contains("twice"));
        assert!(foreign(Kind::Plain, b"BZh91AY&SY").unwrap().1.contains("bzcat"));
        assert!(foreign(Kind::Plain, b"BZh").is_none());
        assert!(foreign(Kind::Zstd, b"1430000000.123 ").is_none());
    }
}
