//! Traefik, access log as JSON lines.
//!
//! ```text
//! {"ClientHost":"192.0.2.10","ClientUsername":"-","DownstreamContentSize":357,"DownstreamStatus":200,"Duration":357313,"RequestContentSize":0,"RequestHost":"www.example.com","RequestMethod":"GET","RequestPath":"/a","RequestPort":"-","RequestScheme":"http","StartUTC":"2026-01-02T03:04:05.587782192Z","request_User-Agent":"curl/8"}
//! ```
//!
//! # Knows
//!
//! Start and duration, client, user, method, host, path, status, bytes of bodies both ways; User-Agent and Referer where
//! these headers are kept.
//!
//! # Does not know
//!
//! What was refused by policy. The sizes are those of bodies.
//!
//! # Times and units
//!
//! The time is the **start**, UTC; `Duration` is nanoseconds.
//!
//! # To make it complete
//!
//! `accessLog.format: json`, and under `accessLog.fields.headers.names` keep `User-Agent` and `Referer`.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "json"
time-is = "start"
duration-unit = "ns"
[fields]
time = ["StartUTC", "StartLocal"]
duration = "Duration"
client = ["ClientHost", "ClientAddr"]
user = "ClientUsername"
method = "RequestMethod"
scheme = "RequestScheme"
host = ["RequestHost", "RequestAddr"]
port = "RequestPort"
path = "RequestPath"
status = "DownstreamStatus"
bytes-up = "RequestContentSize"
bytes-down = "DownstreamContentSize"
agent = "request_User-Agent"
referer = "request_Referer"
content-type = "downstream_Content-Type"
peer = "ServiceAddr"
"#;
