//! Common Event Format, as Forcepoint, McAfee, Zscaler and others send web transactions to a SIEM.
//!
//! ```text
//! CEF:0|Forcepoint|Security|8.5.4|194|Transaction permitted|1|act=permitted app=http dst=203.0.113.10 dhost=www.example.com dpt=80 src=192.0.2.10 spt=1234 suser=taro rt=1767323045000 in=733 out=1206 requestMethod=GET requestClientApplication=Mozilla/5.0 (X11) request=http://www.example.com/a
//! ```
//!
//! # Knows
//!
//! The extension's `rt` or `end`, `src`, `suser`, `request`, `requestMethod`, `act`, `in` and `out`, `dhost`, `dpt`,
//! `requestClientApplication`.
//!
//! # Does not know
//!
//! What a product puts into fields of its own (`cs1`, `cn1`); describe it with `--map`. The duration.
//!
//! # Times and units
//!
//! The end; milliseconds since 1970, or without an offset the zone of `--tz`. The dictionary has `in` as bytes from the
//! source: those that the client sent. A product that means it the other way needs a map of its own.
//!
//! # To make it complete
//!
//! Forcepoint: *SIEM Integration*, format *syslog/CEF*. Let the relay pass whole messages.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
spaces = true
[fields]
time = ["rt", "end"]
client = ["src", "sourceTranslatedAddress"]
user = "suser"
method = "requestMethod"
scheme = "app"
url = "request"
host = "dhost"
port = "dpt"

action = "act"
bytes-up = "in"
bytes-down = "out"
agent = "requestClientApplication"
referer = "requestContext"
peer = ["dst"]
"#;
