//! Records in the Common Event Format, version 0: one line of `|` and `key=value`. `in` is what the client got, `out` what it
//! sent, as Microsoft Sentinel and most proxies have them. `src` and `dst` are addresses of IPv4; those of IPv6 have keys of
//! their own, as the guide tells.
//!
//! Values are as long as the guide allows (*Implementing ArcSight Common Event Format*, version 25, extension dictionary), in
//! bytes as they are written, so that whoever counts characters finds them short enough too.

use super::Terminal;
use super::escape::is_unsafe;
use crate::alert::{Record, RecordKind, Severity};
use jiff::Timestamp;
use std::io::Write;
use std::net::IpAddr;

/// The longest values of what has no length of its own here.
const LONGEST: usize = 1023;
/// The most that `cnt` may be: it is an integer of 32 bits.
const COUNT: u64 = i32::MAX as u64;

/// The longest value of a key, bytes.
fn longest(key: &str) -> usize {
    match key {
        "act" => 63,
        "deviceExternalId" => 255,
        "cs1" | "cs2" | "cs3" | "cs4" => 4000,
        _ => LONGEST,
    }
}

/// The keys of a party: of its address or name, and what says that an address is one of IPv6.
fn party(name: &str, keys: [&'static str; 3]) -> (&'static str, bool) {
    let [v4, v6, host] = keys;
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => (v4, false),
        Ok(IpAddr::V6(_)) => (v6, true),
        Err(_) => (host, false),
    }
}

/// Appends the record as one line, LF included. Its id is `externalId`.
pub(super) fn line(record: &Record, line: &mut Vec<u8>) {
    let severity = match record.severity {
        Severity::Low => 3,
        Severity::Medium => 6,
        Severity::High => 8,
        Severity::Critical => 10,
    };
    let name = match record.record {
        RecordKind::Alert => "alert",
        RecordKind::Update => "update",
        RecordKind::End => "end",
        RecordKind::Merge => "merge",
    };
    let name = format!("{} {name}", record.detector);
    line.extend_from_slice(b"CEF:0|deguchi|deguchi");
    for (field, most) in [(env!("CARGO_PKG_VERSION"), 31), (&record.detector, LONGEST), (&name, 512)] {
        // A vector takes all that is written, here and below.
        let _ = write!(line, "|{}", escaped(field, '|', most));
    }
    let _ = write!(line, "|{severity}|");
    let time = |text: &str| text.parse::<Timestamp>().map_or(String::new(), |time| time.as_millisecond().to_string());
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    let (source, source_v6) = party(&record.client, ["src", "c6a2", "shost"]);
    let (to, to_v6) = party(&record.domain, ["dst", "c6a3", "dhost"]);
    let label = |there: bool, label: &'static str| if there { label } else { "" };
    let evidence = record.evidence.iter().map(|e| format!("{:+} {}", e.points, e.text)).collect::<Vec<_>>().join("; ");
    let fields: [(&str, &str); 26] = [
        ("externalId", &record.id),
        ("rt", &time(&record.time)),
        ("start", &time(&record.first_seen)),
        ("end", &time(&record.last_seen)),
        ("c6a2Label", label(source_v6, "Source IPv6 Address")),
        (source, &record.client),
        ("suser", record.user.as_deref().unwrap_or_default()),
        ("c6a3Label", label(to_v6, "Destination IPv6 Address")),
        (to, &record.domain),
        ("request", record.samples.first().map_or("", String::as_str)),
        ("cnt", &record.requests.min(COUNT).to_string()),
        ("in", &number(record.bytes_down)),
        ("out", &number(record.bytes_up)),
        ("act", label(record.denied == record.requests, "denied")),
        ("cn1Label", "score"),
        ("cn1", &record.score.to_string()),
        ("cs1Label", "episode"),
        ("cs1", &record.episode),
        ("cs2Label", "incident"),
        ("cs2", &record.incident),
        ("cs3Label", "evidence"),
        ("cs3", &evidence),
        ("cs4Label", label(!record.attack.is_empty(), "attack")),
        ("cs4", &record.attack.join(" ")),
        ("msg", &record.summary),
        ("deviceExternalId", &record.source),
    ];
    let known = fields.iter().filter(|(_, value)| !value.is_empty());
    for (n, (key, value)) in known.enumerate() {
        let _ = write!(line, "{}{key}={}", if n > 0 { " " } else { "" }, escaped(value, '=', longest(key)));
    }
    line.push(b'\n');
}

