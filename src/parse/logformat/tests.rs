use super::*;
use crate::event::{Action, Encoding, Stamp};
use crate::parse::Reason;

const RICH: &str =
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;
const DETECTOR: &str =
    r#"%ts.%03tu %6tr %>a %un %Ss/%03>Hs %<st %>st %rm %ru %Sh/%<a %mt "%{User-Agent}>h" "%{Referer}>h""#;

#[track_caller]
fn read<'a>(parser: &Logformat, line: &'a str) -> Event<'a> {
    match parser.parse(line.as_bytes()) {
        Ok(Some(event)) => event,
        other => panic!("{other:?}: {line}"),
    }
}

fn shown(text: Option<crate::event::Text<'_>>) -> String {
    text.map_or("-".into(), |text| String::from_utf8_lossy(&text.decode()).into_owned())
}

fn str(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap()
}

#[test]
fn the_extended_format_is_read_whole() {
    let parser = Logformat::compile(RICH).unwrap();
    let event = read(
        &parser,
        r#"1700000000.123    104 192.0.2.10 TCP_MISS/200 904 333 GET http://e.com/ alice TIMEOUT_HIER_DIRECT/203.0.113.10 text/html "http://r/" "a \"b\" \\ c""#,
    );
    assert_eq!((event.time, event.duration, event.status), (1_700_000_000_123, Some(104), Some(200)));
    assert_eq!((event.bytes_down, event.bytes_up), (Some(904), Some(333)));
    assert_eq!((str(event.target), shown(event.user)), ("http://e.com/", "alice".into()));
    assert_eq!((event.hierarchy, event.peer), (Some(&b"HIER_DIRECT"[..]), Some(&b"203.0.113.10"[..])));
    assert_eq!((shown(event.referer), shown(event.agent)), ("http://r/".into(), r#"a "b" \ c"#.into()));
    assert_eq!((event.action, event.ambiguous), (Action::Allowed, false));
    assert!(parser.carries().bytes_up && parser.carries().agent && parser.carries().subsecond);
}

#[test]
fn spaces_in_url_and_user_are_told_apart_from_both_ends() {
    let parser = Logformat::compile(RICH).unwrap();
    for (middle, target, user) in [
        ("http://e.com/a b c -", "http://e.com/a b c", "-"),
        ("http://e.com/ yamada taro", "http://e.com/", "yamada taro"),
        ("http://e.com/a -", "http://e.com/a", "-"),
    ] {
        let line = format!(
            r#"1700000000.123 104 192.0.2.10 TCP_MISS/200 904 333 GET {middle} HIER_DIRECT/203.0.113.10 text/html "-" "x "y\" z""#
        )
        .replace(r#""x "y"#, r#""x \"y"#);
        let event = read(&parser, &line);
        assert_eq!((str(event.target), shown(event.user)), (target, user.into()), "{line}");
        assert_eq!(event.ambiguous, target.contains(' ') || user.contains(' '), "{line}");
        assert_eq!(shown(event.agent), r#"x "y" z"#);
    }
    let parser = Logformat::compile(DETECTOR).unwrap();
    for (user, target) in [("-", "http://e/a b"), ("yamada taro", "http://e/"), ("a b c", "http://e/a b 7 d")] {
        let line =
            format!(r#"1.000 1 10.0.0.1 {user} TCP_MISS/200 9 3 GET {target} HIER_DIRECT/10.0.0.2 text/html "-" "-""#);
        let event = read(&parser, &line);
        assert_eq!((str(event.target), shown(event.user), event.ambiguous), (target, user.into(), true), "{line}");
    }
    // At the end of the line there is nothing to find from the right.
    let parser = Logformat::compile("%ts %>a %ru %un").unwrap();
    for (middle, target, user) in [
        ("http://e/ u", "http://e/", "u"),
        ("http://e/ u v", "http://e/", "u v"),
        ("http://e/a b -", "http://e/a b", "-"),
    ] {
        let line = format!("1700000000 10.0.0.1 {middle}");
        let event = read(&parser, &line);
        assert_eq!((str(event.target), shown(event.user)), (target, user.into()), "{line}");
    }
}

#[test]
fn json_made_of_literals() {
    let format = r#"logformat jsonl {"ts":%ts.%03tu,"ms":%tr,"src":"%>a","user":"%un","status":"%Ss/%03>Hs","down":%<st,"up":%>st,"method":"%rm","url":"%>ru","host":"%>rd","sni":"%ssl::>sni","ua":"%"{User-Agent}>h","hdrup":%>sh,"dst":"%<a"}"#;
    let parser = Logformat::compile(format).unwrap();
    let event = read(
        &parser,
        r#"{"ts":1795343675.138,"ms":5,"src":"127.0.0.1","user":"-","status":"TCP_MISS/200","down":1286,"up":155,"method":"GET","url":"http://www.example.test:18080/a?b=secret&c=d","host":"www.example.test","sni":"-","ua":"q\"uo\\te","hdrup":155,"dst":"127.0.0.1"}"#,
    );
    assert_eq!((event.time, event.bytes_up), (1_795_343_675_138, Some(155)));
    assert_eq!((event.host, shown(event.agent)), (Some(&b"www.example.test"[..]), r#"q"uo\te"#.into()));
    assert_eq!((str(event.target), event.user), ("http://www.example.test:18080/a?b=secret&c=d", None));
    assert_eq!((event.action, event.peer), (Action::Allowed, Some(&b"127.0.0.1"[..])));
}

#[test]
fn hosts_are_taken_from_the_handshake_first() {
    let parser = Logformat::compile(r#"%ts %>a %>ru %>rd "%{Host}>h" %tls::>sni"#).unwrap();
    let host = |tail: &str| read(&parser, &format!("1 10.0.0.1 203.0.113.9:443 {tail}")).host.map(<[u8]>::to_vec);
    assert_eq!(host(r#"203.0.113.9 "h.example" s.example"#).as_deref(), Some(&b"s.example"[..]));
    assert_eq!(host(r#"203.0.113.9 "h.example" -"#).as_deref(), Some(&b"h.example"[..]));
    assert_eq!(host(r#"203.0.113.9 "-" -"#).as_deref(), Some(&b"203.0.113.9"[..]));
    let parser = Logformat::compile("%ts %>a %ssl::>sni").unwrap();
    assert_eq!(str(read(&parser, "1 10.0.0.1 s.example").target), "s.example");
    assert_eq!(parser.parse(b"1 10.0.0.1 -").unwrap_err().wanted, Reason::Target);
}

#[test]
fn times_of_every_kind() {
    for (format, line, time, stamp, duration) in [
        ("%ts.%03tu %>a %ru", "1700000000.123 a u", 1_700_000_000_123, Stamp::End, None),
        ("%ts.%tu %>a %ru", "1700000000.5 a u", 1_700_000_000_005, Stamp::End, None),
        ("%ts %>a %ru", "1700000000 a u", 1_700_000_000_000, Stamp::End, None),
        ("%tS %tr %>a %ru", "1700000000.123 77 a u", 1_700_000_000_123, Stamp::Start, Some(77)),
        ("%ts.%03tu %tS %>a %ru", "1700000000.123 1700000000.023 a u", 1_700_000_000_123, Stamp::End, Some(100)),
        ("%.3tr %ts %>a %ru", "104.250 1700000000 a u", 1_700_000_000_000, Stamp::End, Some(104)),
        ("[%tl] %>a %ru", "[22/Nov/2026:10:30:51 +0000] a u", 1_795_343_451_000, Stamp::End, None),
        ("%tg %>a %ru", "22/Nov/2026:10:30:51 a u", 1_795_343_451_000, Stamp::End, None),
        ("%{%Y-%m-%dT%H:%M:%S}tl.%03tu %>a %ru", "2026-11-22T10:30:51.250 a u", 1_795_343_451_250, Stamp::End, None),
        ("%tl{%Y-%m-%d %H:%M:%S %z} %>a %ru", "2026-11-22 19:30:51 +0900 a u", 1_795_343_451_000, Stamp::End, None),
        ("%tl %ts.%03tu %>a %ru", "22/Nov/2026:10:30:51 +0000 1.002 a u", 1_002, Stamp::End, None),
    ] {
        let parser = Logformat::compile(format).unwrap();
        let event = read(&parser, line);
        assert_eq!((event.time, event.stamp, event.duration), (time, stamp, duration), "{format}");
    }
    let parser = Logformat::compile("%ts %>a %ru").unwrap();
    assert_eq!(parser.parse(b"- a u").unwrap_err().wanted, Reason::Time);
    assert_eq!(parser.parse(b"253402300800 a u").unwrap_err().wanted, Reason::Time);
    let tokyo = TimeZone::fixed(jiff::tz::offset(9));
    let parser = Logformat::compile_in("%{%F %T}tl %>a %ru", &tokyo).unwrap();
    assert_eq!(read(&parser, "2026-11-22 19:30:51 a u").time, 1_795_343_451_000);
}

#[test]
fn widths_flags_and_encodings() {
    let parser = Logformat::compile(r#"%ts %-15>a|%20un|%#{User-Agent}>h %/{Referer}>h [%{X}>h] %ru"#).unwrap();
    let event = read(&parser, r#"1 192.0.2.1      |               alice|Mozilla%205 "say \"hi\"" [%5bx y] http://e/"#);
    assert_eq!((event.client, shown(event.user)), (Some(&b"192.0.2.1"[..]), "alice".into()));
    assert_eq!((shown(event.agent), shown(event.referer)), ("Mozilla 5".into(), r#"say "hi""#.into()));
    assert_eq!((str(event.target), event.agent.unwrap().encoding), ("http://e/", Encoding::Url));
    let parser = Logformat::compile("%ts %>a:%>p %ru").unwrap();
    let event = read(&parser, "1 2001:db8::5:50123 http://e/");
    assert_eq!((event.client, event.ambiguous), (Some(&b"2001:db8::5"[..]), false));
}

#[test]
fn unknown_and_useless_codes_are_read_over() {
    for (format, line) in [
        ("%ts %new_code %>a %ru", "1 some 10.0.0.1 http://e/"),
        ("%ts %foo::>bar{x} %>a %ru", "1 some 10.0.0.1 http://e/"),
        ("%ts %byte{10} %>a %ru", "1 xx 10.0.0.1 http://e/"),
        ("%ts 100%% %>a %http::>ru", "1 100% 10.0.0.1 http://e/"),
        ("%ts %icap::tt %>a %ru %adapt::all_trs", "1 - 10.0.0.1 http://e/ 5, 6"),
        ("%ts %note %{tag}note %>a %ru", "1 a%20b - 10.0.0.1 http://e/"),
        ("%ts %SRC %URI", "1 10.0.0.1 http://e/"),
        ("%ts %ssl::bump_mode %ssl::>cert_subject %>a %ru", "1 peek /CN=a b/O=c 10.0.0.1 http://e/"),
    ] {
        let parser = Logformat::compile(format).unwrap_or_else(|error| panic!("{format}: {error}"));
        let event = read(&parser, line);
        assert_eq!((event.client, str(event.target)), (Some(&b"10.0.0.1"[..]), "http://e/"), "{format}");
    }
}

#[test]
fn without_a_result_the_error_code_tells() {
    let parser = Logformat::compile("%ts %>a %ru %err_code").unwrap();
    for (code, action) in [
        ("ERR_ACCESS_DENIED", Action::Denied),
        ("ERR_CACHE_ACCESS_DENIED", Action::Challenge),
        ("ERR_DNS_FAIL", Action::Error),
        ("-", Action::Unknown),
    ] {
        assert_eq!(read(&parser, &format!("1 10.0.0.1 http://e/ {code}")).action, action);
    }
}

#[test]
fn a_line_cut_by_its_writer_keeps_what_it_has() {
    let parser = Logformat::compile(RICH).unwrap();
    let url = format!("http://e.com/{}", "x".repeat(1200));
    for tail in ["", " ", " - HIER_DI", " - HIER_DIRECT/1.2.3.4 text/html \"http:/"] {
        let line = format!("1700000000.123 104 192.0.2.10 TCP_MISS/200 904 333 GET {url}{tail}");
        let event = read(&parser, &line);
        assert_eq!((str(event.target), event.ambiguous), (url.as_str(), true));
    }
    let short = parser.parse(b"1700000000.123 104 192.0.2.10 TCP_MISS/200 904 333 GET http://e.com/").unwrap_err();
    assert_eq!(short.wanted, Reason::Target);
}

#[test]
fn refused_formats_say_where_and_why() {
    let error = |format: &str| Logformat::compile(format).unwrap_err();
    assert_eq!(error("%ts %>a %ru %"), CompileError::NoCode { at: 12 });
    assert_eq!(error("logformat x %ts %>a %ru % "), CompileError::NoCode { at: 24 });
    assert_eq!(error("%ts %{User-Agent>h"), CompileError::OpenBrace { at: 4 });
    assert_eq!(error("%ts %>a%un %ru"), CompileError::Adjacent { at: 7 });
    assert_eq!(error("%ts%tu %>a %ru"), CompileError::Adjacent { at: 3 });
    assert_eq!(error("%{%Q}tl %>a %ru"), CompileError::Conversion { at: 0, conversion: 'Q' });
    assert_eq!(error("%{%H:%M}tl %>a %ru"), CompileError::Date { at: 0 });
    assert!(matches!(error("%>a %ru"), CompileError::Lacks { what: "time", .. }));
    assert!(matches!(error("%ts %ru"), CompileError::Lacks { what: "client or user", .. }));
    assert!(matches!(error("%ts %>a"), CompileError::Lacks { what: "URL or host", .. }));
    assert!(matches!(error(""), CompileError::Lacks { .. }));
    assert_eq!(
        error("%ts %ru").to_string(),
        "logformat: the format has no client or user; add `%>a` to it in squid.conf"
    );
}
