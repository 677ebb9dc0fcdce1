//! FortiProxy, HTTP transaction log: records of `subtype="http-transaction"`.
//!
//! ```text
//! date=2026-01-02 time=03:04:05 tz="+0900" type="traffic" subtype="http-transaction" srcip=192.0.2.10 user="taro" dstip=203.0.113.10 dstport=443 hostname="www.example.com" url="https://www.example.com/a" httpmethod="GET" statuscode=200 sentbyte=733 rcvdbyte=1206 duration=83 agent="curl/8" utmaction="allow"
//! ```
//!
//! # Knows
//!
//! Time, client, user, URL, bytes both ways, duration, User-Agent, allowed or blocked; method, status and Referer where
//! the firmware writes them.
//!
//! # Does not know
//!
//! What the record has not. Records of other kinds are read over.
//!
//! # Times and units
//!
//! `date` and `time` are in the zone of `tz=` or, without it, of `--tz`, and those of the end; `duration` is milliseconds.
//!
//! # To make it complete
//!
//! `config log setting`, `set http-transaction all` (or per policy `set log-http-transaction all`).

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
only = ["http-transaction"]
duration-unit = "ms"
[fields]
date = "date"
time-of-day = "time"
time = "eventtime"
offset = "tz"
duration = "duration"
client = "srcip"
user = ["user", "unauthuser"]
method = ["httpmethod", "reqmethod"]
host = "hostname"
port = "dstport"
url = "url"
status = ["statuscode", "resp_status"]
action = ["utmaction", "action"]
bytes-up = ["sentbyte", "reqlength"]
bytes-down = ["rcvdbyte", "resplength"]
agent = "agent"
referer = "referralurl"
peer = "dstip"
kind = "subtype"
"#;
