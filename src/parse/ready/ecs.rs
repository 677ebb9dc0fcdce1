//! Elastic Common Schema and Squid's usual JSON log formats: JSON lines, nested or with dots in the names.
//!
//! ```text
//! {"@timestamp":"2026-01-02T03:04:05.123Z","source":{"ip":"192.0.2.10","bytes":733},"destination":{"bytes":1206},"user":{"name":"taro"},"http":{"request":{"method":"GET"},"response":{"status_code":200}},"url":{"original":"http://www.example.com/"},"user_agent":{"original":"curl/8"},"event":{"duration":83000000}}
//! {"ts":1767323045.123,"elapsed":83,"client":"192.0.2.10","result":"TCP_MISS/200","bytes":1206,"method":"GET","url":"http://www.example.com/"}
//! ```
//!
//! # Knows
//!
//! What the fields say: end, client, user, method, URL, status or result, bytes both ways, User-Agent, Referer.
//!
//! # Does not know
//!
//! What is not logged; the duration of ECS, which is nanoseconds there and milliseconds in Squid's formats, and so is not
//! read. Names of your own: describe them with `--map` (`deguchi explain map`), or Squid's with `--logformat`.
//!
//! # Times and units
//!
//! The time is the end; without an offset it is that of `--tz`. `source.bytes` is from the client, `destination.bytes` to it.
//!
//! # To make it complete
//!
//! Let the shipper keep `source.bytes`, `destination.bytes`, `user_agent.original`, `http.request.referrer` and
//! `event.action`.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "json"
[fields]
time = ["@timestamp", "ts", "timestamp", "time"]
client = ["source.ip", "client.ip", "source.address", "client", "src", "src_ip", "client_ip"]
user = ["user.name", "source.user.name", "user", "username"]
method = ["http.request.method", "method"]
url = ["url.original", "url.full", "url", "request", "uri"]
scheme = "url.scheme"
host = ["url.domain", "destination.domain", "host"]
port = ["url.port", "port"]
path = "url.path"
query = "url.query"
result = ["result", "status"]
status = ["http.response.status_code", "status_code", "response_code"]
action = ["event.action", "action"]
bytes-up = ["source.bytes", "http.request.bytes", "up", "bytes_in", "request_size"]
bytes-down = ["destination.bytes", "http.response.bytes", "down", "bytes", "bytes_out", "reply_size"]
agent = ["user_agent.original", "user_agent", "ua", "agent"]
referer = ["http.request.referrer", "referer", "referrer"]
content-type = ["http.response.mime_type", "mime", "content_type"]
peer = ["destination.ip", "dst"]
"#;
