//! Which format a file is in: every known one is tried on its first lines.
//!
//! The format wins that reads the most lines into something that looks like a request: a method of letters, a URL, a
//! Referer that is a URL, a User-Agent that is none. Of those that read equally many, the one that tells more; of
//! those that tell equally much, the first in [`FORMATS`](super::FORMATS).
//!
//! Lines of other formats that come later are read as those: see [`Mixed`].

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::mixed::Mixed;
use super::wrapped::{PREFIX, WRAPPERS, Wrapped, peel, unwrap};
use super::{FORMATS, ParseError, Parser, read};
use crate::event::{Event, Fields};

/// No more lines than this are looked at.
pub const DETECT_LINES: usize = 200;

/// A format that fits.
#[derive(Clone)]
pub struct Detected {
    /// Its name in [`FORMATS`](super::FORMATS).
    pub name: &'static str,
    /// It is wrapped in syslog or something like it.
    pub wrapped: bool,
    /// Reads the file: a parser of the format, with the header of the first line that became an event, and of all others
    /// for lines that are not of it.
    pub parser: Arc<dyn Parser>,
    /// Of a hundred lines (headers and comments aside) that were looked at, so many are of this format; 1 to 100.
    pub confidence: u8,
}

impl Detected {
    /// Its name, and what it is wrapped in: what [`by_name`](super::by_name) knows it by.
    pub fn full_name(&self) -> String {
        if self.wrapped { format!("{PREFIX}{}", self.name) } else { self.name.to_owned() }
    }
}

impl std::fmt::Debug for Detected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detected")
            .field("name", &self.name)
            .field("confidence", &self.confidence)
            .finish_non_exhaustive()
    }
}

/// No format fits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    /// There was no line to look at.
    #[error("no line to tell the format by; name it with --format, or wait until the log has lines")]
    Empty,
    /// Lines, but of no known format.
    #[error(
        "the format is none of those known; {name} came furthest: line {line} has no {} at byte {at}; name the format with --format, or describe it with --logformat or --map",
        wanted.as_str()
    )]
    Unknown {
        /// The format that came furthest.
        name: &'static str,
        /// The first line it rejected, counted from 1.
        line: usize,
        /// Byte offset in that line.
        at: usize,
        /// What should have stood there.
        wanted: super::Reason,
    },
}

/// How well one format fits.
struct Fit {
    name: &'static str,
    parser: Arc<dyn Parser>,
    /// Lines that are neither header nor comment.
    lines: usize,
    /// Lines that became a plausible event.
    good: usize,
    /// The first line rejected, and why; and how far reading came in all rejected lines together.
    rejected: Option<(usize, ParseError)>,
    reach: usize,
}

/// Finds the format of the lines, of which at most [`DETECT_LINES`] are looked at. Give the first lines of a file,
/// without line ends; a last line that may be incomplete is better left out.
///
/// # Errors
///
/// [`DetectError`] if there are no lines, or no format reads at least half of them: it names the format that came
/// furthest and what was wrong with the first line it rejected.
pub fn detect<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> Result<Detected, DetectError> {
    detect_in(lines, &TimeZone::UTC)
}

/// As [`detect`], of a proxy that writes times without an offset in that zone.
///
/// # Errors
///
/// Those of [`detect`].
pub fn detect_in<'l>(lines: impl IntoIterator<Item = &'l [u8]>, zone: &TimeZone) -> Result<Detected, DetectError> {
    let lines: Vec<&[u8]> = lines.into_iter().take(DETECT_LINES).collect();
    let plain = best(&lines, zone);
    if let Ok(found) = plain {
        return Ok(Detected { parser: Arc::new(Mixed::new(found.parser, zone)), ..found });
    }
    // What is read in no format as it is may be read without what is around it.
    let mut bytes = lines.join(&b'\n');
    unwrap(&mut bytes);
    let mut inner: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let mut changed = inner != lines;
    for _ in 0..=WRAPPERS {
        if changed && let Ok(found) = best(&inner, zone) {
            let wrapped = Arc::new(Wrapped::new(found.parser));
            return Ok(Detected { wrapped: true, parser: Arc::new(Mixed::new(wrapped, zone)), ..found });
        }
        changed = false;
        for line in &mut inner {
            if let Some(rest) = peel(line) {
                (*line, changed) = (rest, true);
            }
        }
    }
    plain
}

/// The format that reads most of the lines as they are.
fn best(lines: &[&[u8]], zone: &TimeZone) -> Result<Detected, DetectError> {
    let fits: Vec<Fit> = FORMATS.iter().map(|entry| fit(entry.name, (entry.build)(zone).into(), lines)).collect();
    // `max_by_key` keeps the last of equals; the first in the table is wanted.
    let best = fits.iter().rev().max_by_key(|fit| (fit.good, known(&fit.parser.carries())));
    if let Some(fit) = best.filter(|fit| fit.good > 0 && fit.good * 2 >= fit.lines) {
        let confidence = u8::try_from(fit.good * 100 / fit.lines).unwrap_or(100).max(1);
        return Ok(Detected { name: fit.name, wrapped: false, parser: Arc::clone(&fit.parser), confidence });
    }
    let closest = fits.iter().rev().filter(|fit| fit.rejected.is_some()).max_by_key(|fit| (fit.good, fit.reach));
    match closest.and_then(|fit| fit.rejected.map(|(line, error)| (fit.name, line, error))) {
        Some((name, line, error)) => Err(DetectError::Unknown { name, line, at: error.at, wanted: error.wanted }),
        None => Err(DetectError::Empty),
    }
}

