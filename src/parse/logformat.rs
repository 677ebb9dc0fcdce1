//! Any format that Squid's `logformat` directive can describe, compiled once into a parser.
//!
//! ```text
//! logformat NAME %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %>ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h"
//! ```
//!
//! Give the string as it stands in `squid.conf`, with or without `logformat NAME` before it. A format needs a time,
//! a client or user, and a URL or host; whatever else it has is used where it is of use, and read over where not.
//!
//! # Knows
//!
//! What the format has: `%>st` bytes from the client, `%{User-Agent}>h` agent, `%{Referer}>h` referer, `%tr` duration,
//! `%Ss` what the proxy did, `%un` user, `%ssl::>sni` or `%{Host}>h` the host where the URL has an address.
//!
//! # Does not know
//!
//! What the format has not. `%>st` counts the bytes of a tunnel since Squid 3.5.26.
//!
//! # Reads too
//!
//! Formats that look like JSON, if their texts stand in quotes: `{"ts":%ts.%03tu,"src":"%>a","url":"%ru"}`. Codes of
//! any version, also unknown ones, by the text that follows them. Dates of `%{strftime}tl` and `%{strftime}tg`; those
//! that name no offset are in the zone of the proxy.

mod code;
mod draft;
mod lex;
mod plan;
mod read;
mod strftime;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::{ParseError, Parser};
use crate::event::{Event, Fields};

/// A compiled format string.
#[derive(Clone, Debug)]
pub struct Logformat {
    plan: plan::Plan,
}

/// Why a format string was refused. Positions are byte offsets in the string as given, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A `%` without a code after it.
    #[error("logformat: the `%` at byte {at} has no code after it; write `%%` for a percent sign")]
    NoCode {
        /// Where the `%` stands.
        at: usize,
    },
    /// A brace that is not closed.
    #[error("logformat: the `{{` of the code at byte {at} is not closed; add `}}` after its argument")]
    OpenBrace {
        /// Where the `%` stands.
        at: usize,
    },
    /// Two values that no text separates.
    #[error(
        "logformat: nothing stands between the code at byte {at} and the one before it, so their values cannot be told apart; put a space between them"
    )]
    Adjacent {
        /// Where the second `%` stands.
        at: usize,
    },
    /// A conversion that cannot be read back.
    #[error(
        "logformat: the date at byte {at} has the conversion `%{conversion}`, which cannot be read back; use %Y %m %b %d %H %M %S %z, %F, %T or %s"
    )]
    Conversion {
        /// Where the `%` of the code stands.
        at: usize,
        /// The letter.
        conversion: char,
    },
    /// A date without a year, month, day, hour or minute.
    #[error(
        "logformat: the date at byte {at} lacks year, month, day, hour or minute; use `%tl` without an argument or `%{{%Y-%m-%dT%H:%M:%S%z}}tl`"
    )]
    Date {
        /// Where the `%` stands.
        at: usize,
    },
    /// Something no event can do without.
    #[error("logformat: the format has no {what}; add `{code}` to it in squid.conf")]
    Lacks {
        /// What is missing.
        what: &'static str,
        /// The code that logs it.
        code: &'static str,
    },
}

impl Logformat {
    /// Compiles a format string; dates without an offset are taken for UTC.
    ///
    /// # Errors
    ///
    /// [`CompileError`], which says where and what to do.
    pub fn compile(format: &str) -> Result<Logformat, CompileError> {
        Logformat::compile_in(format, &TimeZone::UTC)
    }

    /// Compiles a format string of a proxy in that zone.
    ///
    /// # Errors
    ///
    /// [`CompileError`], which says where and what to do.
    pub fn compile_in(format: &str, zone: &TimeZone) -> Result<Logformat, CompileError> {
        let bare = bare(format);
        let base = format.len() - format.trim_end().len();
        let base = format.len() - base - bare.len();
        Ok(Logformat { plan: plan::plan(lex::pieces(bare, base)?, zone)? })
    }
}

/// The format string without `logformat NAME` and the blanks around it.
fn bare(format: &str) -> &str {
    let format = format.trim();
    let named = format.strip_prefix("logformat").filter(|rest| rest.starts_with([' ', '\t']));
    match named {
        Some(rest) => rest.trim_start().split_once([' ', '\t']).map_or("", |(_, format)| format.trim_start()),
        None => format,
    }
}

impl Parser for Logformat {
    #[inline]
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        match line {
            [] | [b'#', ..] => Ok(None),
            [b' ' | b'\t', ..] if line.trim_ascii().is_empty() => Ok(None),
            _ => self.plan.read(line),
        }
    }

    fn carries(&self) -> Fields {
        self.plan.fields
    }
}
