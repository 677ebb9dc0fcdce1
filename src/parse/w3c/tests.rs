//! Headers and rows.

use super::*;
use crate::event::{Action, Event};
use crate::parse::{Reason, read, resume};

const MAIN: &str = "#Fields: date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-username cs(User-Agent) sc-filter-result x-exception-id";

fn parser(header: &str) -> Arc<dyn Parser> {
    resume(Arc::new(W3c::new(&TimeZone::UTC)), header.as_bytes())
}

#[track_caller]
fn event<'a>(parser: &Arc<dyn Parser>, row: &'a str) -> Event<'a> {
    parser.parse(row.as_bytes()).unwrap().unwrap()
}

fn shown(text: Option<&[u8]>) -> Option<&str> {
    text.map(|text| std::str::from_utf8(text).unwrap())
}

#[test]
fn columns_go_by_their_names() {
    let parser = parser(MAIN);
    let row = r#"2026-01-02 03:04:05 48 192.0.2.10 200 TCP_NC_MISS 1242 969 GET https www.example.com 443 /a ?q=1 CORP\yamada "Mozilla/5.0 (X11; ""L"")" OBSERVED -"#;
    let event = event(&parser, row);
    assert_eq!((event.time, event.duration), (1_767_323_045_000, Some(48)));
    assert_eq!((shown(event.client), event.status), (Some("192.0.2.10"), Some(200)));
    assert_eq!((event.bytes_down, event.bytes_up), (Some(1242), Some(969)));
    assert_eq!(event.url().as_ref(), b"https://www.example.com/a?q=1");
    assert_eq!(event.user.unwrap().decode().as_ref(), br"CORP\yamada");
    assert_eq!(event.agent.unwrap().decode().as_ref(), br#"Mozilla/5.0 (X11; "L")"#);
    assert_eq!((event.action, event.ambiguous, event.handoff), (Action::Allowed, false, false));
}

#[test]
fn fields_that_change_replace_the_layout() {
    let mut now = parser("");
    let log = "#Fields: date time c-ip cs-method cs-uri sc-status\n\
        2026-01-02 03:04:05 192.0.2.1 GET http://a.example/ 200\n\
        #Fields: c-ip date time cs-uri sc-status cs-method\n\
        192.0.2.2 2026-01-02 03:04:06 http://b.example/ 404 POST\n";
    let events: Vec<Event<'_>> = log.lines().filter_map(|line| read(&mut now, line.as_bytes()).unwrap()).collect();
    let of = |i: usize| (shown(events[i].client), shown(events[i].method), events[i].status);
    assert_eq!(of(0), (Some("192.0.2.1"), Some("GET"), Some(200)));
    assert_eq!(of(1), (Some("192.0.2.2"), Some("POST"), Some(404)));
    assert_eq!(now.header(), b"#Fields: c-ip date time cs-uri sc-status cs-method\n");
    // The same header again is none, and what it told is enough to go on.
    assert!(now.after(b"#Fields: c-ip date time cs-uri sc-status cs-method").is_none());
    let resumed = resume(parser(""), now.header());
    assert_eq!(resumed.header(), now.header());
    assert!(resumed.parse(b"192.0.2.2 2026-01-02 03:04:06 http://b.example/ 404 POST").unwrap().is_some());
}

#[test]
fn times_without_a_date_or_off_utc() {
    let parser = parser("#Version: 1.0\n#GMT-Offset: -0800\n#Date: 2026-01-02 00:00:00\n#Fields: time c-ip cs-uri");
    assert_eq!(event(&parser, "03:04:05.250 192.0.2.1 http://a.example/").time, 1_767_351_845_250);
    // The header of the next file has no offset.
    let next = resume(parser, b"#Version: 1.0\n#Fields: date time c-ip cs-uri");
    assert_eq!(event(&next, "2026-01-02 03:04:05 192.0.2.1 http://a.example/").time, 1_767_323_045_000);
    assert_eq!(next.header(), b"#Fields: date time c-ip cs-uri\n");
    let tokyo: Arc<dyn Parser> = Arc::new(W3c::new(&TimeZone::get("Asia/Tokyo").unwrap()));
    let local = resume(tokyo, b"#Fields: date-local time-local c-ip cs-uri");
    assert_eq!(event(&local, "2026-01-02 12:04:05 192.0.2.1 http://a.example/").time, 1_767_323_045_000);
    let stamped = resume(self::parser(""), b"#Fields: localtime c-ip cs-uri");
    assert_eq!(event(&stamped, "[02/Jan/2026:12:04:05 +0900] 192.0.2.1 http://a.example/").time, 1_767_323_045_000);
    let epoch = resume(self::parser(""), b"#Fields: timestamp x-elapsed-time c-ip cs-url");
    let cisco = event(&epoch, "1767323045.123 0.5 192.0.2.1 http://a.example/");
    assert_eq!((cisco.time, cisco.duration), (1_767_323_045_123, Some(500)));
}

#[test]
fn a_tls_connection_counts_once() {
    let parser = parser(MAIN);
    let row = |tail: &str| format!("2026-01-02 03:04:05 48 192.0.2.10 {tail}");
    let text = row("200 TCP_ACCELERATED 39 356 CONNECT tcp up.example.com 443 / - - - OBSERVED -");
    assert!(event(&parser, &text).handoff);
    let text = row("0 TUNNELED 4897 57840123 unknown ssl up.example.com 443 / - - - OBSERVED -");
    let tunnel = event(&parser, &text);
    assert_eq!((shown(tunnel.method), tunnel.status, tunnel.handoff), (Some("CONNECT"), None, false));
    assert_eq!((tunnel.url().as_ref(), tunnel.bytes_up), (&b"up.example.com:443"[..], Some(57_840_123)));
    let text = row("407 TCP_DENIED 39 356 CONNECT tcp up.example.com 443 / - - - DENIED authentication_failed");
    let refused = event(&parser, &text);
    assert_eq!((refused.action, refused.handoff), (Action::Challenge, false));
}

#[test]
fn rows_of_other_lengths_do_not_shift() {
    let parser =
        parser("#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes time-taken cs(User-Agent) cs-host");
    let short = event(&parser, "2026-01-02 03:04:11 192.0.2.12 POST /upload 200 10 31");
    assert_eq!((short.ambiguous, short.bytes_down, short.agent), (true, Some(10), None));
    let long = event(&parser, "2026-01-02 03:04:11 192.0.2.12 POST /upload 200 10 31 curl/8 h.example EXTRA MORE");
    assert_eq!((long.ambiguous, shown(long.host)), (true, Some("h.example")));
    let shifted = parser.parse(b"2026-01-02 03:04:11 192.0.2.12 POST /up load 200 10 31 curl/8 h").unwrap_err();
    assert_eq!((shifted.wanted, shifted.at), (Reason::Result, 40));
}

#[test]
fn proxysg_without_a_header() {
    let row = r#"2026-01-02 03:04:05 48 192.0.2.10 alice - - OBSERVED "none" http://r.example/  200 TCP_NC_MISS GET text/html;%20charset=UTF-8 http www.example.com 80 /a.html - html Mozilla/5.0%20(X11) 198.51.100.1 1242 969 -"#;
    let parser = parser("");
    let event = event(&parser, row);
    assert_eq!((event.bytes_up, event.ambiguous), (Some(969), false));
    assert_eq!(shown(event.content_type), Some("text/html"));
    assert_eq!(event.agent.unwrap().decode().as_ref(), b"Mozilla/5.0 (X11)");
    assert!(parser.carries().bytes_up);
    assert_eq!(parser.parse(b"2026-01-02 03:04:05 48").unwrap_err().wanted, Reason::Literal);
}

#[test]
fn tmg_has_tabs_and_codes_of_windows() {
    let parser = parser(
        "#Fields: c-ip\tcs-username\tc-agent\tdate\ttime\tr-host\tr-port\ttime-taken\tsc-bytes\tcs-bytes\ts-operation\tcs-uri\tsc-status\taction",
    );
    let row = "192.0.2.1\tanonymous\tMozilla/4.0 (a; b)\t2026-01-02\t03:04:05\tupdate.example\t443\t15\t0\t0\tCONNECT\tupdate.example:443\t12209\tDenied";
    let event = event(&parser, row);
    assert_eq!((event.user, event.action, event.status), (None, Action::Challenge, None));
    assert_eq!(event.agent.unwrap().decode().as_ref(), b"Mozilla/4.0 (a; b)");
    assert_eq!(event.url().as_ref(), b"update.example:443");
}

#[test]
fn a_quote_that_is_not_closed_is_a_letter() {
    let parser = parser("#Fields: date time c-ip cs-uri cs(User-Agent)");
    let event = event(&parser, r#"2026-01-02 03:04:05 192.0.2.1 "http://a.example/ "x"#);
    assert_eq!((event.target, event.agent.unwrap().raw), (&br#""http://a.example/"#[..], &br#""x"#[..]));
}
