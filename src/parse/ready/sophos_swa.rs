//! Sophos Web Appliance (SWA), access log: `key=value` pairs of one letter and more.
//!
//! ```text
//! h=192.0.2.10 u="CORP\taro" s=200 X=- t=1767323045.678 T=284453 Ts=0 act=1 cat="0x220000002a" type="text/html" in=1255 out=26198 meth=GET ref="-" ua="Mozilla/5.0 (X11)" req="GET http://www.example.com/a HTTP/1.1" dom="example.com" target_ip="203.0.113.10"
//! ```
//!
//! # Knows
//!
//! End and duration, client, user, method, URL, status, bytes both ways, User-Agent, Referer, media type.
//!
//! # Does not know
//!
//! What was refused by policy: `act` is a number that is described nowhere that is public; the status tells most.
//!
//! # Times and units
//!
//! Seconds since 1970, of the end; `T` is microseconds. `in` are bytes from the client, `out` those to it.
//!
//! # To make it complete
//!
//! *System > Log settings*, forwarding to syslog; nothing has to be chosen.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
duration-unit = "us"
[fields]
time = "t"
duration = "T"
client = "h"
user = "u"
method = "meth"
request = "req"
status = "s"
bytes-up = "in"
bytes-down = "out"
agent = "ua"
referer = "ref"
content-type = ["ctype", "type"]
peer = "target_ip"
"#;
