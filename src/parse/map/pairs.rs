//! `key=value` pairs: apart by spaces or tabs, values bare, in `"` or in `'`; with anything before the first. Of LEEF, the
//! header says what they are apart by.

use memchr::{memchr, memchr2, memmem, memrchr};

use super::names::{Names, Source};
use crate::event::near;

/// The name of what stands before the first pair: a time, in some products; of LEEF the event.
pub(super) const HEAD: &[u8] = b"^";

/// Gives each value whose key is known. With `spaces`, bare values may hold spaces: they end where the next key begins.
#[inline]
pub(super) fn scan<'a>(
    line: &'a [u8],
    names: &Names,
    spaces: bool,
    mut give: impl FnMut(Source, &'a [u8]),
) -> Result<(), usize> {
    let mut delimiter = memchr(b'\t', line).map(|_| b'\t');
    let mut at = 0;
    let mut pairs = 0;
    if let (Some(source), _) = names.find(0, HEAD)
        && let Some(header) = leef(line)
    {
        give(source, header.event);
        (delimiter, at, pairs) = (Some(header.delimiter), header.end, 1);
    }
    while let Some(equals) = near([b'='], &line[at..]).map(|found| at + found) {
        let start = line[at..equals].iter().rposition(|&byte| !of_key(byte)).map_or(at, |before| at + before + 1);
        if pairs == 0
            && let (Some(source), _) = names.find(0, HEAD)
        {
            give(source, head(&line[..start]));
        }
        let (value, end) = value(line, equals + 1, delimiter, spaces.then_some(names));
        if start < equals {
            pairs += 1;
            if let (Some(source), _) = names.find(0, &line[start..equals]) {
                give(source, value);
            }
        }
        at = end;
    }
    if pairs > 1 { Ok(()) } else { Err(0) }
}

/// What a line of LEEF says before its pairs.
struct Leef<'a> {
    /// The name of the event, without the kind before a colon: `transaction:blocked`.
    event: &'a [u8],
    delimiter: u8,
    /// Where it is over.
    end: usize,
}

/// What is before LEEF's header is no longer than this: syslog's.
const BEFORE: usize = 256;

/// The header of LEEF: `LEEF:1.0|vendor|product|version|event|`, and of 2.0 the delimiter and one more `|`. A delimiter
/// that is left out is a tab.
fn leef(line: &[u8]) -> Option<Leef<'_>> {
    let mut end = memmem::find(&line[..line.len().min(BEFORE)], b"LEEF:")? + b"LEEF:".len();
    let fields = if line.get(end) == Some(&b'2') { 6 } else { 5 };
    let mut last = [&b""[..]; 2];
    for _ in 0..fields {
        let field = &line[end..];
        let bar = memchr(b'|', field)?;
        last = [last[1], &field[..bar]];
        end += bar + 1;
    }
    let [event, delimiter] = if fields == 6 { last } else { [last[1], b""] };
    let event = memrchr(b':', event).map_or(event, |colon| &event[colon + 1..]);
    let hexadecimal = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let delimiter = match delimiter {
        [byte] => Some(*byte),
        [b'0', b'x', digits @ ..] | [b'x', digits @ ..] => hexadecimal(digits),
        _ => None,
    };
    Some(Leef { event, delimiter: delimiter.unwrap_or(b'\t'), end })
}

#[inline]
fn of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.()".contains(&byte)
}

/// The time in front: one word if it is `2026-01-02T03:04:05Z`, two if it is `2026-01-02 03:04:05`. A priority, version
/// and whatever else is there is passed over.
fn head(text: &[u8]) -> &[u8] {
    let text = match text.strip_prefix(b"<").and_then(|rest| memchr(b'>', rest).map(|end| (rest, end))) {
        Some((rest, end @ 1..=3)) => &rest[end + 1..],
        _ => text,
    };
    let text = text.strip_prefix(b"1 ").unwrap_or(text).trim_ascii();
    let first = memchr2(b' ', b'\t', text).unwrap_or(text.len());
    if text.get(10) == Some(&b'T') {
        // Some relays leave out the space before their name.
        let glued = text.get(19).is_some_and(|byte| byte.is_ascii_alphabetic() && *byte != b'Z');
        return &text[..if glued { 19.min(first) } else { first }];
    }
    let behind = text.get(first + 1..).unwrap_or_default();
    let second = memchr2(b' ', b'\t', behind).unwrap_or(behind.len());
    &text[..(first + 1 + second).min(text.len())]
}

