//! Text as a proxy wrote it: raw bytes and the escaping they came in.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

/// How a field was escaped when it was logged; Squid's `logformat` modifiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    #[default]
    Raw,
    /// `\"`, `\\`, `\r`, `\n`, `\t` inside double quotes (`%"`).
    Quoted,
    /// `%xx` and `\\`, `\r`, `\n` (`%[`, Squid's "mime blob").
    Blob,
    /// `%XX` (`%#`, and the pass-through variant that leaves `%` alone).
    Url,
    /// Shell quoting (`%/`).
    Shell,
    /// `""` for a quote inside double quotes (W3C extended, CSV).
    Doubled,
    /// `\uXXXX`, `\/` and the other escapes of JSON strings.
    Json,
    /// `+` for a space (Microsoft's W3C extended logs); a `+` the client sent cannot be told from it.
    Plus,
    /// `%XX`, and `+` for a space (forms of HTML; i-FILTER).
    Form,
    /// As [`Encoding::Doubled`], in Shift_JIS as Windows has it (code page 932) where it is no UTF-8.
    ShiftJis,
}

/// A field as logged, with what is needed to read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text<'a> {
    /// The bytes between the delimiters.
    pub raw: &'a [u8],
    /// How to undo the escaping.
    pub encoding: Encoding,
}

impl<'a> Text<'a> {
    /// The text as the client sent it. Borrows where nothing was escaped; never longer than the raw bytes, of
    /// [`Encoding::ShiftJis`] than three times these.
    ///
    /// An escape that no proxy writes (`\q`, `%zz`, a backslash at the end) stands for itself. The pass-through
    /// variant of [`Encoding::Url`] cannot be told from the full one, so a `%41` the client sent itself is undone too.
    pub fn decode(&self) -> Cow<'a, [u8]> {
        let (text, first) = match self.encoding {
            Encoding::Raw => (self.raw, None),
            Encoding::Quoted => (self.raw, memchr(b'\\', self.raw)),
            Encoding::Blob => (self.raw, memchr2(b'%', b'\\', self.raw)),
            Encoding::Url => (self.raw, memchr(b'%', self.raw)),
            Encoding::Doubled => return replaced(self.raw, b"\"\"", b'"'),
            Encoding::Json => {
                let first = memchr(b'\\', self.raw);
                return first.map_or(Cow::Borrowed(self.raw), |first| Cow::Owned(of_json(self.raw, first)));
            }
            Encoding::Plus => return replaced(self.raw, b"+", b' '),
            Encoding::Form => {
                let spaced = replaced(self.raw, b"+", b' ');
                return match memchr(b'%', &spaced) {
                    Some(first) => Cow::Owned(unescape(&spaced, first, Encoding::Url)),
                    None => spaced,
                };
            }
            Encoding::ShiftJis => return unicode(replaced(self.raw, b"\"\"", b'"')),
            Encoding::Shell => {
                let text = unwrap(self.raw);
                (text, memchr(b'\\', text))
            }
        };
        match first {
            None => Cow::Borrowed(text),
            Some(first) => Cow::Owned(unescape(text, first, self.encoding)),
        }
    }
}

/// Shift_JIS as UTF-8. What is UTF-8 already, or neither, stays as it is.
fn unicode(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if std::str::from_utf8(&text).is_ok() {
        return text;
    }
    match encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&text) {
        Some(decoded) => Cow::Owned(decoded.into_owned().into_bytes()),
        None => text,
    }
}

/// The text without the pair of double quotes that shell quoting puts around text with spaces.
fn unwrap(raw: &[u8]) -> &[u8] {
    match raw {
        [b'"', inner @ .., b'"'] => inner,
        _ => raw,
    }
}

