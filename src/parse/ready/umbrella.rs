//! Cisco Umbrella, proxy (secure web gateway) log as it is put into S3: CSV without a header.
//!
//! ```text
//! "2026-01-02 03:04:05","TheComputer","192.0.2.10","198.51.100.1","203.0.113.10","text/html","ALLOWED","https://www.example.com/a","https://r.example/","Mozilla/5.0 (X11)","200","733","1206","1100"
//! ```
//!
//! # Knows
//!
//! End, client (its inside address), identity, URL, status, allowed or blocked, bytes to the client, User-Agent, Referer,
//! media type; bytes from the client, where the column is not empty, and the method in later versions of the log.
//!
//! # Does not know
//!
//! The duration. The size of a request is often missing.
//!
//! # Times and units
//!
//! UTC; bytes.
//!
//! # To make it complete
//!
//! *Admin > Log Management*, the newest schema version, and in the web policy *Log All Requests*.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "csv"
zone = "UTC"
columns = ["timestamp", "identity", "internal-ip", "external-ip", "destination-ip", "content-type", "verdict", "url", "referer", "user-agent", "status", "request-size", "response-size", "response-body-size", "sha256", "categories", "av", "pua", "amp", "amp-malware", "amp-score", "identity-type", "blocked-categories", "identities", "identity-types", "method"]
[fields]
time = "timestamp"
client = ["internal-ip", "external-ip"]
user = "identity"
method = "method"
url = "url"
status = "status"
action = "verdict"
bytes-up = "request-size"
bytes-down = "response-size"
agent = "user-agent"
referer = "referer"
content-type = "content-type"
peer = "destination-ip"
"#;
