//! One row, cut into cells by a layout.

use memchr::memchr;

use super::layout::Layout;
use crate::event::{Event, near};
use crate::parse::record::{Column, Reading, Record};
use crate::parse::{ParseError, Reason};

/// Reads a row. One that is not as long as its header says is tried as one of the known layouts of that length, which is
/// taken if all of its typed cells are of their types; else as far as it goes.
#[inline]
pub(super) fn read<'a>(
    line: &'a [u8],
    layout: Option<&Layout>,
    known: &[Layout],
    reading: &Reading,
) -> Result<Event<'a>, ParseError> {
    let mut record = Record::new();
    let Some(layout) = layout else { return other(line, None, known, reading) };
    match cut(line, layout, &mut record) {
        count if count == layout.count => record.event(line, reading),
        _ => other(line, Some(layout), known, reading),
    }
}

/// A row without a header, or of another length than its header says.
#[cold]
fn other<'a>(
    line: &'a [u8],
    layout: Option<&Layout>,
    known: &[Layout],
    reading: &Reading,
) -> Result<Event<'a>, ParseError> {
    for known in known {
        let mut record = Record::new();
        if cut(line, known, &mut record) == known.count
            && let Ok(event) = record.event(line, reading)
        {
            return Ok(Event { ambiguous: layout.is_some(), ..event });
        }
    }
    let Some(layout) = layout else { return Err(ParseError { at: 0, wanted: Reason::Literal }) };
    let mut record = Record::new();
    cut(line, layout, &mut record);
    record.event(line, reading).map(|event| Event { ambiguous: true, ..event })
}

/// Cuts a row into cells; how many there are.
#[inline]
fn cut<'a>(line: &'a [u8], layout: &Layout, record: &mut Record<'a>) -> usize {
    let blank = |byte: u8| byte == b'\t' || byte == b' ' && !layout.tabs;
    let mut rest = line;
    let mut count = 0;
    // A quote that nothing closes is no quote, and then none behind it is: so no byte is looked at more than twice.
    let mut quotes = true;
    loop {
        if !layout.tabs {
            while let [b' ' | b'\t', after @ ..] = rest {
                rest = after;
            }
        }
        if rest.is_empty() {
            return count;
        }
        let column = layout.columns.get(count).copied().unwrap_or(Column::Other);
        let closed = match rest {
            [b'"', ..] if quotes => {
                let end = quoted(rest, blank);
                quotes = end.is_some();
                end
            }
            [b'[', ..] if column == Column::Stamp => memchr(b']', rest).map(|at| at + 1),
            _ => None,
        };
        let end = closed.or_else(|| if layout.tabs { near([b'\t'], rest) } else { near([b' ', b'\t'], rest) });
        let (cell, after) = rest.split_at(end.unwrap_or(rest.len()));
        record.put(column, cell);
        rest = after.get(1..).unwrap_or_default();
        count += 1;
    }
}

/// Where a cell in quotes ends: behind the first quote that is not doubled and that ends the row or has a blank behind it.
#[inline]
fn quoted(rest: &[u8], blank: impl Fn(u8) -> bool) -> Option<usize> {
    let mut from = 1;
    while let Some(found) = rest.get(from..).and_then(|rest| memchr(b'"', rest)) {
        let end = from + found + 1;
        match rest.get(end) {
            None => return Some(end),
            Some(&byte) if blank(byte) => return Some(end),
            Some(b'"') => from = end + 1,
            Some(_) => from = end,
        }
    }
    None
}