/// The value that begins at `at`, and where the next pair is looked for.
#[inline]
fn value<'a>(line: &'a [u8], at: usize, delimiter: Option<u8>, spaces: Option<&Names>) -> (&'a [u8], usize) {
    let rest = &line[at..];
    match rest {
        // Doubled when a record went through CSV; `""` alone is empty.
        [b'"', b'"', third, ..] if !b" \t,".contains(third) => {
            let end = rest[2..].windows(2).position(|two| two == b"\"\"").map(|end| end + 2);
            if let Some(end) = end {
                return (&rest[2..end], at + end + 2);
            }
        }
        [b'"', ..] => {
            let mut from = 1;
            while let Some(found) = rest.get(from..).and_then(|rest| near([b'"', b'\\'], rest)) {
                if rest[from + found] == b'"' {
                    let end = from + found;
                    return (&rest[1..end], at + end + 1);
                }
                from += found + 2;
            }
        }
        [b'\'', inner @ ..] => {
            if let Some(end) = memchr(b'\'', inner) {
                return (&inner[..end], at + end + 2);
            }
        }
        _ => {}
    }
    let end = match (delimiter, spaces) {
        (Some(delimiter), _) => near([delimiter], rest),
        (None, None) => near([b' '], rest),
        (None, Some(names)) => before_next(rest, names),
    };
    let end = end.unwrap_or(rest.len());
    (rest[..end].trim_ascii(), at + end)
}

/// Where a value with spaces ends: at the last space before the next key. One letter is a key only if it is known: of a
/// User-Agent `(X; y=z)` all is value.
fn before_next(rest: &[u8], names: &Names) -> Option<usize> {
    let is_key = |word: &[u8]| word.iter().copied().all(of_key) && (word.len() > 1 || names.find(0, word).0.is_some());
    let mut from = 0;
    loop {
        let equals = from + memchr(b'=', rest.get(from..)?)?;
        let space = memrchr(b' ', &rest[from..equals]).map(|space| from + space);
        if let Some(space) = space
            && space + 1 < equals
            && is_key(&rest[space + 1..equals])
        {
            return Some(space);
        }
        from = equals + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::record::Column;

    fn read(line: &str, spaces: bool) -> Vec<(Column, String)> {
        let columns = [("^", Column::Stamp), ("a", Column::Client), ("b", Column::User), ("c", Column::Url)];
        let names = Names::of(columns.map(|(name, column)| (name, Source { column, rank: 1 })));
        let mut found = Vec::new();
        let give = |source: Source, value: &[u8]| found.push((source.column, String::from_utf8_lossy(value).into()));
        scan(line.as_bytes(), &names, spaces, give).map(|()| found).unwrap_or_default()
    }

    #[track_caller]
    fn is(line: &str, spaces: bool, wanted: [&str; 4]) {
        let columns = [Column::Stamp, Column::Client, Column::User, Column::Url];
        let found = read(line, spaces);
        let wanted: Vec<_> = columns.into_iter().zip(wanted.map(str::to_owned)).collect();
        assert_eq!(found, wanted, "{line}");
    }

    #[test]
    fn values_of_every_kind() {
        is(
            "<134>2026-01-02 03:04:05 x a=1 b=\"two \\\" words\" c=http://h/?q=1",
            false,
            ["2026-01-02 03:04:05", "1", "two \\\" words", "http://h/?q=1"],
        );
        is(
            "2026-01-02T03:04:05Z p[0]: a='1' d=x b=\"\"two\"\" c=\"\"",
            false,
            ["2026-01-02T03:04:05Z", "1", "two", ""],
        );
        is("2026-01-02T03:04:05proxy01.example p - a=1 b=2 c=3", false, ["2026-01-02T03:04:05", "1", "2", "3"]);
        is("\ta=1 2\tb=x, y\tc=h", false, ["", "1 2", "x, y", "h"]);
        is(
            "a=1 2 b=Mozilla/5.0 (X; y=z) c=http://h/?q=1&r=2",
            true,
            ["", "1 2", "Mozilla/5.0 (X; y=z)", "http://h/?q=1&r=2"],
        );
    }

    #[test]
    fn leef_names_its_delimiter() {
        for (version, named, delimiter) in
            [("1.0", "", "\t"), ("2.0", "|", "\t"), ("2.0", "^|", "^"), ("2.0", "0x5E|", "^"), ("2.0", "x7c|", "|")]
        {
            let pairs = ["a=1 2", "b=x", "c=http://h/?q=1"].join(delimiter);
            let line = format!("LEEF:{version}|Vendor|Product|1|web:Allowed|{named}{pairs}");
            is(&line, false, ["Allowed", "1 2", "x", "http://h/?q=1"]);
        }
        assert_eq!(read("LEEF:2.0|Vendor|Product|1|web a=1", false), []);
    }

    #[test]
    fn what_has_no_pairs_is_not_read() {
        for line in ["", "no pairs here", "=", "===", "a=1", "a=\"never closed"] {
            assert_eq!(read(line, false), [], "{line}");
        }
    }
}