/// One line of what can be seen, at most so many bytes of it: cut between characters, an escape stays whole. `sign` is what
/// ends a field of the header, or a key.
fn escaped(text: &str, sign: char, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let before = out.len();
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == sign => out.extend(['\\', c]),
            c if is_unsafe(c) => {
                // Its escape begins with a backslash.
                out.push('\\');
                out.push_str(&Terminal::text(c.encode_utf8(&mut [0; 4])).to_string());
            }
            c => out.push(c),
        }
        if out.len() > most {
            out.truncate(before);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::table::tests::record;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// As its readers do: seven fields, and pairs of which each key stands before an `=` that is not escaped.
    fn read(line: &str) -> (Vec<String>, BTreeMap<String, String>) {
        let mut fields = vec![String::new()];
        let mut chars = line.chars();
        while fields.len() < 8 {
            match chars.next().expect("seven bars") {
                '\\' => fields.last_mut().unwrap().push(chars.next().unwrap()),
                '|' => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        let rest: Vec<char> = chars.collect();
        let bare = |at: usize| rest[at] == '=' && rest[..at].iter().rev().take_while(|c| **c == '\\').count() % 2 == 0;
        let signs: Vec<usize> = (0..rest.len()).filter(|at| bare(*at)).collect();
        let begins = |sign: usize| rest[..sign].iter().rposition(|c| *c == ' ').map_or(0, |at| at + 1);
        let mut pairs = BTreeMap::new();
        for (n, &sign) in signs.iter().enumerate() {
            let end = signs.get(n + 1).map_or(rest.len(), |&next| begins(next) - 1);
            let (key, value) = (rest[begins(sign)..sign].iter().collect(), &rest[sign + 1..end]);
            let value: String = value.iter().collect();
            pairs.insert(key, value.replace("\\=", "=").replace("\\\\", "\\"));
        }
        (fields, pairs)
    }

    fn visible(text: &str) -> String {
        Terminal::text(text).to_string()
    }

    proptest! {
        /// Each value is short enough as written, and is the beginning of what it would be: no escape is cut.
        #[test]
        fn no_value_is_too_long_and_none_is_cut_in_an_escape(
            unit in "[a-zé出\u{1b}\u{202e}=|\\\\ ]{1,7}",
            times in 1..2000_usize,
            sign in prop::sample::select(vec!['=', '|']),
            most in 1..1100_usize,
        ) {
            let text = unit.repeat(times);
            let out = escaped(&text, sign, most);
            prop_assert!(out.len() <= most);
            let read = out.replace("\\\\", "\0").replace(&format!("\\{sign}"), &sign.to_string());
            prop_assert!(!read.contains('\\'), "{out:?}");
            let read = read.replace('\0', "\\");
            prop_assert!(visible(&text).starts_with(&read), "{read:?}");
            // No unit is longer than `\\u{202e}`, and a shorter one would have been taken.
            prop_assert!(out.len() + 9 > most || read == visible(&text));
        }

        #[test]
        fn nothing_forges_a_field(client in any::<String>(), user in "[a-z =|\\\\\n\r]{0,20}", text in "[ -~\n]{0,40}") {
            let mut record = record("a", 86, "192.0.2.17", "evil.example");
            record.client = format!("x{client}");
            record.user = Some(format!("u{user}"));
            record.samples = vec![format!("http://{text}")];
            let mut out = Vec::new();
            line(&record, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert!(text.ends_with('\n') && text.lines().count() == 1);
            let (fields, pairs) = read(text.trim_end_matches('\n'));
            prop_assert_eq!(&fields[..3], ["CEF:0", "deguchi", "deguchi"]);
            prop_assert_eq!(&pairs["externalId"], &record.id);
            prop_assert_eq!(&pairs["cn1"], &record.score.to_string());
            prop_assert_eq!(pairs["shost"].trim_end().to_owned(), visible(&record.client).trim_end().to_owned());
            prop_assert_eq!(pairs["suser"].trim_end().to_owned(), visible(record.user.as_deref().unwrap()).trim_end().to_owned());
        }
    }
}
