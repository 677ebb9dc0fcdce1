//! A row: one transaction, compact, before it becomes text.
//!
//! Texts are references (a host by number, a path by template and seed), so a row that waits for a long tunnel to end
//! costs a hundred bytes, and nothing is written twice.

/// No host: used for an absent referer.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A URL by reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Url {
    /// Number of the host in the web, or [`NOWHERE`].
    pub(super) host: u32,
    /// 0, or the seed of a generated label in front of the host.
    pub(super) sub: u32,
    /// Template of path and query.
    pub(super) path: u16,
    /// What the template's blanks are filled from.
    pub(super) seed: u64,
}

impl Url {
    /// An absent URL.
    pub(super) const NONE: Url = Url { host: NOWHERE, sub: 0, path: 0, seed: 0 };
}

/// Request methods that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// CONNECT
    Connect,
    /// HEAD
    Head,
    /// PUT
    Put,
}

impl Method {
    /// As logged.
    pub(super) fn text(self) -> &'static str {
        ["GET", "POST", "CONNECT", "HEAD", "PUT"][self as usize]
    }
}

/// What the proxy did: Squid's result tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Fetched.
    Miss,
    /// From the disk cache.
    Hit,
    /// From the memory cache.
    MemHit,
    /// Answered "not modified" from the cache.
    ImsHit,
    /// Revalidated, the cached copy was good.
    Unmodified,
    /// CONNECT.
    Tunnel,
    /// Refused by policy, or challenged.
    Denied,
    /// Nothing was fetched: the name did not resolve, or nobody answered.
    Nothing,
    /// The client went away.
    Aborted,
}

impl Tag {
    /// As logged.
    pub(super) fn text(self) -> &'static str {
        [
            "TCP_MISS",
            "TCP_HIT",
            "TCP_MEM_HIT",
            "TCP_IMS_HIT",
            "TCP_REFRESH_UNMODIFIED",
            "TCP_TUNNEL",
            "TCP_DENIED",
            "NONE_NONE",
            "TCP_MISS_ABORTED",
        ][self as usize]
    }

    /// Whether a server was spoken to.
    pub(super) fn reached_out(self) -> bool {
        matches!(self, Tag::Miss | Tag::Unmodified | Tag::Tunnel | Tag::Aborted)
    }
}

/// Content types that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mime {
    None,
    Html,
    Script,
    Style,
    Json,
    Gif,
    Jpeg,
    Png,
    Bytes,
    Ocsp,
    Crl,
    Xml,
    Text,
    Cab,
    Zip,
    Video,
    Font,
    Exe,
}

impl Mime {
    /// As logged.
    pub(super) fn text(self) -> &'static str {
        [
            "-",
            "text/html",
            "application/javascript",
            "text/css",
            "application/json",
            "image/gif",
            "image/jpeg",
            "image/png",
            "application/octet-stream",
            "application/ocsp-response",
            "application/pkix-crl",
            "text/xml",
            "text/plain",
            "application/vnd.ms-cab-compressed",
            "application/zip",
            "video/mp4",
            "font/woff2",
            "application/x-msdownload",
        ][self as usize]
    }
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// When it ended, milliseconds UTC: the time of the log line.
    pub(super) end: i64,
    /// How long it took, milliseconds.
    pub(super) took: u32,
    /// Number of the client.
    pub(super) client: u32,
    /// What was asked for.
    pub(super) url: Url,
    /// The page it was asked from.
    pub(super) referer: Url,
    /// Bytes to the client, headers included.
    pub(super) down: u64,
    /// Bytes from the client, headers included.
    pub(super) up: u64,
    /// Number of the user agent; 0 is none.
    pub(super) agent: u16,
    /// The story it belongs to; 0 is none.
    pub(super) story: u16,
    /// Destination port.
    pub(super) port: u16,
    /// HTTP status.
    pub(super) status: u16,
    /// Request method.
    pub(super) method: Method,
    /// Result tag.
    pub(super) tag: Tag,
    /// Content type of the reply.
    pub(super) mime: Mime,
    /// Whether the user's name is known (the proxy authenticates).
    pub(super) named: bool,
}
