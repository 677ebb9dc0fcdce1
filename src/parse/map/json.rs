//! One JSON object in a line, scanned without building it. Bytes that are no UTF-8 are values like others: who sends
//! them must not be able to hide a line.

use memchr::{memchr, memchr2};

use super::names::{Names, Source};

/// Objects in objects that are looked into.
const DEPTH: usize = 8;

/// Gives each value whose name is known. `Err`: where the line stopped being JSON.
#[inline]
pub(in crate::parse) fn scan<'a>(
    line: &'a [u8],
    names: &Names,
    mut give: impl FnMut(Source, &'a [u8]),
) -> Result<(), usize> {
    let mut at = blanks(line, 0);
    if line.get(at) != Some(&b'{') {
        return Err(at);
    }
    // The objects that are open, the innermost last.
    let (mut open, mut depth) = ([0; DEPTH], 1);
    at = blanks(line, at + 1);
    loop {
        match line.get(at) {
            Some(b'}') => {
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
                at = blanks(line, at + 1);
                continue;
            }
            Some(b',') => {
                at = blanks(line, at + 1);
                continue;
            }
            Some(b'"') => {}
            _ => return Err(at),
        }
        let end = string(line, at)?;
        let (source, below) = names.find(open[depth - 1], &line[at + 1..end - 1]);
        at = blanks(line, end);
        if line.get(at) != Some(&b':') {
            return Err(at);
        }
        at = blanks(line, at + 1);
        // Of a list, its first value.
        if let (Some(b'['), Some(_)) = (line.get(at), source) {
            let first = blanks(line, at + 1);
            if let (Some(source), Ok((value, _))) = (source, scalar(line, first)) {
                give(source, value);
            }
        }
        match (line.get(at), below) {
            (Some(b'{'), Some(below)) if depth < DEPTH => {
                open[depth] = below;
                depth += 1;
                at = blanks(line, at + 1);
            }
            (Some(b'{' | b'['), _) => at = blanks(line, nested(line, at)?),
            _ => {
                let (value, end) = scalar(line, at)?;
                if let Some(source) = source {
                    give(source, value);
                }
                at = blanks(line, end);
            }
        }
    }
}

#[inline]
fn blanks(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind the closing quote of the string that begins at `at`.
#[inline]
fn string(line: &[u8], at: usize) -> Result<usize, usize> {
    let mut from = at + 1;
    loop {
        let found = line.get(from..).and_then(|rest| memchr2(b'"', b'\\', rest)).ok_or(line.len())?;
        match line[from + found] {
            b'"' => return Ok(from + found + 1),
            _ => from += found + 2,
        }
    }
}

/// A string without its quotes, or a number or word; and what is behind it.
#[inline]
fn scalar(line: &[u8], at: usize) -> Result<(&[u8], usize), usize> {
    if line.get(at) == Some(&b'"') {
        let end = string(line, at)?;
        return Ok((&line[at + 1..end - 1], end));
    }
    let rest = line.get(at..).unwrap_or_default();
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
    if length == 0 {
        return Err(at);
    }
    let word = &rest[..length];
    Ok((if word == b"null" { b"" } else { word }, at + length))
}

/// Behind the object or list that begins at `at`.
fn nested(line: &[u8], mut at: usize) -> Result<usize, usize> {
    let mut depth = 0_usize;
    loop {
        match line.get(at).ok_or(line.len())? {
            b'"' => {
                at = string(line, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Ok(at);
        }
    }
}

/// Undoes, in place, the escapes that stand for one printable ASCII character: `\/`, and `\u0026` for `&`, which some
/// writers use in URLs. What is left is the same JSON; doing it twice is doing it once.
pub(in crate::parse) fn simplify(lines: &mut Vec<u8>) {
    let Some(first) = memchr(b'\\', lines) else { return };
    let (mut to, mut from) = (first, first);
    while from < lines.len() {
        let (byte, took) = match &lines[from..] {
            [b'\\', b'/', ..] => (b'/', 2),
            [b'\\', b'u', b'0', b'0', high @ b'2'..=b'7', low, ..] => match plain(*high, *low) {
                Some(byte) => (byte, 6),
                None => (b'\\', 1),
            },
            // The byte behind it is escaped: it begins nothing.
            [b'\\', next, ..] if *next != b'\n' => {
                let next = *next;
                lines[to] = b'\\';
                to += 1;
                (next, 2)
            }
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        lines[to] = byte;
        to += 1;
        from += took;
    }
    lines.truncate(to);
}

/// The character of `\u00XX`, if it is printable and needs no escape.
fn plain(high: u8, low: u8) -> Option<u8> {
    let digit = (low as char).to_digit(16)? as u8;
    Some((high - b'0') << 4 | digit).filter(|byte| !matches!(byte, b'"' | b'\\' | 0x7F))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::record::Column;

    fn names() -> Names {
        let names = [("a", Column::Client), ("b.c", Column::User), ("b.d.e", Column::Host), ("l", Column::Url)];
        Names::of(names.map(|(name, column)| (name, Source { column, rank: 1 })))
    }

    fn read(line: &str) -> Result<Vec<(Column, String)>, usize> {
        let mut found = Vec::new();
        let give = |source: Source, value: &[u8]| found.push((source.column, String::from_utf8_lossy(value).into()));
        scan(line.as_bytes(), &names(), give).map(|()| found)
    }

    #[test]
    fn known_names_in_objects_and_with_dots() {
        let of = |column, value: &str| (column, value.to_owned());
        assert_eq!(
            read(r#" {"x":{"a":[1,"]"]},"a":"1\"2" , "b":{"c":5,"d":{"e":"h"}},"l":["u",7]}"#),
            Ok(vec![of(Column::Client, "1\\\"2"), of(Column::User, "5"), of(Column::Host, "h"), of(Column::Url, "u")])
        );
        assert_eq!(read(r#"{"b.c":null,"b":{"d.e":true}}"#), Ok(vec![of(Column::User, ""), of(Column::Host, "true")]));
        assert_eq!(read("{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_object_is_told() {
        for (line, at) in
            [("", 0), ("[1]", 0), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":\"x", 7), ("{\"x\":{", 6), ("{a:1}", 1)]
        {
            assert_eq!(read(line), Err(at), "{line}");
        }
    }

    #[test]
    fn escapes_of_urls_are_undone_once() {
        let text = |text: &str| {
            let mut once = text.as_bytes().to_vec();
            simplify(&mut once);
            let mut twice = once.clone();
            simplify(&mut twice);
            assert_eq!(once, twice, "{text}");
            String::from_utf8(once).unwrap()
        };
        assert_eq!(text(r#"{"u":"http:\/\/a\/?x=1\u0026y=\u003d"}"#), r#"{"u":"http://a/?x=1&y=="}"#);
        let kept = r#"{"u":"\\/\\u0026 \" \n \u0022 \u005c \u00e9 \u001f \uD83D\uDE00"}"#;
        assert_eq!(text(kept), kept);
        assert_eq!(text("a\\\nb\\"), "a\\\nb\\");
    }
}
