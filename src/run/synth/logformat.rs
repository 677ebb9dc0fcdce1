//! Squid's `logformat` language: a string becomes a list of texts and values.
//!
//! The rules of quoting follow Squid's `Format.cc` and `Quoting.cc`: a value inside an open `"` is escaped with
//! backslashes, one inside an open `[` as a MIME blob.

use anyhow::{Context, bail};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Seconds,
    Millis,
    Local,
    Gmt,
    Start,
    Elapsed,
    Client,
    ClientPort,
    Tag,
    Status,
    ServerStatus,
    Down,
    Up,
    Both,
    Method,
    Url,
    WholeUrl,
    UrlHost,
    UrlPort,
    UrlPath,
    Scheme,
    Version,
    User,
    Hierarchy,
    Server,
    ServerName,
    ServerPort,
    Mime,
    Referer,
    Agent,
    HostHeader,
    Sni,
    Error,
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Raw,
    Quotes,
    Blob,
    Url,
}

/// A piece of a line.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Text(Vec<u8>),
    Value(Value),
}

/// A value of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) code: Code,
    pub(super) quoting: Quoting,
    pub(super) left: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) max: usize,
}

/// Codes, longer before those they start with.
const CODES: &[(&str, Code)] = &[
    ("ssl::>sni", Code::Sni),
    ("tls::>sni", Code::Sni),
    ("err_code", Code::Error),
    (">Hs", Code::Status),
    ("<Hs", Code::ServerStatus),
    (">st", Code::Up),
    ("<st", Code::Down),
    (">ru", Code::WholeUrl),
    (">rd", Code::UrlHost),
    (">rP", Code::UrlPort),
    (">rp", Code::UrlPath),
    (">rs", Code::Scheme),
    (">rm", Code::Method),
    ("<rm", Code::Method),
    (">rv", Code::Version),
    ("Hs", Code::Status),
    ("st", Code::Both),
    ("ts", Code::Seconds),
    ("tu", Code::Millis),
    ("tl", Code::Local),
    ("tg", Code::Gmt),
    ("tS", Code::Start),
    ("tr", Code::Elapsed),
    (">a", Code::Client),
    (">A", Code::Client),
    (">p", Code::ClientPort),
    ("Ss", Code::Tag),
    ("rm", Code::Method),
    ("ru", Code::Url),
    ("rp", Code::UrlPath),
    ("rv", Code::Version),
    ("un", Code::User),
    ("ul", Code::User),
    ("ui", Code::Absent),
    ("ue", Code::Absent),
    ("et", Code::Absent),
    ("ea", Code::Absent),
    ("Sh", Code::Hierarchy),
    ("<a", Code::Server),
    ("<A", Code::ServerName),
    ("<p", Code::ServerPort),
    ("mt", Code::Mime),
];

/// Compiles a format string.
pub(super) fn compile(text: &str) -> anyhow::Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let (mut quoted, mut bracketed) = (false, false);
    let mut rest = text;
    while !rest.is_empty() {
        let Some(after) = rest.strip_prefix('%') else {
            let end = rest.find('%').unwrap_or(rest.len());
            for byte in rest[..end].bytes() {
                match byte {
                    b'"' => quoted = !quoted,
                    b'[' if !quoted => bracketed = true,
                    b']' => bracketed = false,
                    _ => {}
                }
            }
            tokens.push(Token::Text(rest.as_bytes()[..end].to_vec()));
            rest = &rest[end..];
            continue;
        };
        if let Some(after) = after.strip_prefix('%') {
            tokens.push(Token::Text(b"%".to_vec()));
            rest = after;
            continue;
        }
        let implied = if quoted { Some(Quoting::Quotes) } else { bracketed.then_some(Quoting::Blob) };
        let (value, after) = token(after, implied)
            .with_context(|| format!("at byte {} of logformat {text:?}", text.len() - rest.len()))?;
        tokens.push(Token::Value(value));
        rest = after;
    }
    Ok(tokens)
}

fn digits(text: &str) -> (usize, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().unwrap_or(0).min(4096), &text[end..])
}

fn argument(text: &str) -> (Option<&str>, &str) {
    match text.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        Some((argument, after)) => (Some(argument), after),
        None => (None, text),
    }
}

/// One token after its `%`, and what follows it.
fn token(text: &str, implied: Option<Quoting>) -> anyhow::Result<(Value, &str)> {
    let mut rest = text;
    let mut quoting = implied;
    if let Some(first) = rest.chars().next() {
        let flag = match first {
            '"' | '/' => Some(Quoting::Quotes),
            '[' => Some(Quoting::Blob),
            '#' => Some(Quoting::Url),
            '\'' => Some(Quoting::Raw),
            _ => None,
        };
        if flag.is_some() {
            quoting = flag;
            rest = &rest[1..];
        }
    }
    let left = rest.starts_with('-');
    rest = rest.strip_prefix('-').unwrap_or(rest);
    let zero = rest.starts_with('0');
    let (width, after) = digits(rest);
    rest = after;
    let mut max = usize::MAX;
    if let Some(after) = rest.strip_prefix('.') {
        (max, rest) = digits(after);
    }
    let (before, after) = argument(rest);
    rest = after;
    rest = rest.strip_prefix("http::").unwrap_or(rest);
    let header = [">ha", ">h"].into_iter().find_map(|code| rest.strip_prefix(code));
    let is_header = header.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let (code, after) = if let (Some(after), true) = (header, is_header) {
        (None, after)
    } else {
        let Some((name, code)) = CODES.iter().find(|(name, _)| rest.starts_with(name)) else {
            bail!("%{} is not a code this writer knows", rest.split([' ', '"', ']']).next().unwrap_or(rest));
        };
        (Some(*code), &rest[name.len()..])
    };
    let (behind, after) = argument(after);
    let code = code.unwrap_or_else(|| match before.or(behind).unwrap_or("").to_ascii_lowercase().as_str() {
        "referer" => Code::Referer,
        "user-agent" => Code::Agent,
        "host" => Code::HostHeader,
        _ => Code::Absent,
    });
    let passed = matches!(code, Code::Referer | Code::Agent | Code::HostHeader);
    let quoting = quoting.unwrap_or(if passed { Quoting::Url } else { Quoting::Raw });
    Ok((Value { code, quoting, left, zero, width, max }, after))
}

impl Quoting {
    /// Appends one byte of a value.
    pub(super) fn byte(self, byte: u8, out: &mut Vec<u8>) {
        let hex = |digits: &[u8; 16]| [b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
        match (self, byte) {
            (Quoting::Quotes, b'"' | b'\\') => out.extend([b'\\', byte]),
            (Quoting::Blob, b'\\') => out.extend(b"\\\\"),
            (Quoting::Blob, b'%' | b'[' | b']' | 0..0x20 | 0x7f..) => out.extend(hex(b"0123456789abcdef")),
            (
                Quoting::Url,
                b' ' | b'<' | b'>' | b'"' | b'#' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'~' | b'[' | b']' | b'`',
            )
            | (Quoting::Url, b'\'' | 0..0x20 | 0x7f..) => out.extend(hex(b"0123456789ABCDEF")),
            _ => out.push(byte),
        }
    }
}
