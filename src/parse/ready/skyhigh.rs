//! Skyhigh (McAfee) Web Gateway and Security Service Edge, `key=value` pairs; bare values may hold spaces.
//!
//! ```text
//! user_id=-1 username=taro yamada source_ip=192.0.2.10 http_action=GET server_to_client_bytes=1206 client_to_server_bytes=733 requested_host=www.example.com requested_path=/a result=OBSERVED request_timestamp_epoch=1767323045 http_status_code=200 user_agent_comment=Mozilla/5.0 (X11; Linux)
//! ```
//!
//! # Knows
//!
//! End, client, user, method, host and path, status, observed or denied, bytes both ways, User-Agent, media type.
//!
//! # Does not know
//!
//! The duration, and what the log handler of a gateway leaves out: it is a script, and these are the names of the cloud
//! service and of common scripts. Describe others with `--map`.
//!
//! # Times and units
//!
//! Seconds since 1970, ISO 8601, or without an offset those of `--tz`; the end of the transaction; bytes with headers.
//!
//! # To make it complete
//!
//! In the log handler rule set of the gateway write `date="…" source_ip=… username=… http_action=… url="…"
//! http_status_code=… client_to_server_bytes=… server_to_client_bytes=… user_agent="…" block_reason="…" result=…`.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
spaces = true
nothing = ["-1"]
[fields]
time = ["request_timestamp_epoch", "date", "request_timestamp", "time_stamp", "^"]
client = ["source_ip", "client_ip", "srcip", "user_ip", "src_ip"]
user = ["username", "user", "auth_user"]
method = ["http_action", "http_method", "mtd", "method"]
scheme = ["uri_scheme", "protocol"]
host = ["requested_host", "destination_host", "dhost", "host"]
path = "requested_path"
url = ["url", "uri"]
request = ["http_request_first_line", "req_line"]
status = ["http_status_code", "status_code"]
action = ["result", "block_reason"]
bytes-up = ["client_to_server_bytes", "source_bytes", "bytes_from_client"]
bytes-down = ["server_to_client_bytes", "destination_bytes", "bytes_to_client"]
agent = ["user_agent", "user_agent_comment", "ua"]
referer = ["referer", "http_referrer"]
content-type = ["media_type", "mt"]
peer = ["destination_ip", "destip"]
"#;
