//! Envoy as a forward proxy, access log as JSON lines with the names of its command operators.
//!
//! ```text
//! {":authority":"www.example.com","bytes_received":733,"bytes_sent":1206,"downstream_remote_address":"192.0.2.10:59292","duration":83,"method":"GET","response_code":200,"start_time":"2026-01-02T03:04:05.123Z","user-agent":"curl/8","x-envoy-origin-path":"/a"}
//! ```
//!
//! # Knows
//!
//! Start and duration, client, method, host, path, status, bytes of bodies both ways, User-Agent.
//!
//! # Does not know
//!
//! The user, and what was refused by policy: a status alone does not say who answered. The sizes are those of bodies.
//!
//! # Times and units
//!
//! The time is the **start**, with an offset; `duration` is milliseconds; status 0 means that the client left.
//!
//! # To make it complete
//!
//! A `json_format` with `start_time: "%START_TIME%"`, `duration: "%DURATION%"`, `bytes_received`, `bytes_sent`, `method:
//! "%REQ(:METHOD)%"`, `":authority": "%REQ(:AUTHORITY)%"`, `path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"`, `response_code`,
//! `downstream_remote_address`, `user-agent: "%REQ(USER-AGENT)%"`, `referer: "%REQ(REFERER)%"`.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "json"
time-is = "start"
duration-unit = "ms"
[fields]
time = ["start_time", "timestamp"]
duration = "duration"
client = ["downstream_remote_address", "downstream_direct_remote_address", "x-forwarded-for"]
method = ["method", ":method"]
host = [":authority", "authority", "requested_server_name"]
path = ["x-envoy-origin-path", "x-envoy-original-path", "path", ":path"]
status = "response_code"
bytes-up = "bytes_received"
bytes-down = "bytes_sent"
agent = ["user-agent", "user_agent"]
referer = ["referer", "referrer"]
peer = "upstream_host"
"#;
