//! THE EVENT: one transaction of one client, as every format hands it over and every later stage reads it.
//!
//! A format only cuts the line into the raw fields of [`Event`]; all normalising lives in this folder: the time of
//! start and end, the [`Destination`] with its registrable domain, the decoding of escaped [`Text`].
//! Absent is `None`, never 0 and never `-`. Values are bytes, not `str`: logs hold whatever attackers send.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

mod action;
mod agent;
mod contact;
mod destination;
mod download;
mod near;
mod text;

pub use action::Action;
pub use agent::{Agent, AgentKind};
pub use contact::{Contact, Method, Signs};
pub use destination::{Destination, HostKind, Normalizer, Target};
pub use download::is_download;
pub(crate) use near::{count, near, nearest};
pub use text::{Encoding, Text};

/// Milliseconds since 1970-01-01T00:00:00Z. Negative times are never accepted by a parser.
pub type Millis = i64;

/// The latest time a parser accepts: 9999-12-31T23:59:59.999Z.
pub const MAX_TIME: Millis = 253_402_300_799_999;

/// What the time of a log line denotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Stamp {
    /// The end of the transaction: Squid writes a line when it is over.
    #[default]
    End,
    /// Its start (Apache, Traffic Server).
    Start,
}

/// One transaction, cut from one line. Borrows from the line; costs nothing to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// The time in the line, ms UTC.
    pub time: Millis,
    /// What [`Event::time`] denotes.
    pub stamp: Stamp,
    /// How long the transaction took, ms.
    pub duration: Option<u64>,
    /// The inside party, as logged: an address or a name.
    pub client: Option<&'a [u8]>,
    /// The authenticated user.
    pub user: Option<Text<'a>>,
    /// The method as logged, case kept; `-` and `NONE` are `None`.
    pub method: Option<&'a [u8]>,
    /// What was asked for, as logged: a URL, `host:port` of a CONNECT, or a pseudo-URL such as `error:invalid-request`.
    /// Where the log has the URL in parts, its path; empty if there is none.
    pub target: &'a [u8],
    /// A host logged beside the target: a part of the URL, TLS server name or Host header. Preferred where the target is
    /// a path or an address.
    pub host: Option<&'a [u8]>,
    /// Scheme, where the log has the URL in parts.
    pub scheme: Option<&'a [u8]>,
    /// Port, where the log has the URL in parts.
    pub port: Option<u16>,
    /// Query without its `?`, where the log has the URL in parts.
    pub query: Option<&'a [u8]>,
    /// Status sent to the client; 0 and `000` (nothing was sent) are `None`.
    pub status: Option<u16>,
    /// What the proxy did with it.
    pub action: Action,
    /// Bytes from the client.
    pub bytes_up: Option<u64>,
    /// Bytes to the client.
    pub bytes_down: Option<u64>,
    /// User-Agent header.
    pub agent: Option<Text<'a>>,
    /// Referer header.
    pub referer: Option<Text<'a>>,
    /// Media type of the reply.
    pub content_type: Option<&'a [u8]>,
    /// How the proxy reached the server, without address: `HIER_DIRECT`, `FIRSTUP_PARENT`.
    pub hierarchy: Option<&'a [u8]>,
    /// The server or parent proxy it reached, as logged.
    pub peer: Option<&'a [u8]>,
    /// The result as logged: `TCP_MISS`, `TCP_DENIED`.
    pub result: Option<&'a [u8]>,
    /// The line could be cut in more than one way: URL and user, or more or fewer columns than its header names.
    pub ambiguous: bool,
    /// The proxy handed the connection on to another part of itself, and other lines tell what became of it (ProxySG's
    /// first row of a TLS connection). It is no contact of its own, and its bytes are not those of the connection.
    pub handoff: bool,
    /// The line is in another format than its file.
    pub foreign: bool,
}

