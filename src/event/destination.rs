//! Where a request went: host, port, registrable domain, path and query, normalised.
//!
//! The unit of destination is the **registrable domain** by the public suffix list *with* its private section:
//! `x.example.co.jp` and `y.example.co.jp` are one, `a.github.io` and `b.github.io` are two. An IP literal is itself,
//! a single label is itself. What differs only in case, a trailing dot, percent-escapes, IDN spelling, userinfo, port or
//! the spelling of an address is the same destination.

use crate::event::{Event, Method, near};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a host is, which decides what its domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HostKind {
    /// A name with a registrable domain, or a public suffix itself.
    Name,
    /// An IPv4 or IPv6 literal; its domain is itself.
    Address,
    /// One label without a dot: an intranet name; its domain is itself.
    Label,
}

/// A target, cut but not normalised: cheap, where [`Normalizer::destination`] is dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// `userinfo@host:port` as logged; never empty.
    pub authority: &'a [u8],
    /// Port that the scheme stands for.
    pub scheme_port: Option<u16>,
    /// Path as logged, from its `/`; empty for CONNECT.
    pub path: &'a [u8],
    /// What follows the first `?`; `Some("")` if the proxy stripped it and left the `?`.
    pub query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    /// Cuts the target of an event. `None` if it names no host: pseudo-URLs (`error:invalid-request`), cache manager
    /// requests, a bare path without a logged host.
    #[inline]
    pub fn of(event: &Event<'a>) -> Option<Target<'a>> {
        let connect = Method::of(event.method) == Method::Connect;
        if let (Some(host), [] | [b'/', ..]) = (event.host, event.target) {
            return Target::of_parts(event, host, connect);
        }
        let mut target = split(event.target, connect)?;
        if let Some(named) = event.host {
            target.prefer(named);
        }
        target.scheme_port = target.scheme_port.or_else(|| port(event));
        (!target.authority.is_empty()).then_some(target)
    }

    /// The target of an event whose URL is logged in parts. A path of `//other/x` names no host there.
    fn of_parts(event: &Event<'a>, host: &'a [u8], connect: bool) -> Option<Target<'a>> {
        let (path, query) = if connect { (&b""[..], None) } else { path_query(event.target) };
        let scheme_port = port(event);
        let query = query.or(event.query.filter(|_| !connect));
        (!host.is_empty()).then_some(Target { authority: host, scheme_port, path, query })
    }

    /// A logged server name says more than a missing host, or than the address an intercepting proxy saw.
    fn prefer(&mut self, named: &'a [u8]) {
        let addressed = self.authority.first().is_some_and(|&b| b.is_ascii_digit() || b == b'[');
        let better = || named.iter().any(u8::is_ascii_alphabetic) && address(host_port(self.authority).0).is_some();
        if self.authority.is_empty() || (addressed && better()) {
            let own_port = host_port(self.authority).1;
            self.authority = named;
            self.scheme_port = own_port.or(self.scheme_port);
        }
    }
}

/// Where a request went. Borrows from the [`Normalizer`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// Lower case, no trailing dot, no brackets; A-labels; IPv4-mapped IPv6 as IPv4.
    pub host: &'a [u8],
    /// Registrable domain, IP literal or single label: the end of `host`.
    pub domain: &'a [u8],
    /// What the host is.
    pub kind: HostKind,
    /// Port of the authority; where it has none, [`Target::scheme_port`] may know.
    pub port: Option<u16>,
}

/// Normalises hosts; holds the buffer of the normal form, so that no line allocates.
#[derive(Debug, Default)]
pub struct Normalizer {
    host: Vec<u8>,
}

