//! Zscaler Internet Access, web log of the Nanolog Streaming Service (NSS, Cloud NSS): JSON, `key=value` or CSV.
//!
//! ```text
//! {"sourcetype":"zscalernss-web","event":{"datetime":"2026-01-02 03:04:05","action":"Allowed","requestsize":"598","responsesize":"65","requestmethod":"GET","url":"www.example.com/a","ClientIP":"192.0.2.10","user":"taro@corp.example","protocol":"HTTPS"}}
//! 2026-01-02 03:04:05 ⇥ reason=Allowed ⇥ action=Allowed ⇥ responsesize=65 ⇥ requestsize=598 ⇥ requestmethod=CONNECT ⇥ ClientIP=192.0.2.10 ⇥ url=www.example.com:443
//! "time","login","cip","proto","eurl","action","reqsize","respsize","reqmethod","respcode","ua"
//! ```
//!
//! # Knows
//!
//! The end of the transaction, client, user, method, URL, status, allowed or blocked, bytes both ways (headers and body),
//! time taken, User-Agent, Referer, media type. Names are those of the feeds for Splunk (`ClientIP`) and of the feed
//! fields themselves (`cip`, `reqsize`).
//!
//! # Does not know
//!
//! Fields that the feed leaves out, and fields that it obfuscates (`ologin`). Of TLS that is not inspected, paths.
//!
//! # Times and units
//!
//! `%s{time}` and `datetime` have no offset: they are those of `--tz`, which has to be the zone of the feed;
//! `%d{epochtime}` is preferred where it is there. Sizes are bytes, `ctime` milliseconds.
//!
//! # To make it complete
//!
//! *Administration > Nanolog Streaming Service > NSS Feeds*, a web log feed with `%d{epochtime} %s{cip} %s{login}
//! %s{reqmethod} %s{proto} %s{eurl} %s{respcode} %s{action} %d{reqsize} %d{respsize} %d{ctime} %s{ua} %s{ereferer}`; CSV
//! needs its header line.

/// The map, for one of its syntaxes.
pub(in crate::parse) fn map(syntax: &str) -> String {
    format!("syntax = {syntax:?}\n{FIELDS}")
}

const FIELDS: &str = r#"
duration-unit = "ms"
nothing = ["None", "NA", "Unknown", "Other"]
[fields]
time = ["time", "epochtime", "event.epochtime", "datetime", "event.datetime", "event.time", "^"]
client = ["ClientIP", "event.ClientIP", "cip", "event.cip", "cltip", "cintip", "event.cintip", "clientpublicIP", "event.clientpublicIP"]
user = ["user", "event.user", "login", "event.login", "elogin"]
method = ["requestmethod", "event.requestmethod", "reqmethod", "event.reqmethod"]
scheme = ["protocol", "event.protocol", "proto", "event.proto"]
url = ["url", "event.url", "eurl", "event.eurl"]
host = ["hostname", "event.hostname", "host", "event.host", "ehost"]
status = ["status", "event.status", "respcode", "event.respcode"]
action = ["action", "event.action"]
bytes-up = ["requestsize", "event.requestsize", "reqsize", "event.reqsize"]
bytes-down = ["responsesize", "event.responsesize", "respsize", "event.respsize"]
duration = ["clienttranstime", "event.clienttranstime", "ctime", "event.ctime"]
agent = ["useragent", "event.useragent", "ua", "event.ua", "eua"]
referer = ["refererURL", "event.refererURL", "ereferer", "event.ereferer", "referer"]
content-type = ["contenttype", "event.contenttype"]
peer = ["serverip", "event.serverip", "sip", "event.sip"]
"#;
