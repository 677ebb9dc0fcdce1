//! Records in the Common Event Format, version 0: one line of `|` and `key=value`. `in` is what the client got, `out` what it
//! sent, as Microsoft Sentinel and most proxies have them.

use super::Terminal;
use crate::alert::{Record, RecordKind, Severity};
use jiff::Timestamp;
use std::io::Write;
use std::net::IpAddr;

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
    let head = [env!("CARGO_PKG_VERSION"), &record.detector, &format!("{} {name}", record.detector)];
    line.extend_from_slice(b"CEF:0|deguchi|deguchi");
    for field in head {
        // A vector takes all that is written, here and below.
        let _ = write!(line, "|{}", header(field));
    }
    let _ = write!(line, "|{severity}|");
    let time = |text: &str| text.parse::<Timestamp>().map_or(String::new(), |time| time.as_millisecond().to_string());
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    let source = if record.client.parse::<IpAddr>().is_ok() { "src" } else { "shost" };
    let to = if record.domain.parse::<IpAddr>().is_ok() { "dst" } else { "dhost" };
    let evidence = record.evidence.iter().map(|e| format!("{:+} {}", e.points, e.text)).collect::<Vec<_>>().join("; ");
    let fields: [(&str, &str); 24] = [
        ("externalId", &record.id),
        ("rt", &time(&record.time)),
        ("start", &time(&record.first_seen)),
        ("end", &time(&record.last_seen)),
        (source, &record.client),
        ("suser", record.user.as_deref().unwrap_or_default()),
        (to, &record.domain),
        ("request", record.samples.first().map_or("", String::as_str)),
        ("cnt", &record.requests.to_string()),
        ("in", &number(record.bytes_down)),
        ("out", &number(record.bytes_up)),
        ("act", if record.denied == record.requests { "denied" } else { "" }),
        ("cn1Label", "score"),
        ("cn1", &record.score.to_string()),
        ("cs1Label", "episode"),
        ("cs1", &record.episode),
        ("cs2Label", "incident"),
        ("cs2", &record.incident),
        ("cs3Label", "evidence"),
        ("cs3", &evidence),
        ("cs4Label", if record.attack.is_empty() { "" } else { "attack" }),
        ("cs4", &record.attack.join(" ")),
        ("msg", &record.summary),
        ("deviceExternalId", &record.source),
    ];
    let known = fields.iter().filter(|(_, value)| !value.is_empty());
    for (n, (key, value)) in known.enumerate() {
        let _ = write!(line, "{}{key}={}", if n > 0 { " " } else { "" }, extension(value));
    }
    line.push(b'\n');
}

/// A field of the header.
fn header(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('|', "\\|")
}

/// The value of a key.
fn extension(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('=', "\\=")
}

/// One line of what can be seen.
fn visible(text: &str) -> String {
    Terminal::text(text).to_string()
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

    proptest! {
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
