//! Palo Alto Networks firewalls, URL filtering log: the records `THREAT,url` of the CSV that goes to syslog.
//!
//! ```text
//! 1,2026/01/02 12:04:05,001801000000,THREAT,url,2561,2026/01/02 12:04:05,192.0.2.10,203.0.113.10,,,staff,corp\taro,,web-browsing,vsys1,trust,untrust,ethernet1/2,ethernet1/1,syslog,2026/01/02 12:04:05,36459,1,53235,80,0,0,0xb000,tcp,alert,"www.example.com/a",(9999),news,informational,client-to-server,1,0x0,10.0.0.0-10.255.255.255,United States,,text/html,0,,,1,Mozilla/5.0 (X11),,,,,,,0,0,0,0,0,,fw01,,,,get
//! ```
//!
//! # Knows
//!
//! Time, client, user, host and path, method, port, what the policy did, User-Agent, Referer, media type of the reply.
//!
//! # Does not know
//!
//! Bytes and duration: the record is written when the verdict is made. They are in the `TRAFFIC,end` record of the
//! session, which is not joined; those and all other records are read over. The status. The scheme: a URL has none.
//!
//! # Times and units
//!
//! The time when the record was made, in the zone of the firewall: that of `--tz`.
//!
//! # To make it complete
//!
//! In the URL filtering profile set the categories to *alert* instead of *allow*, which logs nothing, and clear *Log container
//! page only*, which leaves out all but pages; under *HTTP Header Logging* tick *User-Agent* and *Referer*.

/// The map. Order of the columns: PAN-OS Administrator's Guide, *URL Filtering Log Fields*.
pub(in crate::parse) const MAP: &str = r#"
syntax = "csv"
only = ["url"]
nothing = ["unknown"]
columns = ["future-1", "received", "serial", "type", "subtype", "future-2", "generated", "source", "destination", "nat-source", "nat-destination", "rule", "source-user", "destination-user", "application", "system", "source-zone", "destination-zone", "inbound", "outbound", "log-action", "future-3", "session", "repeated", "source-port", "destination-port", "nat-source-port", "nat-destination-port", "flags", "protocol", "action", "url", "threat", "category", "severity", "direction", "sequence", "action-flags", "source-place", "destination-place", "future-4", "content-type", "capture", "digest", "cloud", "url-index", "user-agent", "file-type", "forwarded-for", "referer", "sender", "subject", "recipient", "report", "group-1", "group-2", "group-3", "group-4", "system-name", "device", "future-5", "source-vm", "destination-vm", "method"]
[fields]
time = "generated"
client = "source"
user = "source-user"
method = "method"
url = "url"
port = "destination-port"
action = "action"
agent = "user-agent"
referer = "referer"
content-type = "content-type"
peer = "destination"
kind = "subtype"
"#;
