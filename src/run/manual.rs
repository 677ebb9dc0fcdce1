//! `deguchi formats`, `detectors` and `explain NAME`: what can be read, what is looked for, a manual page for each.

use crate::catalog::{self, Entry, UnknownName};
use crate::detect::DETECTORS;
use crate::parse::{FORMATS, PAGES};
use std::fmt::Write;

/// Manual pages of no format and no detector.
const GUIDES: &[Entry<()>] = &[Entry { name: "first-hour", source: include_str!("first_hour.rs"), build: () }];

/// One line a row: its name, and the first line of its manual page.
pub fn list<B>(table: &[Entry<B>]) -> String {
    let width = table.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for entry in table {
        let summary = entry.summary();
        let about = summary.split_once(": ").map_or(summary.as_str(), |(_, about)| about);
        let _ = writeln!(text, "{:width$}  {about}", entry.name);
    }
    text
}

/// The list of formats.
pub fn formats() -> String {
    list(FORMATS)
}

/// The list of detectors.
pub fn detectors() -> String {
    list(DETECTORS)
}

/// The manual page of a format or detector, or a guide.
///
/// # Errors
///
/// No row has that name; the error says which may have been meant.
pub fn explain(name: &str) -> Result<String, UnknownName> {
    if let Ok(entry) = catalog::find("detector", DETECTORS, name) {
        return Ok(entry.manual());
    }
    let pages: Vec<Entry<()>> = (FORMATS.iter().map(|e| (e.name, e.source)))
        .chain(DETECTORS.iter().map(|e| (e.name, e.source)))
        .map(|(name, source)| Entry { name, source, build: () })
        .chain(PAGES.iter().chain(GUIDES).copied())
        .collect();
    catalog::find("page", &pages, name).map(Entry::manual)
}