fn fit(name: &'static str, parser: Arc<dyn Parser>, lines: &[&[u8]]) -> Fit {
    let mut current = Arc::clone(&parser);
    let mut fit = Fit { name, parser, lines: 0, good: 0, rejected: None, reach: 0 };
    for (at, line) in lines.iter().enumerate() {
        let mut simple = Vec::new();
        if memchr::memchr(b'\\', line).is_some() {
            simple.extend_from_slice(line);
            current.simplify(&mut simple);
        }
        let line = if simple.is_empty() { line } else { &simple[..] };
        match read(&mut current, line) {
            Ok(None) => continue,
            Ok(Some(event)) => {
                if fit.good == 0 {
                    fit.parser = Arc::clone(&current);
                }
                fit.good += usize::from(plausible(&event));
                fit.reach += line.len();
            }
            Err(error) => {
                fit.reach += error.at;
                fit.rejected.get_or_insert((at + 1, error));
            }
        }
        fit.lines += 1;
    }
    fit
}

/// Whether an event looks like one, and not like the values of another format under wrong names.
pub(super) fn plausible(event: &Event<'_>) -> bool {
    let letters = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte));
    let url = |text: &[u8]| text.windows(3).any(|part| part == b"://");
    let place = |text: &[u8]| {
        url(text) || text.first() == Some(&b'/') || text.contains(&b':') || text.contains(&b'.') || text == b"*"
    };
    event.method.is_none_or(letters)
        && (place(event.target) || event.target.is_empty() && event.host.is_some_and(place))
        && event.referer.is_none_or(|referer| url(referer.raw) || !referer.raw.contains(&b' '))
        && event.agent.is_none_or(|agent| !agent.raw.starts_with(b"http://") && !agent.raw.starts_with(b"https://"))
}

/// How much a format tells.
pub(super) fn known(fields: &Fields) -> usize {
    let Fields { bytes_up, bytes_down, duration, agent, referer, action, user, subsecond } = *fields;
    [bytes_up, bytes_down, duration, agent, referer, action, user, subsecond].iter().filter(|known| **known).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Reason;

    #[track_caller]
    fn name(lines: &str) -> &'static str {
        detect(lines.lines().map(str::as_bytes)).unwrap().name
    }

    const NATIVE: &str =
        "1700000000.123 4 10.0.0.1 TCP_MISS/200 904 GET http://e.com/ - HIER_DIRECT/203.0.113.10 text/html";
    const CLF: &str = r#"10.0.0.1 - - [22/Nov/2026:10:30:51 +0000] "GET http://e.com/ HTTP/1.1" 200 1313"#;

    #[test]
    fn each_layout_is_told_from_its_neighbours() {
        assert_eq!(name(NATIVE), "squid");
        assert_eq!(name(&format!("{NATIVE} [Host: e.com\\r\\n] [HTTP/1.1 200 OK]")), "squid");
        assert_eq!(name(&format!("{NATIVE} \"-\" \"curl/8 (x y)\"")), "squid-headers");
        assert_eq!(name(&format!("{NATIVE} \"curl/8 (x y)\"")), "squid-agent");
    }

    #[test]
    fn common_log_layouts() {
        assert_eq!(name(&format!("{CLF} TCP_MISS:HIER_DIRECT")), "common");
        assert_eq!(name(&format!("{CLF} \"-\" \"curl\" TCP_MISS:HIER_DIRECT")), "combined");
        assert_eq!(name(&format!("{CLF} \"-\" \"curl\" TCP_MISS:HIER_DIRECT [a: b] [c]")), "combined");
    }

    #[test]
    fn extended_layouts() {
        let head = "1700000000.123 4 10.0.0.1";
        let tail = "HIER_DIRECT/203.0.113.10 text/html";
        let rich = format!(r#"{head} TCP_MISS/200 904 333 GET http://e.com/ - {tail} "http://r/" "curl/8 (x)""#);
        assert_eq!(name(&rich), "squid-extended");
        let user = format!(r#"{head} bob TCP_MISS/200 904 333 GET http://e.com/ {tail} "curl/8 (x)" "http://r/""#);
        assert_eq!(name(&user), "squid-extended-user");
    }

    #[test]
    fn some_bad_lines_do_not_hide_the_format() {
        let found = detect([NATIVE.as_bytes(), b"junk", b"", b"# comment", NATIVE.as_bytes()]).unwrap();
        assert_eq!((found.name, found.confidence), ("squid", 66));
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(detect([]).unwrap_err(), DetectError::Empty);
        assert_eq!(detect([&b""[..], b"# only comments"]).unwrap_err(), DetectError::Empty);
        let error = detect([&b"1700000000.123 4 x"[..]]).unwrap_err();
        assert_eq!(error, DetectError::Unknown { name: "squid", line: 1, at: 17, wanted: Reason::Client });
        assert!(error.to_string().contains("line 1 has no client at byte 17"), "{error}");
    }
}