/// Undoes the escapes of JSON from `first` on. What is no escape, or half of a pair, stands for itself.
fn of_json(text: &[u8], first: usize) -> Vec<u8> {
    let (before, mut rest) = text.split_at(first);
    let mut out = before.to_vec();
    let unit = |bytes: &[u8]| {
        let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
        digits.iter().try_fold(0_u16, |sum, &digit| Some(sum << 4 | u16::from(hex(digit)?)))
    };
    while let [byte, after @ ..] = rest {
        let plain = match rest {
            [b'\\', b'"' | b'\\' | b'/', ..] => after.first().copied(),
            [b'\\', b'n', ..] => Some(b'\n'),
            [b'\\', b'r', ..] => Some(b'\r'),
            [b'\\', b't', ..] => Some(b'\t'),
            [b'\\', b'b', ..] => Some(8),
            [b'\\', b'f', ..] => Some(12),
            _ => None,
        };
        if let (Some(plain), [_, after @ ..]) = (plain, after) {
            out.push(plain);
            rest = after;
            continue;
        }
        let units = unit(rest).map(|first| [first, rest.get(6..).and_then(unit).unwrap_or_default()]);
        let decoded = units.and_then(|units| char::decode_utf16(units).next()?.ok());
        match decoded {
            Some(letter) => {
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = rest.get(6 * letter.len_utf16()..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// The text with each `from` made `to`.
fn replaced<'a>(text: &'a [u8], from: &[u8], to: u8) -> Cow<'a, [u8]> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = memmem::find(rest, from).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(before);
        out.push(to);
        rest = after.get(from.len()..).unwrap_or_default();
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Undoes every escape from `first` on.
fn unescape(text: &[u8], first: usize, encoding: Encoding) -> Vec<u8> {
    let backslash = encoding != Encoding::Url;
    let percent = matches!(encoding, Encoding::Url | Encoding::Blob);
    let (before, mut rest) = text.split_at(first);
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(before);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'\\' && backslash {
            if let Some((plain, after)) = rest.split_first().and_then(|(b, a)| Some((control(*b, encoding)?, a))) {
                out.push(plain);
                rest = after;
                continue;
            }
        } else if byte == b'%'
            && percent
            && let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = after;
            continue;
        }
        out.push(byte);
    }
    out
}

/// What stands for the byte after a backslash.
fn control(byte: u8, encoding: Encoding) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'r' => Some(b'\r'),
        b'n' => Some(b'\n'),
        b'"' if encoding != Encoding::Blob => Some(b'"'),
        b't' if encoding == Encoding::Quoted => Some(b'\t'),
        _ => None,
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &[u8], encoding: Encoding) -> Vec<u8> {
        Text { raw, encoding }.decode().into_owned()
    }

    #[test]
    fn each_encoding_undoes_what_squid_writes() {
        assert_eq!(decode(br"a\b%41", Encoding::Raw), br"a\b%41");
        assert_eq!(decode(br#"q\"uo\\te\r\n\t%41"#, Encoding::Quoted), b"q\"uo\\te\r\n\t%41");
        assert_eq!(
            decode(br"CORP\\yamada%20taro\r\n%5b%e5%b1%b1", Encoding::Blob),
            "CORP\\yamada taro\r\n[山".as_bytes()
        );
        assert_eq!(decode(br"a%20b\n", Encoding::Url), br"a b\n");
        assert_eq!(decode(br#""say \"hi\" \\ bye""#, Encoding::Shell), br#"say "hi" \ bye"#);
        assert_eq!(decode(b"plain", Encoding::Shell), b"plain");
        assert_eq!(decode(br#"quo""ted """#, Encoding::Doubled), br#"quo"ted ""#);
        let json = br#"q\"uo\\te\/\r\n\t\u00e9\u5c71\uD83D\uDE00"#;
        assert_eq!(decode(json, Encoding::Json), "q\"uo\\te/\r\n\té山😀".as_bytes());
        assert_eq!(decode(br"\q\uD83D\u12\", Encoding::Json), br"\q\uD83D\u12\");
        assert_eq!(decode(b"Mozilla/5.0+(Windows+NT)", Encoding::Plus), b"Mozilla/5.0 (Windows NT)");
        assert_eq!(decode(b"Mozilla%2F5.0+%28a%2Bb%29", Encoding::Form), b"Mozilla/5.0 (a+b)");
        assert_eq!(decode(b"a+b", Encoding::Form), b"a b");
    }

    #[test]
    fn an_escape_no_proxy_writes_stands_for_itself() {
        assert_eq!(decode(br"\q\", Encoding::Quoted), br"\q\");
        assert_eq!(decode(b"%zz%4%", Encoding::Url), b"%zz%4%");
        assert_eq!(decode(br#"\"%4"#, Encoding::Blob), br#"\"%4"#);
        assert_eq!(decode(br#"""#, Encoding::Shell), br#"""#);
    }

    #[test]
    fn shift_jis_where_it_is_no_utf_8() {
        let user =
            |raw: &[u8]| String::from_utf8_lossy(&Text { raw, encoding: Encoding::ShiftJis }.decode()).into_owned();
        // The second byte of the first letter is a backslash.
        assert_eq!(user(b"\x83\x5c\x83\x8b_\xb1 \"\"x\"\""), "ソル_ｱ \"x\"");
        assert_eq!(user("corp\\山田".as_bytes()), "corp\\山田");
        assert_eq!(user(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn nothing_escaped_borrows() {
        for encoding in [
            Encoding::Raw,
            Encoding::Quoted,
            Encoding::Blob,
            Encoding::Url,
            Encoding::Shell,
            Encoding::Doubled,
            Encoding::Plus,
            Encoding::ShiftJis,
        ] {
            assert!(matches!(Text { raw: b"Mozilla/5.0 (X11)", encoding }.decode(), Cow::Borrowed(_)), "{encoding:?}");
        }
    }
}
