//! A format string, cut into literal text and codes; keeps the quoting state that Squid keeps.

use super::CompileError;
use super::code::{self, Code, Field, Shape};
use crate::event::Encoding;

/// A part of a format string.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Text that stands in every line.
    Literal(Vec<u8>),
    /// A code.
    Value(Value),
}

/// A code with its modifiers.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// Byte offset of its `%` in the format string.
    pub(super) at: usize,
    pub(super) code: Code,
    pub(super) encoding: Encoding,
    /// What stands in braces.
    pub(super) argument: Option<String>,
    /// Padded with spaces: on the left, or on the right.
    pub(super) padded: Option<Side>,
    /// Exactly so many digits, padded with zeros.
    pub(super) zeros: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Which quotes of the literal text are open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Quote,
    Bracket,
}

/// Cuts a format string. `format` is the bare string; `base` is where it starts in what the user gave.
pub(super) fn pieces(format: &str, base: usize) -> Result<Vec<Piece>, CompileError> {
    let mut pieces = Vec::new();
    let mut open = Open::Nothing;
    let mut at = 0;
    while let Some(rest) = format.get(at..).filter(|rest| !rest.is_empty()) {
        let literal = rest.find('%').unwrap_or(rest.len());
        if literal > 0 {
            let text = rest.get(..literal).unwrap_or_default();
            for byte in text.bytes() {
                open = match (byte, open) {
                    (b'"', Open::Nothing) => Open::Quote,
                    (b'"', Open::Quote) | (b']', Open::Bracket) => Open::Nothing,
                    (b'[', Open::Nothing) => Open::Bracket,
                    _ => open,
                };
            }
            push(&mut pieces, text.as_bytes());
            at += literal;
        } else if rest.starts_with("%%") || rest.starts_with("%http::%") {
            push(&mut pieces, b"%");
            at += rest.get(1..).and_then(|rest| rest.find('%')).unwrap_or(0) + 2;
        } else {
            let (value, length) = value(rest, base + at, open)?;
            pieces.push(Piece::Value(value));
            at += length;
        }
    }
    Ok(pieces)
}

/// Adds literal text, joining it to literal text before it.
fn push(pieces: &mut Vec<Piece>, text: &[u8]) {
    match pieces.last_mut() {
        Some(Piece::Literal(before)) => before.extend_from_slice(text),
        _ => pieces.push(Piece::Literal(text.to_vec())),
    }
}

/// Reads one code, `%` included; returns it and its length.
fn value(text: &str, at: usize, open: Open) -> Result<(Value, usize), CompileError> {
    let mut rest = Rest { text, read: 1 };
    let flag = rest.one_of("\"[#/'");
    let right = rest.one_of("-").is_some();
    let zero = rest.one_of("0").is_some();
    let width = rest.number();
    let dot = rest.one_of(".").is_some();
    let precision = if dot { rest.number() } else { None };
    let mut argument = rest.argument(at)?;
    let name = rest.rest();
    let plain = name.strip_prefix("http::").unwrap_or(name);
    let spelled = match plain.strip_prefix("tls::") {
        Some(tls) => format!("ssl::{tls}"),
        None => plain.to_owned(),
    };
    let byte = plain.starts_with("byte{");
    let (code, length) = match code::at(&spelled) {
        Some(found) => found,
        None => return Err(CompileError::NoCode { at }),
    };
    rest.read += name.len() - plain.len() + length;
    if argument.is_none() {
        argument = rest.argument(at)?;
    }
    let code = match (plain.as_bytes(), &argument) {
        _ if byte => Code { field: Field::Skip, rank: 0, shape: Shape::Text, url: false },
        ([side @ (b'>' | b'<'), b'h', ..], Some(argument)) => code::header(code, argument, *side == b'<'),
        _ => code,
    };
    let encoding = match (flag, open) {
        (Some('"'), _) => Encoding::Quoted,
        (Some('['), _) => Encoding::Blob,
        (Some('#'), _) => Encoding::Url,
        (Some('/'), _) => Encoding::Shell,
        (Some(_), _) => Encoding::Raw,
        (None, Open::Quote) => Encoding::Quoted,
        (None, Open::Bracket) => Encoding::Blob,
        (None, Open::Nothing) if code.url => Encoding::Url,
        (None, Open::Nothing) => Encoding::Raw,
    };
    let number = matches!(code.shape, Shape::Number | Shape::Decimal);
    let padded = match width {
        Some(width) if width > 1 && !(zero && number) => Some(if right { Side::Right } else { Side::Left }),
        _ => None,
    };
    // `%03tu` prints three digits; `%.3tr` is a fraction and no width.
    let zeros = if zero && number && precision.is_none() { width } else { None };
    Ok((Value { at, code, encoding, argument, padded, zeros }, rest.read))
}

/// What of the text is not read yet.
struct Rest<'f> {
    text: &'f str,
    read: usize,
}

impl<'f> Rest<'f> {
    fn rest(&self) -> &'f str {
        self.text.get(self.read..).unwrap_or_default()
    }

    fn one_of(&mut self, set: &str) -> Option<char> {
        let found = self.rest().chars().next().filter(|next| set.contains(*next))?;
        self.read += found.len_utf8();
        Some(found)
    }

    fn number(&mut self) -> Option<usize> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.read += length;
        rest.get(..length)?.parse().ok()
    }

    fn argument(&mut self, at: usize) -> Result<Option<String>, CompileError> {
        let Some(inside) = self.rest().strip_prefix('{') else { return Ok(None) };
        match inside.split_once('}') {
            Some((argument, _)) => {
                self.read += argument.len() + 2;
                Ok(Some(argument.to_owned()))
            }
            None => Err(CompileError::OpenBrace { at }),
        }
    }
}
