//! Symantec/Broadcom ProxySG and Cloud SWG (WSS) with the names of W3C fields, as JSON lines or `key=value` pairs.
//!
//! ```text
//! {"date":"2026-01-02","time":"03:04:05","time-taken":"121","c-ip":"192.0.2.10","sc-status":"200","s-action":"TCP_NC_MISS","sc-bytes":"812","cs-bytes":"40960","cs-method":"POST","cs-uri-scheme":"https","cs-host":"api.example.com","cs-uri-port":"443","cs-uri-path":"/put","sc-filter-result":"OBSERVED"}
//! 2026-01-02T03:04:05.678Z proxy01 bluecoat[0]: SPLV5.1 c-ip=192.0.2.10 cs-bytes=6269 cs-host=www.example.com cs-method=GET sc-bytes=9469 sc-status=200
//! ```
//!
//! # Knows
//!
//! What the fields say, see `deguchi explain w3c`: end, client, user, method, URL, status, what the proxy did, bytes both
//! ways, duration, User-Agent, Referer, media type.
//!
//! # Does not know
//!
//! Fields that are not logged. Pairs without `date` and `time` have the time of their syslog header, which needs a year.
//!
//! # Times and units
//!
//! UTC; milliseconds; bytes with headers.
//!
//! # To make it complete
//!
//! Cloud SWG: the log download or sync with all fields. ProxySG: a log format with `date time time-taken c-ip cs-username
//! sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query
//! cs(User-Agent) cs(Referer) sc-filter-result x-exception-id`.

/// The map, for one of its syntaxes.
pub(in crate::parse) fn map(syntax: &str) -> String {
    let time = match syntax {
        "json" => "time-of-day = \"time\"\ndate = \"date\"\ntime = \"x-timestamp\"",
        _ => "time-of-day = \"time\"\ndate = \"date\"\ntime = \"^\"",
    };
    format!("syntax = {syntax:?}\nzone = \"UTC\"\nduration-unit = \"ms\"\n[fields]\n{time}\n{FIELDS}")
}

const FIELDS: &str = r#"
duration = "time-taken"
client = "c-ip"
user = ["cs-username", "cs-userdn"]
method = "cs-method"
scheme = "cs-uri-scheme"
host = "cs-host"
port = "cs-uri-port"
path = "cs-uri-path"
url = "c-url"
query = "cs-uri-query"
status = "sc-status"
bytes-up = "cs-bytes"
bytes-down = "sc-bytes"
agent = ["cs(User-Agent)", "cs-User-Agent"]
referer = ["cs(Referer)", "cs-Referer"]
content-type = ["rs(Content-Type)", "rs-Content-Type"]
peer = "r-ip"
filter-result = "sc-filter-result"
s-action = "s-action"
exception = "x-exception-id"
"#;
