//! Lines inside of JSON: Docker's `json-file` driver, what Splunk exports, what shippers such as Filebeat write.

use std::sync::LazyLock;

use memchr::memchr2;

use super::{WRAPPERS, peel};
use crate::event::{Encoding, Text};
use crate::parse::map::json::{scan, simplify};
use crate::parse::map::names::{Names, Source};
use crate::parse::record::Column;

/// Where a line may be, the best place first; behind a header not in the last.
const KEYS: [&str; 4] = ["result._raw", "_raw", "log", "message"];

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let ranks = KEYS.into_iter().zip(1..);
    Names::of(ranks.map(|(name, rank)| (name, Source { column: Column::Other, rank })))
});

/// Puts lines in the place of the JSON around them, all at once: a line end in one becomes a space. Twice is as once.
pub(in crate::parse) fn unwrap(lines: &mut Vec<u8>) {
    if memchr2(b'{', b'\\', lines).is_none() {
        return;
    }
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let (text, end) = line.split_at(line.len() - usize::from(line.ends_with(b"\n")));
        match line_of(text) {
            Some(inner) => out.extend_from_slice(&inner),
            None => out.extend_from_slice(text),
        }
        out.extend_from_slice(end);
    }
    *lines = out;
}

/// A line of the log, if this is one in JSON: out of all JSON that is around it.
pub(super) fn line_of(line: &[u8]) -> Option<Vec<u8>> {
    memchr2(b'{', b'\\', line)?;
    let mut found = None;
    let mut text = line.to_vec();
    loop {
        // Behind a header may be what is no JSON, and then stays as it is.
        let before = (!matches!(text.first(), Some(b'{' | b'\\'))).then(|| text.clone());
        simplify(&mut text);
        match inner(&text) {
            Some(inner) => (found, text) = (Some(()), inner),
            // What is left is what no parser simplifies: JSON that is the log itself, or no JSON.
            None => return found.map(|()| before.unwrap_or(text)),
        }
    }
}

/// A line from its JSON on, without at most [`WRAPPERS`] headers before that.
fn object(line: &[u8]) -> Option<&[u8]> {
    let mut text = line;
    for _ in 0..WRAPPERS {
        if text.first() == Some(&b'{') {
            break;
        }
        text = peel(text)?;
    }
    (text.first() == Some(&b'{')).then_some(text)
}

/// What stands in the best of the keys.
fn inner(line: &[u8]) -> Option<Vec<u8>> {
    let object = object(line)?;
    let last = KEYS.len() - usize::from(object.len() < line.len());
    let mut best: Option<(u8, &[u8])> = None;
    let give = |source: Source, value| {
        if usize::from(source.rank) <= last && best.is_none_or(|(rank, _)| source.rank < rank) {
            best = Some((source.rank, value));
        }
    };
    scan(object, &NAMES, give).ok()?;
    let mut text = Text { raw: best?.1, encoding: Encoding::Json }.decode().into_owned();
    text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r' | 0)).for_each(|byte| *byte = b' ');
    text.truncate(text.trim_ascii_end().len());
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(lines: &str, wanted: &str) {
        let mut once = lines.as_bytes().to_vec();
        unwrap(&mut once);
        assert_eq!(String::from_utf8_lossy(&once), wanted, "{lines}");
        let mut twice = once.clone();
        unwrap(&mut twice);
        assert_eq!(once, twice, "{lines}");
    }

    #[test]
    fn each_line_is_taken_out() {
        is(r#"{"log":"a \"b\"\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}"#, r#"a "b""#);
        is(
            "{\"preview\":false,\"result\":{\"_raw\":\"a\\tb\",\"message\":\"x\"},\"message\":\"y\"}\nplain {\"log\":1}\n{\"log\":\"c\\nd\\u0000\"}\r\n",
            "a\tb\nplain {\"log\":1}\nc d\n",
        );
        is(r#"{"log":""}"#, "");
        is(r#"{"log":"{\"message\":\"{\\\"url\\\":\\\"http:\\\\/\\\\/a\\\"}\"}"}"#, r#"{"url":"http://a"}"#);
        is(r#"{"lo\u0067":"a"}"#, "a");
        is(
            r#"<134>Jan  2 03:04:05 p docker: {"log":"<134>Jan  2 03:04:05 p x: {\"_raw\":\"a \\\"b\\\" {\"}"}"#,
            r#"a "b" {"#,
        );
        is(r#"2026-01-02T03:04:05Z stdout F {"log":"a"}"#, "a");
        for other in [
            r#"<134>Jan  2 03:04:05 p x: {"message":"a","url":"x"}"#,
            r#"no header {"log":"a"}"#,
            r#"{"time":1,"url":"x"}"#,
            r#"{"log":"open"#,
            "{",
            "",
            "[{\"log\":1}]",
        ] {
            is(other, other);
        }
    }
}
