//! LINES → EVENTS. One file a format, each a [`Parser`]; `logformat` compiles any Squid format string into one.
//!
//! A parser cuts and converts numbers; it never normalises (that is `event`'s verb) and allocates nothing per line.
//!
//! # A new format
//!
//! One file with a manual page at its head (`# Knows`, `# Does not know`), one line in [`FORMATS`], samples in
//! `sample-logs/formats/`.

mod apache;
mod cisco_wsa;
mod clf;
mod cut;
mod detect;
mod envoy_text;
mod haproxy;
mod ifilter;
mod layout;
mod logformat;
mod map;
mod mixed;
mod moment;
mod ready;
mod record;
mod result;
mod squid;
mod trafficserver;
mod w3c;
mod words;
mod wrapped;

pub use apache::{ApacheCombined, ApacheCommon};
pub use cisco_wsa::CiscoWsa;
pub use clf::{Combined, Common};
pub use detect::{DETECT_LINES, DetectError, Detected, detect, detect_in};
pub use envoy_text::EnvoyText;
pub use haproxy::Haproxy;
pub use ifilter::IFilter;
pub use logformat::{CompileError, Logformat};
pub use map::{Map, MapError};
pub use squid::Squid;
pub use trafficserver::TrafficServer;
pub use w3c::W3c;

use crate::catalog::{self, Entry, UnknownName};
use crate::event::{Event, Fields};
use crate::lock::lock;
use jiff::tz::TimeZone;
use mixed::Mixed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use wrapped::Wrapped;

/// Makes a parser that has read nothing yet. Times without an offset are taken for those of the zone.
pub type Build = fn(&TimeZone) -> Box<dyn Parser>;

/// Every format that has a name. Automatic detection prefers, of those that fit a file equally well and tell equally
/// much, the one that stands first.
pub const FORMATS: &[Entry<Build>] = &[
    // Before Squid's, of which it is one with more behind.
    Entry { name: "cisco-wsa", source: include_str!("cisco_wsa.rs"), build: |_| Box::new(CiscoWsa) },
    Entry { name: "squid", source: include_str!("squid.rs"), build: |_| Box::new(Squid) },
    Entry { name: "common", source: include_str!("clf.rs"), build: |_| Box::new(Common) },
    Entry { name: "combined", source: include_str!("clf.rs"), build: |_| Box::new(Combined) },
    Entry { name: "squid-agent", source: include_str!("layout/agent.rs"), build: |_| known(layout::agent::FORMAT) },
    Entry {
        name: "squid-headers",
        source: include_str!("layout/headers.rs"),
        build: |_| known(layout::headers::FORMAT),
    },
    Entry {
        name: "squid-extended",
        source: include_str!("layout/extended.rs"),
        build: |_| known(layout::extended::FORMAT),
    },
    Entry {
        name: "squid-extended-user",
        source: include_str!("layout/extended_user.rs"),
        build: |_| known(layout::extended_user::FORMAT),
    },
    Entry { name: "apache-common", source: include_str!("apache.rs"), build: |_| Box::new(ApacheCommon) },
    Entry { name: "apache-combined", source: include_str!("apache.rs"), build: |_| Box::new(ApacheCombined) },
    Entry { name: "trafficserver", source: include_str!("trafficserver.rs"), build: |_| Box::new(TrafficServer) },
    Entry { name: "envoy-text", source: include_str!("envoy_text.rs"), build: |_| Box::new(EnvoyText::default()) },
    Entry { name: "haproxy", source: include_str!("haproxy.rs"), build: |zone| Box::new(Haproxy::new(zone)) },
    Entry { name: "w3c", source: include_str!("w3c.rs"), build: |zone| Box::new(W3c::new(zone)) },
    Entry {
        name: "zscaler-json",
        source: include_str!("ready/zscaler.rs"),
        build: |zone| ready(&ready::zscaler::map("json"), zone),
    },
    Entry {
        name: "zscaler-kv",
        source: include_str!("ready/zscaler.rs"),
        build: |zone| ready(&ready::zscaler::map("key-value"), zone),
    },
    Entry {
        name: "zscaler-csv",
        source: include_str!("ready/zscaler.rs"),
        build: |zone| ready(&ready::zscaler::map("csv"), zone),
    },
    Entry {
        name: "proxysg-json",
        source: include_str!("ready/proxysg.rs"),
        build: |zone| ready(&ready::proxysg::map("json"), zone),
    },
    Entry {
        name: "proxysg-kv",
        source: include_str!("ready/proxysg.rs"),
        build: |zone| ready(&ready::proxysg::map("key-value"), zone),
    },
    Entry {
        name: "fortigate",
        source: include_str!("ready/fortigate.rs"),
        build: |zone| ready(ready::fortigate::MAP, zone),
    },
    Entry {
        name: "fortiproxy",
        source: include_str!("ready/fortiproxy.rs"),
        build: |zone| ready(ready::fortiproxy::MAP, zone),
    },
    Entry { name: "skyhigh", source: include_str!("ready/skyhigh.rs"), build: |zone| ready(ready::skyhigh::MAP, zone) },
    Entry {
        name: "umbrella",
        source: include_str!("ready/umbrella.rs"),
        build: |zone| ready(ready::umbrella::MAP, zone),
    },
    Entry {
        name: "intersafe",
        source: include_str!("ready/intersafe.rs"),
        build: |zone| ready(ready::intersafe::MAP, zone),
    },
    Entry { name: "ifilter", source: include_str!("ifilter.rs"), build: |zone| Box::new(IFilter::new(zone)) },
    Entry {
        name: "paloalto",
        source: include_str!("ready/paloalto.rs"),
        build: |zone| ready(ready::paloalto::MAP, zone),
    },
    Entry { name: "sophos", source: include_str!("ready/sophos.rs"), build: |zone| ready(ready::sophos::MAP, zone) },
    Entry {
        name: "sophos-swa",
        source: include_str!("ready/sophos_swa.rs"),
        build: |zone| ready(ready::sophos_swa::MAP, zone),
    },
    Entry { name: "leef", source: include_str!("ready/leef.rs"), build: |zone| ready(ready::leef::MAP, zone) },
    Entry { name: "cef", source: include_str!("ready/cef.rs"), build: |zone| ready(ready::cef::MAP, zone) },
    Entry { name: "envoy", source: include_str!("ready/envoy.rs"), build: |zone| ready(ready::envoy::MAP, zone) },
    Entry { name: "traefik", source: include_str!("ready/traefik.rs"), build: |zone| ready(ready::traefik::MAP, zone) },
    Entry { name: "zeek", source: include_str!("ready/zeek.rs"), build: |zone| ready(&ready::zeek::map("tsv"), zone) },
    Entry {
        name: "zeek-json",
        source: include_str!("ready/zeek.rs"),
        build: |zone| ready(&ready::zeek::map("json"), zone),
    },
    Entry { name: "ecs", source: include_str!("ready/ecs.rs"), build: |zone| ready(ready::ecs::MAP, zone) },
];

