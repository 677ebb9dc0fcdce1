//! Paths and queries: templates with blanks, filled from a seed when the line is written.
//!
//! A template is what one piece of software always says; the seed is what changes. The same seed gives the same text,
//! which is how a constant URL and an endless supply of random ones are one mechanism.

use super::dice::Dice;
use super::words;

/// A part of a path.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// As it stands.
    Text(Box<str>),
    /// A word of the list.
    Word,
    /// Some words joined by `-`, at least and at most.
    Slug(u8, u8),
    /// Lower-case hexadecimal digits, at least and at most.
    Hex(u16, u16),
    /// Decimal digits, at least and at most, no leading zero.
    Digits(u8, u8),
    /// Letters and digits, URL-safe base64.
    Base64(u16, u16),
    /// Base64 whose `+`, `/` and `=` are percent-escaped.
    Escaped(u16, u16),
    /// Every byte percent-escaped, as if a cipher's bytes were sent.
    Percent(u16, u16),
    /// One of several texts.
    OneOf(Box<[Box<str>]>),
    /// A UUID.
    Uuid,
}

/// A path with blanks.
#[derive(Clone, Debug)]
pub(super) struct Template(pub(super) Box<[Piece]>);

impl Template {
    /// Compiles a notation used only in this module's tables: `{word}`, `{slug 2 4}`, `{hex 8}`, `{dec 1 3}`, `{b64 10 40}`,
    /// `{esc 10 40}`, `{pct 10 40}`, `{uuid}`, `{a|b|c}`; everything else stands for itself.
    pub(super) fn new(notation: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = notation;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].into()));
            }
            let close = open + rest[open..].find('}').unwrap_or(rest.len() - open - 1);
            pieces.push(Self::blank(&rest[open + 1..close]));
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Template(pieces.into())
    }

    fn blank(text: &str) -> Piece {
        if text.contains('|') {
            return Piece::OneOf(text.split('|').map(Into::into).collect());
        }
        let mut words = text.split(' ');
        let name = words.next().unwrap_or("");
        let low: u16 = words.next().and_then(|w| w.parse().ok()).unwrap_or(1);
        let high: u16 = words.next().and_then(|w| w.parse().ok()).unwrap_or(low);
        match name {
            "slug" => Piece::Slug(low as u8, high as u8),
            "hex" => Piece::Hex(low, high),
            "dec" => Piece::Digits(low as u8, high as u8),
            "b64" => Piece::Base64(low, high),
            "esc" => Piece::Escaped(low, high),
            "pct" => Piece::Percent(low, high),
            "uuid" => Piece::Uuid,
            _ => Piece::Word,
        }
    }

    /// Writes the path and query for `seed`.
    pub(super) fn render(&self, seed: u64, out: &mut Vec<u8>) {
        let mut dice = Dice::new(seed);
        for piece in &self.0 {
            piece.render(&mut dice, out);
        }
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `count` lower-case hexadecimal digits.
pub(super) fn hex(dice: &mut Dice, count: u64, out: &mut Vec<u8>) {
    let mut left = count;
    while left > 0 {
        let mut bits = dice.next();
        for _ in 0..left.min(16) {
            out.push(HEX[(bits & 15) as usize]);
            bits >>= 4;
        }
        left = left.saturating_sub(16);
    }
}

fn sextets(dice: &mut Dice, count: u64, mut put: impl FnMut(u8)) {
    let mut left = count;
    while left > 0 {
        let mut bits = dice.next();
        for _ in 0..left.min(10) {
            put(BASE64[(bits & 63) as usize]);
            bits >>= 6;
        }
        left = left.saturating_sub(10);
    }
}

impl Piece {
    fn render(&self, dice: &mut Dice, out: &mut Vec<u8>) {
        match self {
            Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Word => out.extend_from_slice(words::word(dice).as_bytes()),
            Piece::Slug(low, high) => {
                for i in 0..dice.range((*low).into(), (*high).into()) {
                    if i > 0 {
                        out.push(b'-');
                    }
                    out.extend_from_slice(words::word(dice).as_bytes());
                }
            }
            Piece::Hex(low, high) => {
                let count = dice.range((*low).into(), (*high).into());
                hex(dice, count, out);
            }
            Piece::Digits(low, high) => {
                for i in 0..dice.range((*low).into(), (*high).into()) {
                    out.push(b'0' + if i == 0 { 1 + dice.below(9) as u8 } else { dice.below(10) as u8 });
                }
            }
            Piece::Base64(low, high) => {
                let count = dice.range((*low).into(), (*high).into());
                sextets(dice, count, |byte| out.push(byte));
            }
            Piece::Escaped(low, high) => {
                let count = dice.range((*low).into(), (*high).into()) / 4 * 4;
                sextets(dice, count, |byte| match byte {
                    b'-' => out.extend_from_slice(b"%2B"),
                    b'_' => out.extend_from_slice(b"%2F"),
                    _ => out.push(byte),
                });
                if dice.chance(0.6) {
                    out.extend_from_slice(b"%3D");
                }
            }
            Piece::Percent(low, high) => {
                for _ in 0..dice.range((*low).into(), (*high).into()) {
                    let byte = dice.next() as u8;
                    if byte.is_ascii_alphanumeric() {
                        out.push(byte);
                    } else {
                        out.extend([b'%', HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]);
                    }
                }
            }
            Piece::OneOf(texts) => out.extend_from_slice(dice.pick(texts).as_bytes()),
            Piece::Uuid => {
                for (i, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
                    if i > 0 {
                        out.push(b'-');
                    }
                    hex(dice, digits, out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(notation: &str, seed: u64) -> String {
        let mut out = Vec::new();
        Template::new(notation).render(seed, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn blanks_are_filled_to_length() {
        assert_eq!(text("/a/b.php", 1), "/a/b.php");
        assert_eq!(text("/{hex 20}", 1).len(), 21);
        assert_eq!(text("/{b64 33}?x", 1).len(), 36);
        assert_eq!(text("/{uuid}", 1).len(), 37);
        assert!(["/x", "/y"].contains(&text("/{x|y}", 5).as_str()));
        assert_eq!(text("/{slug 2 3}/{dec 4}", 9), text("/{slug 2 3}/{dec 4}", 9));
        assert_ne!(text("/{b64 20}", 9), text("/{b64 20}", 10));
    }
}
