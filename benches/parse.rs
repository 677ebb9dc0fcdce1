//! LINES → EVENTS: what each format costs beside the cheapest thing that can be done with the same bytes, finding the
//! ends of lines.
//!
//! `DEGUCHI_PROFILE=squid DEGUCHI_ROUNDS=5 valgrind --tool=callgrind target/release/deps/parse-*` counts instructions:
//! the difference between 5 rounds and 0, by 500,000 lines.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use deguchi::parse::{Parser, by_name, resume};

const LINES: usize = 100_000;

/// SplitMix64 (Steele, Lea, Flood 2014): the same lines on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// A number of any size from `2^least` to `2^(least + span)`.
    fn size(&mut self, least: u64, span: u64) -> u64 {
        let bits = least + self.below(span);
        self.below(1 << bits)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// One request, to be written in any format.
struct Request {
    time: u64,
    took: u64,
    client: String,
    tag: &'static str,
    status: u64,
    down: u64,
    up: u64,
    method: &'static str,
    url: String,
    user: String,
    code: &'static str,
    peer: String,
    mime: &'static str,
    referer: String,
    agent: &'static str,
}

fn request(random: &mut Random, at: u64) -> Request {
    let host = format!(
        "{}{}.{}",
        random.of(&["www.", "cdn", "api-", "static.img", "a"]),
        random.below(5000),
        random.of(&["example.com", "example.co.jp", "login.example.net", "d1a2b3c4.cloudfront.net"])
    );
    let tunnel = random.below(10) < 6;
    let denied = random.below(50) == 0;
    let path = "abcdefghij/klmnopqrst/uvwxyz0123456789-_abcdefghij/klmnopqrst.uvwxyz";
    let url = if tunnel {
        format!("{host}:443")
    } else {
        format!("http://{host}/{}?id={}", &path[..random.below(60) as usize], random.below(1 << 40))
    };
    let address = |random: &mut Random| {
        format!("{}.{}.{}.{}", 11 + random.below(200), random.below(256), random.below(256), random.below(256))
    };
    Request {
        time: 1_700_000_000_000 + at * 3,
        took: random.size(4, 14),
        client: format!("10.{}.{}.{}", random.below(4), random.below(256), random.below(256)),
        tag: if denied { "TCP_DENIED" } else if tunnel { "TCP_TUNNEL" } else { random.of(&["TCP_MISS", "TCP_MISS", "TCP_HIT", "TCP_REFRESH_UNMODIFIED", "TCP_MISS_ABORTED"]) },
        status: if denied { 403 } else { *[200, 200, 200, 304, 404, 0].get(random.below(6) as usize).unwrap() },
        down: random.size(6, 20),
        up: 100 + random.size(4, 10),
        method: if tunnel { "CONNECT" } else { random.of(&["GET", "GET", "GET", "POST", "HEAD"]) },
        url,
        user: if random.below(3) == 0 { "-".to_owned() } else { format!("user{:04}", random.below(3000)) },
        code: if denied { "HIER_NONE" } else { random.of(&["HIER_DIRECT", "HIER_DIRECT", "FIRSTUP_PARENT"]) },
        peer: if denied { "-".to_owned() } else { address(random) },
        mime: if tunnel { "-" } else { random.of(&["text/html", "application/json", "image/png", "application/javascript", "-"]) },
        referer: if tunnel || random.below(2) == 0 { "-".to_owned() } else { format!("http://{host}/") },
        agent: random.of(&["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36", "curl/8.14.1", "-", "Microsoft-CryptoAPI/10.0"]),
    }
}

/// Writes a request as a line.
type Write = fn(&Request) -> String;

fn squid(r: &Request) -> String {
    format!(
        "{}.{:03} {:6} {} {}/{:03} {} {} {} {} {}/{} {}\n",
        r.time / 1000,
        r.time % 1000,
        r.took,
        r.client,
        r.tag,
        r.status,
        r.down,
        r.method,
        r.url,
        r.user,
        r.code,
        r.peer,
        r.mime
    )
}

fn extended(r: &Request) -> String {
    format!(
        "{}.{:03} {:6} {} {}/{:03} {} {} {} {} {} {}/{} {} \"{}\" \"{}\"\n",
        r.time / 1000,
        r.time % 1000,
        r.took,
        r.client,
        r.tag,
        r.status,
        r.down,
        r.up,
        r.method,
        r.url,
        r.user,
        r.code,
        r.peer,
        r.mime,
        r.referer,
        r.agent
    )
}

fn combined(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    format!(
        "{} - {} [22/Nov/2026:10:30:{second:02} +0000] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\" {}:{}\n",
        r.client, r.user, r.method, r.url, r.status, r.down, r.referer, r.agent, r.tag, r.code
    )
}

fn apache(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    format!(
        "{} - {} [22/Nov/2026:10:30:{second:02} +0000] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"\n",
        r.client, r.user, r.method, r.url, r.status, r.down, r.referer, r.agent
    )
}

fn paloalto(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    format!(
        "1,2026/01/02 12:04:{second:02},001801000000,THREAT,url,2561,2026/01/02 12:04:{second:02},{},203.0.113.10,198.51.100.1,203.0.113.10,staff,{},,web-browsing,vsys1,trust,untrust,ethernet1/2,ethernet1/1,syslog,2026/01/02 12:04:05,36459,1,53235,80,53235,80,0xb000,tcp,alert,\"{}\",(9999),news,informational,client-to-server,1,0x0,10.0.0.0-10.255.255.255,United States,,{},0,,,1,\"{}\",,,{},,,,0,0,0,0,0,,fw01,,,,{},0,,0,,N/A,unknown,AppThreat-0-0,0x0\n",
        r.client,
        r.user,
        r.url.trim_start_matches("http://"),
        r.mime,
        r.agent,
        r.referer,
        r.method
    )
}

/// The header of [`w3c`]: ProxySG's `bcreportermain_v1`.
const W3C: &str = "#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer)  sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id\n";

fn w3c(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    let (authority, rest) = r.url.trim_start_matches("http://").split_once('/').unwrap_or((&r.url, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let scheme = if r.method == "CONNECT" { "ssl" } else { "http" };
    let host = authority.trim_end_matches(":443");
    let port = if r.method == "CONNECT" { 443 } else { 80 };
    format!(
        "2026-01-02 03:04:{second:02} {} {} {} - - OBSERVED \"Technology/Internet\" {}  {} {} {} {} {scheme} {host} {port} /{path} ?{query} - \"{}\" 198.51.100.1 {} {} -\n",
        r.took, r.client, r.user, r.referer, r.status, r.tag, r.method, r.mime, r.agent, r.down, r.up
    )
}

fn fortiproxy(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    let authority = r.url.trim_start_matches("http://").split('/').next().unwrap_or("");
    format!(
        "date=2026-01-02 time=03:04:{second:02} devname=\"proxy01\" devid=\"FPX0000000000001\" tz=\"+0900\" logid=\"0006000026\" type=\"traffic\" subtype=\"http-transaction\" level=\"notice\" vd=\"root\" srcip={} dstip=203.0.113.10 dstport=443 user=\"{}\" hostname=\"{authority}\" url=\"{}\" httpmethod=\"{}\" agent=\"{}\" statuscode={} sentbyte={} rcvdbyte={} duration={} cat=52 utmaction=\"allow\"\n",
        r.client, r.user, r.url, r.method, r.agent, r.status, r.up, r.down, r.took
    )
}

fn ecs(r: &Request) -> String {
    let second = r.time / 1000 % 60;
    format!(
        "{{\"@timestamp\":\"2026-01-02T03:04:{second:02}.123Z\",\"source\":{{\"ip\":\"{}\",\"bytes\":{}}},\"destination\":{{\"bytes\":{}}},\"user\":{{\"name\":\"{}\"}},\"http\":{{\"request\":{{\"method\":\"{}\",\"referrer\":\"{}\"}},\"response\":{{\"status_code\":{},\"mime_type\":\"{}\"}}}},\"url\":{{\"original\":\"{}\"}},\"user_agent\":{{\"original\":\"{}\"}},\"event\":{{\"action\":\"{}\"}}}}\n",
        r.client, r.up, r.down, r.user, r.method, r.referer, r.status, r.mime, r.url, r.agent, r.tag
    )
}

/// A parser that has read a header.
fn ready(name: &str, header: &str) -> Arc<dyn Parser> {
    resume(Arc::from(by_name(name).expect("a format")), header.as_bytes())
}

fn bytes(write: Write) -> Vec<u8> {
    let mut random = Random(22);
    let mut bytes = Vec::new();
    for at in 0..LINES {
        bytes.extend_from_slice(write(&request(&mut random, at as u64)).as_bytes());
    }
    bytes
}

fn scan(bytes: &[u8], mut line: impl FnMut(&[u8])) {
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        line(&bytes[from..end]);
        from = end + 1;
    }
}

fn parse(parser: &dyn Parser, bytes: &[u8]) -> u64 {
    let mut sum = 0;
    scan(bytes, |line| match &parser.parse(line) {
        Ok(Some(event)) => sum += event.time as u64 ^ black_box(event).target.len() as u64,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
    });
    sum
}

fn main() {
    let formats: [(&str, &str, Write); 8] = [
        ("squid", "", squid),
        ("squid-extended", "", extended),
        ("combined", "", combined),
        ("apache-combined", "", apache),
        ("w3c", W3C, w3c),
        ("paloalto", "", paloalto),
        ("fortiproxy", "", fortiproxy),
        ("ecs", "", ecs),
    ];
    if let Ok(name) = std::env::var("DEGUCHI_PROFILE") {
        let (name, header, write) = formats.iter().find(|(format, ..)| name == *format).expect("a format");
        let bytes = bytes(*write);
        let rounds = std::env::var("DEGUCHI_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"));
        let parser = ready(name, header);
        for _ in 0..rounds {
            black_box(parse(&*parser, &bytes));
        }
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    for (name, header, write) in formats {
        let bytes = bytes(write);
        let parser = ready(name, header);
        let mut group = criterion.benchmark_group(format!("parse/{name}"));
        group.sample_size(20).throughput(Throughput::Elements(LINES as u64));
        group.bench_function("scan", |bench| {
            bench.iter(|| {
                scan(&bytes, |line| {
                    black_box(line);
                })
            })
        });
        group.bench_function("parse", |bench| bench.iter(|| parse(&*parser, &bytes)));
        group.finish();
    }
    criterion.final_summary();
}
