//! JSON lines: one record a line, the contract with programs.

use super::escape::is_unsafe;
use crate::alert::Record;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// Appends the record as one line of JSON, LF included.
///
/// What would steer a terminal is escaped as `\uXXXX`, which JSON allows for any character: the value is the same, and
/// `deguchi … --alerts -` is safe to look at.
pub fn json_line(record: &Record, line: &mut Vec<u8>) {
    write(record, line);
}

/// What has string keys only as one line of JSON, escaped so.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    let mut line = Vec::new();
    write(value, &mut line);
    line
}

/// Appends what has string keys only as one line of JSON, escaped so.
pub(super) fn write(value: &impl Serialize, line: &mut Vec<u8>) {
    let mut serializer = Serializer::with_formatter(&mut *line, Visible(CompactFormatter));
    value.serialize(&mut serializer).expect("it has string keys only and a Vec takes every write");
    line.push(b'\n');
}

struct Visible(CompactFormatter);

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Nearly all text is printable ASCII: told apart bytewise, many bytes at a time.
        if fragment.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return self.0.write_string_fragment(writer, fragment);
        }
        let mut plain = 0;
        for (at, c) in fragment.char_indices().filter(|&(_, c)| is_unsafe(c)) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        self.0.write_string_fragment(writer, &fragment[plain..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::table::tests::record;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips_and_is_one_visible_line(text in any::<String>(), other in "[\u{0}-\u{9f}\u{2000}-\u{2070}\u{e0001}\"\\\\]{0,40}") {
            let mut record = record("a", 86, "192.0.2.17", "evil.example");
            record.client = text;
            record.samples = vec![other];
            let mut line = Vec::new();
            json_line(&record, &mut line);
            let shown = std::str::from_utf8(&line).unwrap();
            prop_assert_eq!(shown.matches('\n').count(), 1);
            prop_assert!(!shown.trim_end_matches('\n').chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_slice::<Record>(&line).unwrap(), record);
        }
    }
}