/// Manual pages of what is no format by itself: maps, which users write, and wrappers, which are around formats.
pub const PAGES: &[Entry<()>] = &[
    Entry { name: "map", source: include_str!("map.rs"), build: () },
    Entry { name: "syslog", source: include_str!("wrapped.rs"), build: () },
];

/// Compiles a format string of our own. A test compiles them all; one that did not would reject every line.
fn known(format: &str) -> Box<dyn Parser> {
    match Logformat::compile(format) {
        Ok(parser) => Box::new(parser),
        Err(_) => Box::new(Nothing),
    }
}

/// A map of our own, compiled once however many files are looked at. A test compiles them all.
fn ready(map: &str, zone: &TimeZone) -> Box<dyn Parser> {
    static COMPILED: Mutex<BTreeMap<String, Option<Map>>> = Mutex::new(BTreeMap::new());
    let mut compiled = lock(&COMPILED);
    if !compiled.contains_key(map) {
        compiled.insert(map.to_owned(), Map::compile(map, &TimeZone::UTC).ok());
    }
    match compiled.get(map) {
        Some(Some(map)) => Box::new(map.in_zone(zone)),
        _ => Box::new(Nothing),
    }
}

/// Rejects every line.
struct Nothing;

impl Parser for Nothing {
    fn parse<'a>(&self, _: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        Err(ParseError { at: 0, wanted: Reason::Literal })
    }

    fn carries(&self) -> Fields {
        Fields::default()
    }
}

/// The parser of that name, for `--format NAME`; times without an offset are UTC.
///
/// # Errors
///
/// [`UnknownName`], which says what may have been meant.
pub fn by_name(name: &str) -> Result<Box<dyn Parser>, UnknownName> {
    by_name_in(name, &TimeZone::UTC)
}