impl Normalizer {
    /// Host, registrable domain and port of an authority. `None` if the host is empty or longer than 255 bytes.
    pub fn destination(&mut self, authority: &[u8]) -> Option<Destination<'_>> {
        let (raw, port) = host_port(authority);
        let kind = self.normalize(raw)?;
        let host = self.host.as_slice();
        let domain = match kind {
            HostKind::Name => psl::domain(host).map_or(host, |d| d.as_bytes()),
            HostKind::Address | HostKind::Label => host,
        };
        Some(Destination { host, domain, kind, port })
    }

    /// Writes the normal form of `raw` to the buffer.
    fn normalize(&mut self, raw: &[u8]) -> Option<HostKind> {
        let raw = &raw[..raw.iter().rposition(|&b| b != b'.').map_or(0, |last| last + 1)];
        if raw.is_empty() || raw.len() > 255 {
            return None;
        }
        self.host.clear();
        self.host.extend_from_slice(raw);
        self.host.make_ascii_lowercase();
        // All bytes, and no stop at the first: so they are looked at 16 at a time.
        let odd = self.host.iter().fold(false, |odd, &b| odd | (b >= 0x80) | (b == b'%') | (b == b':'));
        if odd && self.host.iter().any(|&b| b >= 0x80 || b == b'%') {
            self.rewrite()?;
        }
        let last_dot = self.host.iter().rposition(|&b| b == b'.');
        let may_be_address = self.host.get(last_dot.map_or(0, |dot| dot + 1)).is_some_and(u8::is_ascii_digit);
        if (may_be_address || (odd && self.host.contains(&b':')))
            && let Some(ip) = address(&self.host)
        {
            use std::io::Write;
            self.host.clear();
            write!(self.host, "{ip}").ok()?;
            return Some(HostKind::Address);
        }
        Some(if last_dot.is_none() { HostKind::Label } else { HostKind::Name })
    }

    /// Percent-escapes and names beyond ASCII: the rare path. What no standard explains is kept as it is.
    #[cold]
    fn rewrite(&mut self) -> Option<()> {
        let decoded = unescape(&self.host);
        self.host = match idna::domain_to_ascii_cow(&decoded, idna::AsciiDenyList::EMPTY) {
            Ok(ascii) if !ascii.is_empty() => ascii.as_bytes().to_vec(),
            _ => decoded,
        };
        while self.host.last() == Some(&b'.') {
            self.host.pop();
        }
        (!self.host.is_empty() && self.host.len() <= 255).then_some(())
    }
}

/// The port that is logged beside the target, or that of the scheme beside it.
fn port(event: &Event<'_>) -> Option<u16> {
    let scheme = event.scheme.filter(|_| event.port.is_none());
    let of_scheme = SCHEMES.iter().find(|(name, _)| scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(name)));
    event.port.or(of_scheme.map(|(_, port)| *port))
}

/// Cuts a target; the authority is empty for a bare path. `None` for what names no place outside.
#[inline]
fn split(target: &[u8], connect: bool) -> Option<Target<'_>> {
    if connect {
        let end = near([b'/'], target).unwrap_or(target.len());
        return Some(Target { authority: &target[..end], scheme_port: None, path: b"", query: None });
    }
    if target.first() == Some(&b'/') && !target.starts_with(b"//") {
        let (path, query) = path_query(target);
        return Some(Target { authority: b"", scheme_port: None, path, query });
    }
    let (scheme_port, rest) = match scheme(target) {
        Some((port, rest)) => (Some(port), rest),
        None if target.starts_with(b"//") => (None, &target[2..]),
        None => {
            // `host:port` without a scheme; anything else with a colon is a pseudo-URL (`error:…`, `urn:…`).
            let end = memchr::memchr2(b'/', b'?', target).unwrap_or(target.len());
            let (host, port) = host_port(&target[..end]);
            if host.is_empty() || (port.is_none() && !host.contains(&b'.') && host[0] != b'[') {
                return None;
            }
            (None, target)
        }
    };
    let end = near([b'/', b'?', b'#'], rest).unwrap_or(rest.len());
    let (path, query) = path_query(&rest[end..]);
    if rest[..end].is_empty() {
        return None;
    }
    Some(Target { authority: &rest[..end], scheme_port, path, query })
}

/// Schemes of the web, and their ports.
const SCHEMES: [(&[u8], u16); 6] =
    [(b"http", 80), (b"https", 443), (b"ftp", 21), (b"ws", 80), (b"wss", 443), (b"whois", 43)];

/// Port of the scheme, and what follows its `://`; `None` for what is no scheme of the web.
#[inline]
fn scheme(target: &[u8]) -> Option<(u16, &[u8])> {
    if let Some(rest) = target.strip_prefix(b"http://") {
        return Some((80, rest));
    }
    let at = memchr::memchr(b':', &target[..target.len().min(16)])?;
    let rest = target[at..].strip_prefix(b"://")?;
    SCHEMES.iter().find(|(name, _)| target[..at].eq_ignore_ascii_case(name)).map(|&(_, port)| (port, rest))
}

