//! A format of your own, described by a map: JSON lines, `key=value` pairs, CSV or TSV, one record a line.
//!
//! ```text
//! syntax = "json"                # json, key-value, csv, tsv
//! time-is = "end"                # what the time denotes: end (the default) or start
//! zone = "UTC"                   # of times without an offset; the default is the zone of --tz
//! duration-unit = "ms"           # s, ms, us, ns; what has a fraction is seconds
//! charset = "utf-8"              # csv and tsv: "shift-jis" where texts may be that
//! nothing = ["None", "NA"]       # texts that say that there is none; -, N/A, null and the empty text always do
//! columns = ["date", "time"]     # csv and tsv: what stands in which column, where the log has no header
//! spaces = false                 # key-value: bare values may hold spaces
//! only = ["http-transaction"]    # values of the field `kind` that are requests; records of other kinds are read over
//!
//! [fields]                       # the name in the log, or several, the best first
//! time = ["@timestamp", "ts"]
//! client = "source.ip"           # a.b is the name a.b, or b in the object a; ^ what is before the first pair
//! url = "url.original"
//! ```
//!
//! Give it with `--map FILE`, or as the key `map` of the settings file. A field is one of: time, date and time-of-day, offset, duration, client, user, method, url, request (`GET URL HTTP/1.1`), scheme, host, port, path, query, status, result (`TCP_MISS/200`),
//! action (a word that begins with allow, deny, block …), bytes-up, bytes-down, agent, referer, content-type, peer, kind;
//! and of ProxySG filter-result, s-action, exception. A time, a client or user, and a URL or host must be among them.
//!
//! # Knows
//!
//! The fields that are mapped. Times may be seconds, milli-, micro- or nanoseconds since 1970, ISO 8601,
//! `02/Jan/2026:03:04:05 +0900`, `Fri Jan 02 03:04:05 2026` or `Jan 02 2026 03:04:05 GMT`.
//!
//! # Does not know
//!
//! Fields that are not mapped. Names with a dot inside lists, and records of more than one line.
//!
//! # To make it complete
//!
//! Map bytes-up and bytes-down (those between client and proxy), duration, agent, referer, status, action and user.

mod definition;
pub(super) mod json;
pub(super) mod names;
mod pairs;
mod table;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::tz::TimeZone;
use memchr::memchr;

use super::record::{Clock, Column, Reading, Record, went_through};
use super::{ParseError, Parser, Reason};
use crate::event::{Encoding, Event, Fields, Stamp};
pub use definition::MapError;
use definition::{Definition, Syntax};
use names::{Names, Source};

/// More columns than this are read over.
const COLUMNS: usize = 512;
/// Names of a map in a line that make it a header.
const HEADER_NAMES: usize = 3;

/// A parser made of a map, with the header in force.
#[derive(Clone)]
pub struct Map {
    rules: Arc<Rules>,
    reading: Reading,
    /// CSV and TSV: what stands in which column; `None` before the header.
    columns: Option<Arc<[Option<Source>]>>,
    header: Vec<u8>,
}

/// What a map says.
struct Rules {
    syntax: Syntax,
    /// The map names the zone of its times.
    zoned: bool,
    names: Names,
    fields: Fields,
    nothing: Vec<Box<[u8]>>,
    only: Vec<Box<[u8]>>,
    spaces: bool,
    /// CSV and TSV: a name that every header has.
    mark: Option<Box<[u8]>>,
}

impl Map {
    /// Compiles a map.
    ///
    /// # Errors
    ///
    /// [`MapError`], which says what is wrong and what would do.
    pub fn compile(text: &str, zone: &TimeZone) -> Result<Map, MapError> {
        let definition = Definition::read(text)?;
        let own = definition.zone()?;
        let sources = definition.sources()?;
        let columns: Vec<Column> = sources.iter().map(|(_, source)| source.column).collect();
        let texts = |texts: &[String]| texts.iter().map(|text| text.as_bytes().into()).collect();
        let reading = Reading {
            clock: Clock::local(own.as_ref().unwrap_or(zone)),
            stamp: if definition.starts() { Stamp::Start } else { Stamp::End },
            encoding: match definition.syntax {
                Syntax::Json => Encoding::Json,
                Syntax::KeyValue => Encoding::Quoted,
                Syntax::Csv | Syntax::Tsv if definition.shift_jis() => Encoding::ShiftJis,
                Syntax::Csv | Syntax::Tsv => Encoding::Doubled,
            },
            ticks: definition.ticks(),
        };
        let rules = Rules {
            syntax: definition.syntax,
            zoned: own.is_some(),
            names: Names::of(sources.iter().map(|(name, source)| (name.as_str(), *source))),
            fields: Column::carry(&columns),
            nothing: texts(&definition.nothing),
            only: texts(&definition.only),
            spaces: definition.spaces,
            mark: matches!(definition.syntax, Syntax::Csv | Syntax::Tsv).then(|| definition.mark().as_bytes().into()),
        };
        let mut map = Map { rules: Arc::new(rules), reading, columns: None, header: Vec::new() };
        if !definition.columns.is_empty() {
            map.columns = Some(map.columns_of(definition.columns.iter().map(String::as_bytes)));
        }
        Ok(map)
    }

