//! Squid `logformat` strings, compiled to a writer.
//!
//! The language and its rules of quoting follow Squid's `Format.cc` and `Quoting.cc`: a token inside an open `"` is
//! escaped with backslashes, one inside an open `[` as a MIME blob, whatever is empty is a lone `-`.

use anyhow::bail;

use super::civil;
use super::line;
use super::logformat::{Code, Quoting, Token, Value, compile};
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

impl Value {
    fn write(&self, world: &World, row: &Row, strip: bool, out: &mut Vec<u8>) -> Option<u64> {
        let tunnel = row.method == Method::Connect;
        match self.code {
            Code::Seconds => line::number((row.end / 1000) as u64, out),
            Code::Millis => line::padded((row.end % 1000) as u64, self.width, b'0', out),
            Code::Start => line::stamp(row.end - i64::from(row.took), out),
            Code::Local => civil::write(row.end, world.calendar.offset, true, out),
            Code::Gmt => civil::write(row.end, 0, false, out),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let mut out = Vec::new();
        civil::write(1_767_571_200_000, 9 * 3_600_000, true, &mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII"), "05/Jan/2026:09:00:00 +0900");
        let mut out = Vec::new();
        civil::write(951_782_400_000 - 1, -(3 * 3_600_000 + 1_800_000), true, &mut out);
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
