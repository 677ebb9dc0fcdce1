//! No bytes make a parser panic; what a small writer writes, the parsers read back.

use deguchi::parse::{FORMATS, Logformat, Parser, by_name, detect, told_as};
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Bytes as they come, and bytes made of the pieces logs are made of, which get further.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        " ",
        "  ",
        "-",
        "\"",
        "\\",
        "[",
        "]",
        "/",
        ":",
        "%",
        "%4",
        "1700000000.123",
        "104",
        "192.0.2.10",
        "TCP_MISS/200",
        "TCP_DENIED/407",
        "GET",
        "http://e.com/",
        "HIER_DIRECT/",
        "TIMEOUT_HIER_NONE/-",
        "text/html",
        "[22/Nov/2026:10:30:51 +0000]",
        "\"GET http://e/ HTTP/1.1\" 200 5 ",
        "TCP_MISS:HIER_DIRECT",
        "99999999999999999999",
        "\u{0}",
        "\u{5C71}",
        "-1",
        "{",
        "}",
        ",",
        "=",
        "\"event\":",
        "\"url\":\"",
        "{\"log\":\"",
        "{\\\"message\\\":\\\"",
        "\"}",
        "LEEF:2.0|a|b|c|d|^|devTime=",
        "Jan  2 03:04:05",
        "\\u0026",
        "2026-01-02",
        "03:04:05",
        "ClientIP=",
        "#Fields: date time c-ip cs-uri",
    ]);
    let joined = prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes());
    let spaced = prop::collection::vec("[!-~]{1,12}", 0..20).prop_map(|words| words.join(" ").into_bytes());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), joined, spaced]
}

/// A request by its fields.
#[derive(Clone, Debug)]
struct Request {
    time: u64,
    took: u32,
    client: String,
    status: u16,
    up: u32,
    down: u64,
    url: String,
    user: String,
    agent: String,
    referer: String,
}

fn requests() -> impl Strategy<Value = Request> {
    let numbers = (0..253_402_300_800_000_u64, any::<u32>(), 100..600_u16, any::<u32>(), any::<u64>());
    let texts = (
        "[0-9a-f.:]{2,20}",
        "https?://[a-z0-9.]{1,30}/[!-~]{0,60}",
        "[a-zA-Z0-9\\\\%\\[\u{e9}]{1,8}( [a-zA-Z0-9.]{1,8}){0,2}",
        "\\PC{1,40}",
        "\\PC{1,40}",
    );
    (numbers, texts).prop_map(|((time, took, status, up, down), (client, url, user, agent, referer))| Request {
        time,
        took,
        client,
        status,
        up,
        down,
        url,
        user,
        agent,
        referer,
    })
}

/// Squid's `%[`.
fn blob(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'%' | b'[' | b']' | 0..=0x1F | 0x7F.. => out.push_str(&format!("%{byte:02x}")),
            _ => out.push(byte as char),
        }
    }
    out
}

/// Squid's `%"`.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r").replace('\n', "\\n").replace('\t', "\\t")
}