impl<'a> Event<'a> {
    /// The URL in one piece: the target, or what its parts make.
    pub fn url(&self) -> Cow<'a, [u8]> {
        let Some(host) = self.host.filter(|_| matches!(self.target, [] | [b'/', ..])) else {
            // `www.example.com/a` beside its scheme.
            return match self.web_scheme() {
                Some(scheme) if memchr::memmem::find(self.target, b"://").is_none() => {
                    Cow::Owned([scheme, b"://", self.target].concat())
                }
                _ => Cow::Borrowed(self.target),
            };
        };
        let tunnel = Method::of(self.method) == Method::Connect;
        let mut url = Vec::with_capacity(host.len() + self.target.len() + 32);
        if let Some(scheme) = self.web_scheme() {
            url.extend_from_slice(scheme);
            url.extend_from_slice(b"://");
        }
        // More than one colon is an address; brackets tell its last part from a port.
        let bare = host.first() != Some(&b'[') && memchr::memchr_iter(b':', host).nth(1).is_some();
        url.extend_from_slice(if bare { b"[" } else { b"" });
        url.extend_from_slice(host);
        url.extend_from_slice(if bare { b"]" } else { b"" });
        let usual = matches!((self.web_scheme(), self.port), (Some(b"http"), Some(80)) | (Some(b"https"), Some(443)));
        if let Some(port) = self.port.filter(|_| tunnel || !usual) {
            url.push(b':');
            url.extend_from_slice(port.to_string().as_bytes());
        }
        if !tunnel {
            url.extend_from_slice(self.target);
        }
        if let Some(query) = self.query.filter(|_| !tunnel) {
            url.push(b'?');
            url.extend_from_slice(query);
        }
        Cow::Owned(url)
    }

    /// The scheme beside the target, in lower case; `None` for tunnels and what is no scheme of URLs.
    fn web_scheme(&self) -> Option<&'static [u8]> {
        let scheme = self.scheme.filter(|_| Method::of(self.method) != Method::Connect)?;
        let known: [&'static [u8]; 5] = [b"http", b"https", b"ftp", b"ws", b"wss"];
        known.into_iter().find(|known| known.eq_ignore_ascii_case(scheme))
    }

    /// End of the transaction, ms UTC. Saturates at [`MAX_TIME`].
    #[inline]
    pub fn end(&self) -> Millis {
        match self.stamp {
            Stamp::End => self.time,
            Stamp::Start => self.time.saturating_add_unsigned(self.duration.unwrap_or(0)).min(MAX_TIME),
        }
    }

    /// Start of the transaction, ms UTC. Equal to the end where the format has no duration; never before 1970.
    #[inline]
    pub fn start(&self) -> Millis {
        match self.stamp {
            Stamp::Start => self.time,
            Stamp::End => self.time.saturating_sub_unsigned(self.duration.unwrap_or(0)).max(0),
        }
    }
}

/// What a format can know. A `false` says which judgements it blinds; `deguchi` states that instead of staying silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// Bytes from the client.
    pub bytes_up: bool,
    /// Bytes to the client.
    pub bytes_down: bool,
    /// Duration or both times.
    pub duration: bool,
    /// User-Agent.
    pub agent: bool,
    /// Referer.
    pub referer: bool,
    /// Result or action of the proxy: allowed, denied.
    pub action: bool,
    /// User name.
    pub user: bool,
    /// Times finer than a second.
    pub subsecond: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_in_parts_is_put_together() {
        let parts = Event {
            method: Some(b"GET"),
            target: b"/a/b",
            host: Some(b"www.example.com"),
            scheme: Some(b"https"),
            port: Some(443),
            query: Some(b"q=1"),
            ..Event::default()
        };
        let url = |event: Event<'_>| String::from_utf8(event.url().into_owned()).unwrap();
        assert_eq!(url(parts), "https://www.example.com/a/b?q=1");
        assert_eq!(url(Event { port: Some(8443), query: None, ..parts }), "https://www.example.com:8443/a/b");
        assert_eq!(url(Event { host: Some(b"2001:db8::1"), ..parts }), "https://[2001:db8::1]/a/b?q=1");
        assert_eq!(url(Event { method: Some(b"CONNECT"), target: b"", query: None, ..parts }), "www.example.com:443");
        assert_eq!(url(Event { target: b"http://other.example/", ..parts }), "http://other.example/");
        assert_eq!(
            url(Event { target: b"other.example/x", scheme: Some(b"HTTPS"), ..parts }),
            "https://other.example/x"
        );
        assert_eq!(url(Event { host: None, scheme: None, ..parts }), "/a/b");
    }
}
