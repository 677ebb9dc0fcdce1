//! Names that rotation gives: which belong to a live file, and which of two is older.

use std::cmp::Ordering;
use std::ffi::OsStr;

/// What may stand in a rotated name besides numbers and dates.
const WORDS: [&[u8]; 11] = [b"gz", b"zst", b"zstd", b"xz", b"bz2", b"lz4", b"old", b"bak", b"prev", b"save", b"orig"];
/// From this many digits on a number is a date.
const DATE: usize = 6;

/// How old a rotated name says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// `.1`, `.2.gz`: the larger the older.
    Number(u64),
    /// `-20260101`, `.2026-01-01_13.gz`: the larger the newer.
    Date(u64),
    /// `.old`.
    Unknown,
}

impl Age {
    /// Older first; equal where names cannot tell.
    pub(super) fn older_first(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => b.cmp(&a),
            (Self::Date(a), Self::Date(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        }
    }
}

/// The age of `name` as a rotated sibling of the live file `live`: `access.log.1`, `access.log-20260101.gz`, or before
/// the extension, `access-20260101.log`. `None`: no sibling. The rest of the name must be numbers, dates and endings
/// of archives, so that `proxy1` and `proxy10`, `squid` and `squid-eu` stay two logs.
pub(super) fn age(live: &OsStr, name: &OsStr) -> Option<Age> {
    let (live, name) = (live.as_encoded_bytes(), name.as_encoded_bytes());
    if let Some(rest) = name.strip_prefix(live) {
        return suffix(rest);
    }
    let dot = live.iter().rposition(|&b| b == b'.').filter(|&dot| dot > 0)?;
    let (stem, extension) = live.split_at(dot);
    let rest = name.strip_prefix(stem)?;
    let end = rest.windows(extension.len()).rposition(|window| window == extension)?;
    let after = &rest[end + extension.len()..];
    match suffix(&rest[..end])? {
        Age::Unknown => None,
        age if after.is_empty() || suffix(after) == Some(Age::Unknown) => Some(age),
        _ => None,
    }
}

fn suffix(rest: &[u8]) -> Option<Age> {
    let separator = |b: &u8| matches!(b, b'.' | b'-' | b'_');
    if !rest.first().is_some_and(separator) {
        return None;
    }
    let mut digits = Vec::new();
    for piece in rest[1..].split(separator) {
        let number = piece.iter().take_while(|b| b.is_ascii_digit()).count();
        // `T13` of a time may follow a date; `1~` is an editor's.
        let of_number = number > 0 && piece.iter().all(u8::is_ascii_alphanumeric);
        if !of_number && !WORDS.contains(&piece) {
            return None;
        }
        digits.extend(piece.iter().filter(|b| b.is_ascii_digit()));
        if WORDS.contains(&piece) {
            digits.truncate(digits.len() - piece.iter().filter(|b| b.is_ascii_digit()).count());
        }
    }
    let value =
        |width: usize| digits.iter().chain([&b'0'; 18]).take(width).fold(0, |n, b| n * 10 + u64::from(b - b'0'));
    Some(match digits.len() {
        0 => Age::Unknown,
        n if n < DATE => Age::Number(value(n)),
        _ => Age::Date(value(18)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(live: &str, name: &str) -> Option<Age> {
        age(OsStr::new(live), OsStr::new(name))
    }

    #[test]
    fn rotated_names_are_told_from_other_logs() {
        assert_eq!(of("access.log", "access.log.1"), Some(Age::Number(1)));
        assert_eq!(of("access.log", "access.log.12.gz"), Some(Age::Number(12)));
        assert_eq!(of("access.log", "access.log.2.bz2"), Some(Age::Number(2)));
        assert_eq!(of("access.log", "access.log-20260101.zst"), Some(Age::Date(202601010000000000)));
        assert_eq!(of("access.log", "access-20260101.log.gz"), Some(Age::Date(202601010000000000)));
        assert_eq!(of("access.log", "access.log-20260101T1300"), Some(Age::Date(202601011300000000)));
        assert_eq!(of("access.log", "access.log.old"), Some(Age::Unknown));
        for other in ["access.log", "access.logger", "access.log2", "access.log-eu", "cache.log.1", "access.log.1~"] {
            assert_eq!(of("access.log", other), None, "{other}");
        }
        assert_eq!(of("proxy1", "proxy10"), None);
        assert_eq!(of("squid", "squid-eu"), None);
        assert_eq!(of("access.log", "access.log."), None);
        assert_eq!(of(".log", "-1.log"), None);
    }

    #[test]
    fn names_of_one_kind_have_an_order() {
        let order = |a: &str, b: &str| of("l", a).unwrap().older_first(of("l", b).unwrap());
        assert_eq!(order("l.2", "l.1"), Ordering::Less);
        assert_eq!(order("l.2.gz", "l.10"), Ordering::Greater);
        assert_eq!(order("l-20260101", "l-20260102.gz"), Ordering::Less);
        assert_eq!(order("l-20260101", "l-2026010113"), Ordering::Less);
        assert_eq!(order("l-2026-01-01", "l-20260102"), Ordering::Less);
        assert_eq!(order("l-20260101", "l.1"), Ordering::Equal);
    }
}
