//! Log Event Extended Format 1.0 and 2.0, as Zscaler, Forcepoint, Palo Alto and others send web transactions to QRadar.
//!
//! ```text
//! LEEF:1.0|Zscaler|NSS|4.1|Allowed|devTime=Jan 02 2026 03:04:05 GMT ⇥ devTimeFormat=MMM dd yyyy HH:mm:ss z ⇥ src=192.0.2.10 ⇥ dst=203.0.113.10 ⇥ usrName=taro@corp.example ⇥ srcBytes=733 ⇥ dstBytes=1206 ⇥ url=www.example.com/a ⇥ useragent=Mozilla/5.0 (X11)
//! LEEF:2.0|Forcepoint|Security|8.5.4|transaction:permitted|^|devTime=1767323045000^src=192.0.2.10^url=http://www.example.com/a
//! ```
//!
//! # Knows
//!
//! `devTime`, `src`, `usrName`, `url`, `srcBytes` and `dstBytes`, `dst`, `dstPort`; the action, or the event in its place
//! (`Allowed`, `transaction:blocked`); User-Agent, Referer, method and
//! status where the product sends them under one of the names of the map.
//!
//! # Does not know
//!
//! What a product puts into fields of its own; describe it with `--map`. The duration.
//!
//! # Times and units
//!
//! The end: `Jan 02 2026 03:04:05 GMT`, milliseconds since 1970, or what else `deguchi explain map` names; without an
//! offset or `GMT` the zone of `--tz`. `srcBytes` are those from the client.
//!
//! # Reads too
//!
//! The delimiter that version 2.0 names behind the event: a character, or `x09` and `0x09`.
//!
//! # To make it complete
//!
//! Zscaler: *NSS feeds > Feed output type QRadar LEEF*. Forcepoint: *SIEM Integration > syslog/LEEF*.

/// The map. Names of the attributes: IBM, *Predefined LEEF event attributes*.
pub(in crate::parse) const MAP: &str = r#"
syntax = "key-value"
[fields]
time = "devTime"
client = ["src", "identSrc"]
user = ["usrName", "identUserName"]
method = ["method", "requestMethod", "requestmethod"]
url = ["url", "resource"]
host = ["dhost", "hostname", "host"]
port = "dstPort"
status = ["responseCode", "respcode", "status"]
action = ["action", "act", "^"]
bytes-up = "srcBytes"
bytes-down = "dstBytes"
agent = ["useragent", "userAgent", "requestClientApplication"]
referer = ["referer", "refererURL"]
content-type = "contenttype"
peer = "dst"
"#;
