//! Squid `logformat` strings, compiled to a writer.
//!
//! The language and its rules of quoting follow Squid's `Format.cc` and `Quoting.cc`: a token inside an open `"` is
//! escaped with backslashes, one inside an open `[` as a MIME blob, whatever is empty is a lone `-`.

use anyhow::{Context, bail};

use super::line;
use super::row::{Method, NOWHERE, Row, Tag};
use super::world::World;

/// How lines are written.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// Squid's native format, by hand.
    Native,
    /// Any other.
    Compiled(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
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
enum Quoting {
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
    code: Code,
    quoting: Quoting,
    left: bool,
    zero: bool,
    width: usize,
    max: usize,
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

impl Format {
    /// Compiles a built-in format's name or a format string.
    pub(super) fn new(text: &str) -> anyhow::Result<Self> {
        // Squid's own `combined` does not escape what is between its quotes.
        let text = match text {
            "squid" => return Ok(Format::Native),
            "common" => r#"%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh"#,
            "combined" => r#"%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%'{Referer}>h" "%'{User-Agent}>h" %Ss:%Sh"#,
            "rich" => {
                r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#
            }
            other if other.contains('%') => other,
            other => bail!("{other:?} is neither squid, common, combined or rich nor a logformat string"),
        };
        Ok(Format::Compiled(compile(text)?))
    }

    /// Appends one line. Gives back how many bytes path and query have.
    pub(super) fn line(&self, world: &World, row: &Row, strip: bool, spare: &mut Vec<u8>, out: &mut Vec<u8>) -> u64 {
        let tokens = match self {
            Format::Native => return line::native(world, row, strip, out),
            Format::Compiled(tokens) => tokens,
        };
        let mut length = None;
        for token in tokens {
            match token {
                Token::Text(text) => out.extend_from_slice(text),
                Token::Value(value) => {
                    let start = out.len();
                    if let Some(found) = value.write(world, row, strip, out) {
                        length = Some(found);
                    }
                    value.finish(start, spare, out);
                }
            }
        }
        out.push(b'\n');
        length.unwrap_or_else(|| {
            spare.clear();
            line::url(world, &row.url, row.method, row.port, false, spare)
        })
    }
}

fn compile(text: &str) -> anyhow::Result<Vec<Token>> {
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
            tokens.push(Token::Text(rest[..end].as_bytes().to_vec()));
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

impl Value {
    fn write(&self, world: &World, row: &Row, strip: bool, out: &mut Vec<u8>) -> Option<u64> {
        let tunnel = row.method == Method::Connect;
        match self.code {
            Code::Seconds => line::number((row.end / 1000) as u64, out),
            Code::Millis => line::padded((row.end % 1000) as u64, self.width, b'0', out),
            Code::Start => line::stamp(row.end - i64::from(row.took), out),
            Code::Local => civil(row.end, world.calendar.offset, true, out),
            Code::Gmt => civil(row.end, 0, false, out),
            Code::Elapsed => line::number(row.took.into(), out),
            Code::Client => out.extend_from_slice(world.clients[row.client as usize].address.as_bytes()),
            Code::ClientPort => {
                line::number(49_152 + super::dice::mix(row.end as u64 ^ u64::from(row.client)) % 16_384, out);
            }
            Code::Tag => out.extend_from_slice(row.tag.text().as_bytes()),
            Code::Status => line::number(row.status.into(), out),
            Code::ServerStatus if row.tag.reached_out() && row.status > 0 => line::number(row.status.into(), out),
            Code::Down => line::number(row.down, out),
            Code::Up => line::number(row.up, out),
            Code::Both => line::number(row.up + row.down, out),
            Code::Method => out.extend_from_slice(row.method.text().as_bytes()),
            Code::Url => return Some(line::url(world, &row.url, row.method, row.port, strip, out)),
            Code::WholeUrl => return Some(line::url(world, &row.url, row.method, row.port, false, out)),
            Code::UrlHost | Code::HostHeader => {
                world.web.write_host(row.url.host, row.url.sub, out);
                if self.code == Code::HostHeader && tunnel {
                    out.push(b':');
                    line::number(row.port.into(), out);
                }
            }
            Code::UrlPort | Code::ServerPort => line::number(row.port.into(), out),
            Code::UrlPath if !tunnel => {
                let start = out.len();
                world.web.paths[usize::from(row.url.path)].render(row.url.seed, out);
                if strip && let Some(at) = memchr::memchr(b'?', &out[start..]) {
                    out.truncate(start + at + 1);
                }
            }
            Code::Scheme if !tunnel => out.extend_from_slice(b"http"),
            Code::Version => out.extend_from_slice(b"1.1"),
            Code::User => out.extend_from_slice(line::user(world, row).as_bytes()),
            Code::Hierarchy => {
                let text: &[u8] = if row.tag.reached_out() { b"HIER_DIRECT" } else { b"HIER_NONE" };
                out.extend_from_slice(text);
            }
            Code::Server if row.tag.reached_out() => world.web.write_address(row.url.host, row.url.sub, out),
            Code::ServerName if row.tag.reached_out() => world.web.write_host(row.url.host, row.url.sub, out),
            Code::Mime => out.extend_from_slice(row.mime.text().as_bytes()),
            Code::Referer if row.referer.host != NOWHERE => {
                line::url(world, &row.referer, Method::Get, 80, false, out);
            }
            Code::Agent => out.extend_from_slice(world.web.agents[usize::from(row.agent)].as_bytes()),
            Code::Sni if tunnel && row.tag == Tag::Tunnel => world.web.write_host(row.url.host, row.url.sub, out),
            Code::Error if row.tag == Tag::Denied => out.extend_from_slice(b"ERR_ACCESS_DENIED"),
            Code::Error if row.tag == Tag::Nothing => out.extend_from_slice(b"ERR_DNS_FAIL"),
            Code::Error if row.status == 503 => out.extend_from_slice(b"ERR_CONNECT_FAIL"),
            _ => {}
        }
        None
    }

    /// Quotes, cuts and pads what was written from `start` on.
    fn finish(&self, start: usize, spare: &mut Vec<u8>, out: &mut Vec<u8>) {
        if out.len() == start {
            out.push(b'-');
            return;
        }
        if self.quoting != Quoting::Raw {
            spare.clear();
            spare.extend_from_slice(&out[start..]);
            out.truncate(start);
            spare.iter().for_each(|byte| self.quoting.byte(*byte, out));
        }
        if out.len() - start > self.max && self.code != Code::Elapsed {
            out.truncate(start + self.max);
        }
        let missing = self.width.saturating_sub(out.len() - start);
        if missing > 0 {
            let number = matches!(self.code, Code::Status | Code::ServerStatus | Code::Elapsed | Code::Down | Code::Up);
            let fill = if self.zero && number { b'0' } else { b' ' };
            out.resize(out.len() + missing, fill);
            if !self.left {
                out[start..].rotate_right(missing);
            }
        }
    }
}

impl Quoting {
    fn byte(self, byte: u8, out: &mut Vec<u8>) {
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

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends `05/Jan/2026:09:00:00`, and ` +0900` if asked.
fn civil(time: i64, offset: i64, zone: bool, out: &mut Vec<u8>) {
    let seconds = (time + offset).div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u64);
    // Days to civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    line::padded(day as u64, 2, b'0', out);
    out.push(b'/');
    out.extend_from_slice(MONTHS[(month - 1) as usize].as_bytes());
    out.push(b'/');
    line::padded(year as u64, 4, b'0', out);
    for part in [second / 3600, second / 60 % 60, second % 60] {
        out.push(b':');
        line::padded(part, 2, b'0', out);
    }
    if zone {
        let minutes = offset / 60_000;
        out.extend([b' ', if minutes < 0 { b'-' } else { b'+' }]);
        let minutes = minutes.unsigned_abs();
        line::padded(minutes / 60 * 100 + minutes % 60, 4, b'0', out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let mut out = Vec::new();
        civil(1_767_571_200_000, 9 * 3_600_000, true, &mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII"), "05/Jan/2026:09:00:00 +0900");
        let mut out = Vec::new();
        civil(951_782_400_000 - 1, -(3 * 3_600_000 + 1_800_000), true, &mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII"), "28/Feb/2000:20:29:59 -0330");
    }

    #[test]
    fn quoting_follows_squid() {
        let quoted = |quoting: Quoting, text: &str| {
            let mut out = Vec::new();
            text.bytes().for_each(|byte| quoting.byte(byte, &mut out));
            String::from_utf8(out).expect("ASCII")
        };
        assert_eq!(quoted(Quoting::Quotes, r#"a "b" \"#), r#"a \"b\" \\"#);
        assert_eq!(quoted(Quoting::Blob, "a%[b] c"), "a%25%5bb%5d c");
        assert_eq!(quoted(Quoting::Url, "a b%20<"), "a%20b%20%3C");
    }

    #[test]
    fn strings_are_checked() {
        assert!(Format::new("%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt").is_ok());
        assert!(Format::new("%{Referer}>h %>ha{Host} %ssl::>sni %err_code %%").is_ok());
        let error = format!("{:#}", Format::new("%ts %nonsense").expect_err("unknown"));
        assert!(error.contains("byte 4") && error.contains("%nonsense"), "{error}");
        assert!(Format::new("sqiud").is_err());
    }
}