#[inline]
fn path_query(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    match near([b'?'], rest) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    }
}

/// Splits `userinfo@host:port`. A port that is no number of 1–65535 is dropped.
#[inline]
fn host_port(authority: &[u8]) -> (&[u8], Option<u16>) {
    // Nearly always `host` or `host:port`.
    let Some(at) = near([b'@', b'[', b':'], authority) else { return (authority, None) };
    match port_number(&authority[at + 1..]) {
        Some(port) if authority[at] == b':' => (&authority[..at], Some(port)),
        _ => host_port_of_any(authority),
    }
}

/// As [`host_port`], with userinfo, brackets, or an address with colons.
fn host_port_of_any(authority: &[u8]) -> (&[u8], Option<u16>) {
    let rest = match memchr::memrchr(b'@', authority) {
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    if rest.first() == Some(&b'[') {
        return match memchr::memchr(b']', rest) {
            Some(end) => (&rest[..=end], rest[end + 1..].strip_prefix(b":").and_then(port_number)),
            None => (rest, None),
        };
    }
    match memchr::memrchr(b':', rest) {
        // More than one colon without brackets is a bare IPv6 address.
        Some(at) if memchr::memchr(b':', &rest[..at]).is_none() => (&rest[..at], port_number(&rest[at + 1..])),
        _ => (rest, None),
    }
}

#[inline]
fn port_number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    let mut n = 0u32;
    for &b in digits {
        if !b.is_ascii_digit() {
            return None;
        }
        n = n * 10 + u32::from(b - b'0');
    }
    u16::try_from(n).ok().filter(|&p| p != 0)
}