/// The parser of that name, of a proxy that writes times without an offset in that zone.
///
/// # Errors
///
/// [`UnknownName`], which says what may have been meant.
pub fn by_name_in(name: &str, zone: &TimeZone) -> Result<Box<dyn Parser>, UnknownName> {
    match name.strip_prefix(wrapped::PREFIX) {
        Some(inner) => Ok(Box::new(Wrapped::new(Arc::from(by_name_in(inner, zone)?)))),
        None => catalog::find("format", FORMATS, name).map(|entry| (entry.build)(zone)),
    }
}

/// The parser of that name and, for lines that are not of its format, of all others: what [`detect_in`] gave to a file whose
/// format has that name.
///
/// # Errors
///
/// [`UnknownName`], which says what may have been meant.
pub fn told_as(name: &str, zone: &TimeZone) -> Result<Arc<dyn Parser>, UnknownName> {
    Ok(Arc::new(Mixed::new(Arc::from(by_name_in(name, zone)?), zone)))
}

/// Reads the next line of an input. A header changes the parser: to one that reads what follows it.
///
/// # Errors
///
/// The line is not of the format.
pub fn read<'a>(parser: &mut Arc<dyn Parser>, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
    let event = parser.parse(line)?;
    if event.is_none()
        && let Some(next) = parser.after(line)
    {
        *parser = next;
    }
    Ok(event)
}

/// The parser that has read a header which [`Parser::header`] told, from one that has read none.
pub fn resume(mut parser: Arc<dyn Parser>, header: &[u8]) -> Arc<dyn Parser> {
    for line in header.split(|&byte| byte == b'\n') {
        if let Some(next) = parser.after(line) {
            parser = next;
        }
    }
    parser
}

/// One format. A parser never changes, so chunks are parsed in parallel. Where a header says how the lines after it are
/// to be read, [`Parser::after`] makes the parser of those: headers are followed in the order of the lines before the
/// chunks are shared out, so that each chunk begins with the parser in force there.
pub trait Parser: Send + Sync {
    /// Cuts one line, given without its line end and without leading NULs.
    ///
    /// `Ok(None)`: a header, comment or blank line. `Err`: the line is not of this format; it is counted by
    /// [`Reason`] and the next line is tried. Never panics, whatever the bytes; linear in their number.
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError>;

    /// What this format can know; of a format with headers, what the lines after the last one can.
    fn carries(&self) -> Fields;

    /// The parser of what follows, if `line` is a header that changes it. Such a line is one that [`Parser::parse`] takes
    /// for a header, `Ok(None)`, and it contains [`Parser::mark`].
    fn after(&self, _line: &[u8]) -> Option<Arc<dyn Parser>> {
        None
    }

    /// Rewrites whole lines in place so that each value is one piece of them, before any is cut: escapes in the middle of a
    /// URL. The number of lines stays, and twice is as once. Most formats: nothing.
    fn simplify(&self, _lines: &mut Vec<u8>) {}

    /// What every header contains; `None` for a format without headers.
    fn mark(&self) -> Option<&[u8]> {
        None
    }

    /// The lines that a parser which has read nothing needs to read as this one does, each with its LF; a few KiB at most.
    fn header(&self) -> &[u8] {
        &[]
    }
}

/// Why a line was rejected. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// No time, or one outside 1970–9999.
    Time,
    /// No duration where one must stand.
    Duration,
    /// No client.
    Client,
    /// No result (`TAG/status`).
    Result,
    /// A size that is no number.
    Size,
    /// No method.
    Method,
    /// No URL.
    Target,
    /// No hierarchy (`CODE/peer`).
    Hierarchy,
    /// Literal text of the format is missing: a bracket, a quote, a separator, a header.
    Literal,
    /// A time in the future of all lines around it.
    Future,
}

impl Reason {
    /// Every reason, in the order of the declaration.
    pub const ALL: [Reason; 10] = [
        Reason::Time,
        Reason::Duration,
        Reason::Client,
        Reason::Result,
        Reason::Size,
        Reason::Method,
        Reason::Target,
        Reason::Hierarchy,
        Reason::Literal,
        Reason::Future,
    ];

    /// The word for it: in the summary, and as the label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Time => "time",
            Reason::Duration => "duration",
            Reason::Client => "client",
            Reason::Result => "result",
            Reason::Size => "size",
            Reason::Method => "method",
            Reason::Target => "target",
            Reason::Hierarchy => "hierarchy",
            Reason::Literal => "literal",
            Reason::Future => "future",
        }
    }
}

/// Where a line stopped being of the format, and what should have stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the line.
    pub at: usize,
    /// What was wanted there.
    pub wanted: Reason,
}
