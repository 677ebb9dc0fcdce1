//! ALSI InterSafe WebFilter, GatewayConnection and CATS, `InterSafe_http.log`: 25 columns apart by tabs.
//!
//! ```text
//! 2026/01/02 ⇥ 12:04:05 ⇥ http ⇥ 192.0.2.10 ⇥ 本社\総務 ⇥ taro ⇥ Mozilla/5.0 ⇥ Proxied ⇥ 203.0.113.10 ⇥ 200 ⇥ www.example.com ⇥ 83 ⇥ 733 ⇥ 1206 ⇥ html ⇥ - ⇥ - ⇥ - ⇥ - ⇥ - ⇥ - ⇥ http://www.example.com/a ⇥ HTTP/1.1 ⇥ GET ⇥ http://r.example/
//! ```
//!
//! # Knows
//!
//! End, client, account, method, URL, host, status, proxied or blocked, bytes both ways, time taken, browser, Referer.
//!
//! # Does not know
//!
//! The whole User-Agent where only a browser's version is logged; bytes of refused requests, which are 0; headers of
//! HTTP in the sizes (of HTTPS they are in).
//!
//! # Times and units
//!
//! Date and time have no offset: they are those of `--tz`, and of the end. Milliseconds, bytes. Accounts are
//! Shift_JIS or UTF-8 by version: what is no UTF-8 is read as Shift_JIS.
//!
//! # To make it complete
//!
//! In the administration of the server, *log settings*, output of all items of the access log, also of allowed requests.

/// The map. Order of the columns: ALSI's FAQ 5168, 5258 and 5299.
pub(in crate::parse) const MAP: &str = r#"
syntax = "tsv"
charset = "shift-jis"
duration-unit = "ms"
columns = ["date", "time", "protocol", "client", "group", "account", "browser", "state", "server", "status", "host", "took", "sent", "received", "type", "reserve", "reason", "decision", "category-1", "category-2", "security", "url", "version", "method", "referer"]
[fields]
date = "date"
time-of-day = "time"
duration = "took"
client = "client"
user = "account"
method = "method"
scheme = "protocol"
url = "url"
host = "host"
status = "status"
action = "state"
bytes-up = "sent"
bytes-down = "received"
agent = "browser"
referer = "referer"
peer = "server"
"#;
