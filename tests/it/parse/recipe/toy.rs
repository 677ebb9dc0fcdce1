//! Toy proxy: six words a line.
//!
//! ```text
//! 1767323045 192.0.2.10 taro GET http://www.example.com/ 904
//! ```
//!
//! # Knows
//!
//! End to the second, client, user, method, URL, bytes to the client.
//!
//! # Does not know
//!
//! Bytes from the client, duration, User-Agent, Referer, what was refused.

use super::{ParseError, Parser, Reason};
use crate::event::{Encoding, Event, Fields, Text};

/// Reads it.
pub struct Toy;

impl Parser for Toy {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let Some(time) = words.next() else { return Ok(None) };
        let wrong = |wanted| ParseError { at: 0, wanted };
        let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<u32>().ok();
        let time = i64::from(number(time).ok_or(wrong(Reason::Time))?) * 1000;
        let (client, user, method) = (words.next(), words.next(), words.next());
        let user = user.map(|raw| Text { raw, encoding: Encoding::Raw });
        let target = words.next().ok_or(wrong(Reason::Target))?;
        let bytes_down = Some(words.next().and_then(number).ok_or(wrong(Reason::Size))?.into());
        Ok(Some(Event { time, client, user, method, target, bytes_down, ..Event::default() }))
    }

    fn carries(&self) -> Fields {
        Fields { bytes_down: true, user: true, ..Fields::default() }
    }
}