proptest! {
    #[test]
    fn no_line_makes_a_parser_panic(line in lines()) {
        for entry in FORMATS {
            let parser = (entry.build)(&TimeZone::UTC);
            let mut simple = line.clone();
            parser.simplify(&mut simple);
            let mut twice = simple.clone();
            parser.simplify(&mut twice);
            prop_assert_eq!(&simple, &twice);
            if let Err(error) = parser.parse(&line) {
                prop_assert!(error.at <= line.len());
            }
        }
        let parts: Vec<&[u8]> = line.split(|&byte| byte == b'e').collect();
        let _ = detect(parts);
        let mixed = told_as("syslog+squid", &TimeZone::UTC).unwrap();
        let mut simple = line.clone();
        mixed.simplify(&mut simple);
        let mut twice = simple.clone();
        mixed.simplify(&mut twice);
        prop_assert_eq!(&simple, &twice);
        if let Err(error) = mixed.parse(&simple) {
            prop_assert!(error.at <= simple.len());
        }
    }

    #[test]
    fn no_format_string_makes_the_compiler_panic(format in "[%\"\\[\\]'#/{}<>a-zA-Z0-9:. -]{0,60}", line in lines()) {
        let tail = format!("%ts %>a %ru {format}");
        for format in [&format, &tail] {
            if let Ok(parser) = Logformat::compile(format) {
                let _ = parser.parse(&line);
                let _ = parser.parse(&[b"1 10.0.0.1 u ", &line[..]].concat());
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(request in requests()) {
        let Request { time, took, client, status, up, down, url, user, agent, referer } = &request;
        // A value that is a lone dash cannot be told from none; Squid cannot either.
        prop_assume!(![client, agent, referer].contains(&&"-".to_owned()));
        let head = format!("{}.{:03} {took:6} {client} TCP_MISS/{status:03} {down}", time / 1000, time % 1000);
        let tail = format!("POST {url} {} HIER_DIRECT/203.0.113.10 text/html", blob(user));
        let headers = format!("\"{}\" \"{}\"", quoted(referer), quoted(agent));
        for (format, line) in [
            ("squid", format!("{head} {tail}")),
            ("squid-headers", format!("{head} {tail} {headers}")),
            ("squid-extended", format!("{head} {up} {tail} {headers}")),
        ] {
            let parser = by_name(format).unwrap();
            let event = parser.parse(line.as_bytes()).unwrap().unwrap();
            prop_assert_eq!(event.time as u64, *time);
            prop_assert_eq!(event.duration, Some(u64::from(*took)));
            prop_assert_eq!(event.client, Some(client.as_bytes()));
            prop_assert_eq!((event.status, event.bytes_down), (Some(*status), Some(*down)));
            prop_assert_eq!(event.target, url.as_bytes());
            prop_assert_eq!(event.user.unwrap().decode().into_owned(), user.as_bytes());
            prop_assert_eq!(event.ambiguous, blob(user).contains(' '));
            if format == "squid-extended" {
                prop_assert_eq!(event.bytes_up, Some(u64::from(*up)));
                prop_assert_eq!(event.agent.unwrap().decode().into_owned(), agent.as_bytes());
                prop_assert_eq!(event.referer.unwrap().decode().into_owned(), referer.as_bytes());
            }
        }
    }
}

/// A line of a megabyte made to be read again and again. Work that grows with its square would take minutes; a second
/// is fifty times what is needed.
#[test]
fn hostile_lines_take_linear_time() {
    let heads = [
        "",
        "1700000000.123 104 192.0.2.10 TCP_MISS/200 904 GET ",
        "1700000000.123 104 192.0.2.10 TCP_MISS/200 904 333 GET http://e.com/ ",
        "1700000000.123 104 192.0.2.10 ",
        "{\"",
        "{\"event\":{\"url\":\"",
        "a=1 b=\"",
        "2026-01-02 03:04:05 ",
        "192.0.2.10 - - [22/Nov/2026:10:30:51 +0000] \"GET ",
        "1 10.0.0.1 ",
    ];
    let tails = [
        " ",
        "a ",
        "\" ",
        "\" \"",
        "\"",
        "\\\"",
        "\\",
        "|",
        "\" 2",
        "\" 200 5 ",
        "/",
        "HIER_DIRECT/",
        " HIER_/ ",
        "[",
        "] [",
        ":",
        "1",
        "=",
        " a=",
        "\"\"",
        "{\"event\":",
        "[",
        ",",
        "\\u",
    ];
    let raw =
        Logformat::compile(r#"%ts %>a %un|%rm %>a:%>p "%'{User-Agent}>h" %ru %new"%{X}>h" %tl %ssl::>cert_subject"#);
    let mut parsers: Vec<(&str, Box<dyn Parser>)> =
        FORMATS.iter().map(|entry| (entry.name, (entry.build)(&TimeZone::UTC))).collect();
    parsers.push(("raw", Box::new(raw.unwrap())));
    for (name, parser) in parsers {
        for head in heads {
            for tail in tails {
                let line = format!("{head}{}", tail.repeat((1 << 20) / tail.len()));
                let start = std::time::Instant::now();
                let _ = parser.parse(line.as_bytes());
                let took = start.elapsed();
                assert!(took.as_secs() < 1, "{name}: {head}{tail}…: {took:?}");
            }
        }
    }
}
