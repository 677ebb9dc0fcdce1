//! FortiGate, web filter log: records of `subtype="webfilter"`.
//!
//! ```text
//! date=2026-01-02 time=03:04:05 tz="+0900" type="utm" subtype="webfilter" srcip=192.0.2.10 user="taro" dstip=203.0.113.10 dstport=443 service="HTTPS" hostname="www.example.com" action="passthrough" url="https://www.example.com/"
//! ```
//!
//! # Knows
//!
//! Time, client, user, URL, passed or blocked; User-Agent, Referer and method where the firmware writes them.
//!
//! # Does not know
//!
//! Bytes and duration: `sentbyte` and `rcvdbyte` of a web filter record are taken when the verdict is made, before the
//! content, so they are not read; the status. Records of other kinds (traffic, events) are read over.
//!
//! # Times and units
//!
//! `date` and `time` are in the zone of `tz=` or, without it, of `--tz`; the time is when the verdict was made, taken as
//! the end.
//!
//! # To make it complete
//!
//! In the web filter profile `set log-all-url enable` and `set extended-log enable`, `set web-extended-all-action-log
//! enable`. For volumes use a FortiProxy with HTTP transaction logs (`deguchi explain fortiproxy`).

/// The map.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
only = ["webfilter"]
[fields]
date = "date"
time-of-day = "time"
time = "eventtime"
offset = "tz"
client = "srcip"
user = ["user", "unauthuser"]
method = "httpmethod"
scheme = "service"
host = "hostname"
port = "dstport"
url = "url"
action = "action"
agent = "agent"
referer = "referralurl"
peer = "dstip"
kind = "subtype"
"#;
