//! Sophos Firewall (SFOS, XG), web filter log: records of `log_type="Content Filtering"`.
//!
//! ```text
//! device="SFW" date=2026-01-02 time=12:04:05 timezone="JST" device_name="XG430" log_type="Content Filtering" log_component="HTTP" log_subtype="Allowed" user_name="taro" url="https://www.example.com/a" status_code="200" src_ip=192.0.2.10 dst_ip=203.0.113.10 dst_port=443 sent_bytes=591 recv_bytes=4428 user_agent="Mozilla/5.0 (X11)" referer=""
//! ```
//!
//! # Knows
//!
//! Time, client, user, URL, status, allowed or denied, bytes both ways, User-Agent, Referer, media type.
//!
//! # Does not know
//!
//! The duration, the method. Records of other kinds (firewall, events) are read over.
//!
//! # Times and units
//!
//! `date` and `time`, or `timestamp` of newer ones, which names its offset. `timezone` holds an abbreviation that means
//! several zones, so it is not read: the zone is that of `--tz`. Bytes; `sent_bytes` are those from the client.
//!
//! # To make it complete
//!
//! *System services > Log settings*, syslog server: tick *Content filtering > Web filter*.

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
only = ["Content Filtering"]
[fields]
date = "date"
time-of-day = "time"
time = "timestamp"
client = "src_ip"
user = ["user_name", "user"]
url = "url"
host = "domain"
port = "dst_port"
status = ["status_code", "httpresponsecode"]
action = "log_subtype"
bytes-up = ["sent_bytes", "bytes_sent"]
bytes-down = ["recv_bytes", "bytes_received"]
agent = "user_agent"
referer = "referer"
content-type = ["contenttype", "content_type"]
peer = "dst_ip"
kind = "log_type"
"#;