/// The address that `host` spells: dotted, IPv6 with or without brackets and zone, and the decimal, octal and
/// hexadecimal IPv4 forms that browsers accept (WHATWG URL, "IPv4 parser") and attackers use.
fn address(host: &[u8]) -> Option<IpAddr> {
    let bare = host.strip_prefix(b"[").map_or(host, |h| h.strip_suffix(b"]").unwrap_or(h));
    let text = std::str::from_utf8(bare).ok()?;
    let text = text.split_once('%').map_or(text, |(ip, _zone)| ip);
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Some(IpAddr::V4(v4));
    }
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(|v6| v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4));
    }
    let mut value = 0u64;
    let parts: usize = text.bytes().filter(|&b| b == b'.').count() + 1;
    if parts > 4 {
        return None;
    }
    for (i, part) in text.split('.').enumerate() {
        let n = match part.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok()?,
            None if part.len() > 1 && part.starts_with('0') => u64::from_str_radix(part, 8).ok()?,
            None => part.parse().ok()?,
        };
        let width = if i + 1 == parts { 8 * (5 - parts as u32) } else { 8 };
        if n >> width != 0 {
            return None;
        }
        value = value << width | n;
    }
    u32::try_from(value).ok().map(|v| IpAddr::V4(Ipv4Addr::from(v)))
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        let pair = text.get(i + 1).copied().and_then(digit).zip(text.get(i + 2).copied().and_then(digit));
        match (text[i], pair) {
            (b'%', Some((high, low))) => {
                out.push((high << 4 | low).to_ascii_lowercase());
                i += 3;
            }
            (b, _) => {
                out.push(b);
                i += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, target: &str, host: Option<&str>) -> Option<(String, String, HostKind, Option<u16>)> {
        let event = Event {
            method: Some(method.as_bytes()),
            target: target.as_bytes(),
            host: host.map(str::as_bytes),
            ..Event::default()
        };
        let target = Target::of(&event)?;
        let mut normalizer = Normalizer::default();
        let d = normalizer.destination(target.authority)?;
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Some((text(d.host), text(d.domain), d.kind, d.port.or(target.scheme_port)))
    }

    #[track_caller]
    fn check(method: &str, target: &str, host: &str, domain: &str, kind: HostKind, port: Option<u16>) {
        assert_eq!(of(method, target, None), Some((host.into(), domain.into(), kind, port)), "{method} {target}");
    }

    #[test]
    fn registrable_domain_not_subdomain() {
        use HostKind::Name;
        check("GET", "http://WWW.Example.CO.JP./a?b", "www.example.co.jp", "example.co.jp", Name, Some(80));
        check("GET", "http://x.example.com:8080/", "x.example.com", "example.com", Name, Some(8080));
        check("GET", "https://u:p@a.github.io/", "a.github.io", "a.github.io", Name, Some(443));
        check("GET", "http://github.io/", "github.io", "github.io", Name, Some(80));
        check("GET", "http://a@b@evil.example.org/", "evil.example.org", "example.org", Name, Some(80));
        check("CONNECT", "a.b.example.net:443", "a.b.example.net", "example.net", Name, Some(443));
        check("CONNECT", "example.net:443/", "example.net", "example.net", Name, Some(443));
        check("GET", "http://ex%61mple.com/", "example.com", "example.com", Name, Some(80));
        check("GET", "http://日本語.jp/", "xn--wgv71a119e.jp", "xn--wgv71a119e.jp", Name, Some(80));
        check(
            "GET",
            "http://host.with..dots.example.com?q",
            "host.with..dots.example.com",
            "example.com",
            Name,
            Some(80),
        );
    }

    #[test]
    fn addresses_are_themselves() {
        use HostKind::Address;
        check("CONNECT", "[2001:DB8::80]:443", "2001:db8::80", "2001:db8::80", Address, Some(443));
        check("GET", "http://[::ffff:192.0.2.1]/", "192.0.2.1", "192.0.2.1", Address, Some(80));
        check("GET", "http://192.0.2.1:81/", "192.0.2.1", "192.0.2.1", Address, Some(81));
        check("GET", "http://3221225985/", "192.0.2.1", "192.0.2.1", Address, Some(80));
        check("GET", "http://0xC0.0.02.1/", "192.0.2.1", "192.0.2.1", Address, Some(80));
        check("CONNECT", "2001:db8::1", "2001:db8::1", "2001:db8::1", Address, None);
        check("GET", "http://999.1.1.1/", "999.1.1.1", "1.1", HostKind::Name, Some(80));
    }

    #[test]
    fn labels_and_nothing() {
        check("GET", "http://intranet/x", "intranet", "intranet", HostKind::Label, Some(80));
        for pseudo in [
            "error:invalid-request",
            "error:transaction-end-before-headers",
            "cache_object://localhost/info",
            "urn:x",
            "-",
            "",
            "http://",
            "http:///path",
            "/only/path",
        ] {
            assert_eq!(of("GET", pseudo, None), None, "{pseudo}");
        }
    }

    #[test]
    fn a_logged_name_beats_an_address_only() {
        assert_eq!(of("CONNECT", "93.184.216.34:443", Some("www.example.com")).unwrap().1, "example.com");
        assert_eq!(of("CONNECT", "other.example.net:443", Some("www.example.com")).unwrap().1, "example.net");
        assert_eq!(of("GET", "/path", Some("www.example.com:81")).unwrap().3, Some(81));
    }

    #[test]
    fn path_and_query() {
        let event = Event { method: Some(b"GET"), target: b"http://e.com/a/b?c=1?d", ..Event::default() };
        let target = Target::of(&event).unwrap();
        assert_eq!((target.path, target.query), (&b"/a/b"[..], Some(&b"c=1?d"[..])));
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_domain_ends_host(target: Vec<u8>, connect: bool) {
            let method: &[u8] = if connect { b"CONNECT" } else { b"GET" };
            let event = Event { method: Some(method), target: &target, ..Event::default() };
            let mut normalizer = Normalizer::default();
            if let Some(d) = Target::of(&event).and_then(|target| normalizer.destination(target.authority)) {
                assert!(d.host.ends_with(d.domain) && !d.domain.is_empty());
            }
        }

        #[test]
        fn normal_form_is_a_fixed_point(host in "[a-zA-Z0-9.日-]{1,40}") {
            let first = of("CONNECT", &host, None);
            if let Some((normal, domain, kind, _)) = first {
                let spelled = if normal.contains(':') { format!("[{normal}]") } else { normal.clone() };
                let second = of("CONNECT", &spelled, None);
                proptest::prop_assert_eq!(second.map(|s| (s.0, s.1, s.2)), Some((normal, domain, kind)));
            }
        }
    }
}