    /// The same map for a proxy in that zone, unless it names one itself.
    pub(super) fn in_zone(&self, zone: &TimeZone) -> Map {
        let mut map = self.clone();
        if !map.rules.zoned {
            map.reading.clock = Clock::local(zone);
        }
        map
    }

    fn columns_of<'n>(&self, names: impl Iterator<Item = &'n [u8]>) -> Arc<[Option<Source>]> {
        names.take(COLUMNS).map(|name| self.rules.names.find(0, name).0).collect()
    }

    fn delimiter(&self) -> Option<u8> {
        match self.rules.syntax {
            Syntax::Csv => Some(b','),
            Syntax::Tsv => Some(b'\t'),
            Syntax::Json | Syntax::KeyValue => None,
        }
    }

    /// Whether a line names columns.
    fn is_header(&self, line: &[u8], delimiter: u8) -> bool {
        if !table::cells(line, delimiter).any(|cell| Some(cell) == self.rules.mark.as_deref()) {
            return false;
        }
        let known =
            table::cells(line, delimiter).take(COLUMNS).filter(|cell| self.rules.names.find(0, cell).0.is_some());
        known.take(HEADER_NAMES).count() == HEADER_NAMES
    }

    fn cut<'a>(&self, line: &'a [u8]) -> Result<Record<'a>, ParseError> {
        let rules = &*self.rules;
        let mut record = Record::new();
        let mut ranks = [u8::MAX; Column::COUNT];
        let mut put = |source: Source, value: &'a [u8]| {
            let rank = &mut ranks[source.column as usize];
            let nothing = value.is_empty() || value == b"null" || rules.nothing.iter().any(|text| **text == *value);
            if source.rank < *rank && !nothing {
                *rank = source.rank;
                record.put(source.column, value);
            }
        };
        let found = match (rules.syntax, self.delimiter(), &self.columns) {
            (Syntax::Json, ..) => json::scan(line, &rules.names, put),
            (Syntax::KeyValue, ..) => pairs::scan(line, &rules.names, rules.spaces, put),
            (_, Some(delimiter), Some(columns)) => {
                for (cell, source) in table::cells(line, delimiter).zip(columns.iter()) {
                    source.iter().for_each(|source| put(*source, cell));
                }
                Ok(())
            }
            _ => Err(0),
        };
        found.map(|()| record).map_err(|at| ParseError { at, wanted: Reason::Literal })
    }
}

impl Parser for Map {
    #[inline]
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        match line {
            [] | [b'#', ..] => return Ok(None),
            [b' ' | b'\t' | b'\r', ..] if line.trim_ascii().is_empty() => return Ok(None),
            _ => {}
        }
        let only = &self.rules.only;
        let read = self.cut(line).and_then(|record| match record.value(Column::Kind) {
            Some(kind) if !only.is_empty() && !only.iter().any(|only| **only == *kind) => Ok(None),
            // What has no kind is no record of a product that has kinds.
            None if !only.is_empty() => Err(ParseError { at: 0, wanted: Reason::Literal }),
            _ => record.event(line, &self.reading).map(|event| Some(went_through(event, || self.rules.fields.action))),
        });
        match (read, self.delimiter()) {
            (Err(_), Some(delimiter)) if self.is_header(line, delimiter) => Ok(None),
            (read, _) => read,
        }
    }

    fn carries(&self) -> Fields {
        self.rules.fields
    }

    fn after(&self, line: &[u8]) -> Option<Arc<dyn Parser>> {
        let delimiter = self.delimiter()?;
        let header = self.header.strip_suffix(b"\n").unwrap_or(&self.header);
        if header == line || !self.is_header(line, delimiter) {
            return None;
        }
        // Zeek's has a word of its own before the names.
        let names = line.strip_prefix(b"#fields\t").unwrap_or(line);
        let columns = Some(self.columns_of(table::cells(names, delimiter)));
        Some(Arc::new(Map { columns, header: [line, b"\n"].concat(), ..self.clone() }))
    }

    fn mark(&self) -> Option<&[u8]> {
        self.rules.mark.as_deref()
    }

    fn header(&self) -> &[u8] {
        &self.header
    }

    fn simplify(&self, lines: &mut Vec<u8>) {
        if self.rules.syntax == Syntax::Json && memchr(b'\\', lines).is_some() {
            json::simplify(lines);
        }
    }
}
