//! Zeek, `http.log`: as columns apart by tabs under a `#fields` line, or as JSON lines.
//!
//! ```text
//! #fields ⇥ ts ⇥ uid ⇥ id.orig_h ⇥ id.orig_p ⇥ id.resp_h ⇥ id.resp_p ⇥ trans_depth ⇥ method ⇥ host ⇥ uri ⇥ referrer ⇥ version ⇥ user_agent ⇥ request_body_len ⇥ response_body_len ⇥ status_code
//! {"ts":1767323045.123456,"uid":"C1","id.orig_h":"192.0.2.10","id.resp_h":"203.0.113.10","method":"GET","host":"www.example.com","uri":"/a","user_agent":"curl/8","request_body_len":0,"response_body_len":1206,"status_code":200}
//! ```
//!
//! # Knows
//!
//! Start, client, user of basic authentication, method, host, path, status, bytes of bodies both ways, User-Agent, Referer,
//! media type.
//!
//! # Does not know
//!
//! What a proxy refused, TLS (that is `ssl.log`), durations and bytes of connections (`conn.log`). Sizes are those of bodies.
//! Between clients and an explicit proxy, the address reached is that of the proxy.
//!
//! # Times and units
//!
//! The time is the **start** of the request, seconds since 1970 or ISO 8601, UTC.
//!
//! # To make it complete
//!
//! Nothing: the fields that Zeek writes by itself are read. In JSON, `redef LogAscii::use_json = T;`.

/// The map, for one of its syntaxes.
pub(in crate::parse) fn map(syntax: &str) -> String {
    format!("syntax = {syntax:?}\n{FIELDS}")
}

const FIELDS: &str = r#"
time-is = "start"
zone = "UTC"
nothing = ["(empty)"]
[fields]
time = "ts"
client = ["id.orig_h", "id_orig_h"]
user = "username"
method = "method"
host = "host"
url = "uri"
status = "status_code"
bytes-up = "request_body_len"
bytes-down = "response_body_len"
agent = "user_agent"
referer = "referrer"
content-type = "resp_mime_types"
peer = ["id.resp_h", "id_resp_h"]
"#;
