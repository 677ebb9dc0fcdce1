//! Names that rotation gives: which belong to a live file, and which of two is older.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

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

/// Names of live files that `name` may be a rotated sibling of: all for which [`age`] tells one, and some more. How many does
/// not depend on what else there is.
pub(super) fn live_names(name: &OsStr) -> Vec<OsString> {
    let bytes = name.as_encoded_bytes();
    let cuts: Vec<usize> = (1..bytes.len()).filter(|&at| is_separator(&bytes[at])).collect();
    let mut names: Vec<Vec<u8>> =
        cuts.iter().filter(|&&at| suffix(&bytes[at..]).is_some()).map(|&at| bytes[..at].to_vec()).collect();
    // Before the extension, which is one dot and what follows it, up to what may follow that.
    for (n, &dot) in cuts.iter().enumerate().filter(|(_, at)| bytes[**at] == b'.') {
        let numbers = cuts[..n].iter().rev().take_while(|&&at| suffix(&bytes[at..dot]).is_some());
        let next = cuts[n + 1..].iter().position(|&at| bytes[at] == b'.').map_or(cuts.len(), |after| n + 2 + after);
        let ends = || cuts[n + 1..next].iter().copied().chain([bytes.len()]);
        names.extend(numbers.flat_map(|&stem| ends().map(move |end| [&bytes[..stem], &bytes[dot..end]].concat())));
    }
    names.into_iter().map(OsString::from_vec).collect()
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'.' | b'-' | b'_')
}

fn suffix(rest: &[u8]) -> Option<Age> {
    if !rest.first().is_some_and(is_separator) {
        return None;
    }
    let mut digits = Vec::new();
    for piece in rest[1..].split(is_separator) {
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
    use proptest::prelude::*;

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
    fn a_rotated_name_says_of_which_few_files_it_may_be() {
        let of = |name: &str| live_names(OsStr::new(name)).len();
        assert_eq!(of("access.log"), 0);
        for name in ["access.log.1", "access.log.4711.gz", "access.log-20260101", "access-2026-01-01.log.gz"] {
            assert!((1..=8).contains(&of(name)), "{name}: {}", of(name));
        }
        assert!(of(&".1".repeat(100)) < 100_000 && of(&".".repeat(255)) < 10);
    }

    proptest! {
        #[test]
        fn no_live_file_is_left_out(
            live in "(proxy|a|[a.-]{1,4})[.]?(log|x)?",
            rest in "([._-](1|20260101|gz|old|T13|eu)){0,4}",
            before in any::<bool>(),
            after in "([._-](gz|old|1|x)){0,2}",
        ) {
            let dot = live.rfind('.').filter(|_| before).unwrap_or(live.len());
            let name = [&live[..dot], &rest, &live[dot..], &after].concat();
            let (live, name) = (OsStr::new(&live), OsStr::new(&name));
            if age(live, name).is_some() {
                prop_assert!(live_names(name).iter().any(|of| of == live), "{live:?} of {name:?}");
            }
        }
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
