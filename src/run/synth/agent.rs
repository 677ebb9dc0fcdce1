//! What an intruder's agent says on the wire.

use super::ask::{Ask, BROWSER, Fill, Reply};
use super::build::Build;
use super::dice::{Dice, Size};
use super::path::hex;
use super::row::{Method, Mime};
use super::words;

/// User agents that malware was built with and never changed.
const STALE: &[&str] = &[
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.132 Safari/537.36",
    "Mozilla/5.0",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
];

/// What a program of a maker calls itself: mostly its name; else what it was built with. Takes a copy of the dice: it moves
/// nothing.
pub(super) fn of_program(build: &mut Build, mut dice: Dice, name: &str, version: &str) -> u16 {
    let text = match dice.below(20) {
        0..3 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) {name}/{version} \
             Chrome/{}.0.0.0 Electron/{}.{}.{} Safari/537.36",
            dice.range(100, 130),
            dice.range(20, 33),
            dice.below(4),
            dice.below(9)
        ),
        3 | 4 => dice
            .pick(&["Go-http-client/1.1", "Java/1.8.0_392", "okhttp/4.12.0", "python-requests/2.28.1", "curl/7.68.0"])
            .to_string(),
        5 => format!("Mozilla/4.0 (compatible; MSIE 6.0; {name} {version})"),
        6 => format!("Mozilla/5.0 (compatible; {name}/{version})"),
        _ => format!("{name}/{version}"),
    };
    build.web.agent(&text)
}

/// A request of a new agent: path, manners and sizes of its own.
pub(super) fn request(build: &mut Build, dice: &mut Dice, method: Method, host: u32) -> Ask {
    let path = fixed_path(build, dice);
    let mut ask = Ask::new(method, host, path);
    ask.fill = match dice.below(10) {
        0..5 => Fill::Fixed(dice.next()),
        5 | 6 => Fill::Client(dice.next()),
        7 | 8 => Fill::Few(dice.range(2, 8)),
        _ => Fill::Fresh,
    };
    ask.agent = match dice.below(10) {
        0..4 => BROWSER,
        4..7 => build.web.agent(STALE[dice.index(STALE.len())]),
        7 | 8 => {
            let text = format!("{}/{}.{}", words::coined(dice, 1, 3), dice.range(1, 9), dice.range(0, 9));
            build.web.agent(&text)
        }
        _ => 0,
    };
    if dice.chance(0.15) {
        ask.port = match method {
            Method::Connect => *dice.pick(&[8443, 4443, 8080, 1443, 993, 22]),
            _ => *dice.pick(&[8080, 8000, 81, 8888, 7080, 3128]),
        };
    }
    let steady = if dice.chance(0.6) { dice.between(0.0, 0.05) } else { dice.between(0.05, 0.9) };
    if method == Method::Connect {
        ask.up = Size::spread(dice.log_uniform(500.0, 9_000.0), steady, 1e7);
        ask.down = Size::spread(dice.log_uniform(600.0, 12_000.0), steady, 1e8);
        ask.took = Size::spread(dice.log_uniform(120.0, 40_000.0), dice.between(0.05, 1.5), 6e5);
    } else {
        ask.up = Size::spread(
            if method == Method::Post { dice.log_uniform(200.0, 6_000.0) } else { dice.log_uniform(140.0, 1_200.0) },
            steady * 0.5,
            1e6,
        );
        ask.down = Size::spread(dice.log_uniform(90.0, 20_000.0), steady, 1e8);
        ask.took = Size::spread(dice.log_uniform(30.0, 900.0), dice.between(0.1, 1.2), 6e4);
        ask.mime = *dice.pick(&[Mime::Html, Mime::Html, Mime::Html, Mime::Bytes, Mime::Text, Mime::Json, Mime::Gif]);
        let odd = *dice.pick(&[404, 404, 302, 204, 405, 500]);
        ask.replies = match dice.below(10) {
            0 => Box::new([(1.0, Reply::Status(odd))]),
            1 | 2 => Box::new([(0.85, Reply::Status(200)), (0.15, Reply::Status(odd))]),
            _ => Box::new([(1.0, Reply::Status(200))]),
        };
    }
    if dice.chance(0.12) {
        ask.repeat = (1, dice.range(2, 4) as u32);
    }
    ask
}

/// The beacon and, for many agents, the rare answer that carries work.
pub(super) fn with_tasks(_build: &mut Build, dice: &mut Dice, kind: &str, beacon: Ask) -> Vec<Ask> {
    let mut asks = vec![beacon];
    let quiet = matches!(kind, "denied" | "failing" | "long-tunnel" | "download");
    if !quiet && dice.chance(0.45) {
        let mut task = asks[0].clone();
        task.chance = dice.log_uniform(0.003, 0.08);
        task.down = Size::spread(dice.log_uniform(4e3, 1e6), 1.2, 2e7);
        task.repeat = (1, dice.range(1, 4) as u32);
        asks.push(task);
    }
    asks
}

fn fixed_path(build: &mut Build, dice: &mut Dice) -> u16 {
    let (a, b) = (words::word(dice), words::word(dice));
    let notation = match dice.below(14) {
        0 => format!("/{a}.php"),
        1 => format!("/{a}/{b}.php"),
        2 => "/{a|b|c|d|e|f|g}{a|b|c|d|e}.{asp|aspx|jsp|cgi}".to_owned(),
        3 => format!("/{a}.php?id={{hex 8 32}}"),
        4 => "/{hex 6 24}".to_owned(),
        5 => format!("/{a}/{{b64 8 60}}/"),
        6 => "/".to_owned(),
        7 => format!("/wp-content/{{themes|plugins|uploads}}/{a}/{b}.php"),
        8 => format!("/{a}/{{get|news|process|index|login}}.{{php|jsp|aspx}}"),
        9 => format!("/{a}?{{b64 4 20}}={{esc 20 90}}"),
        10 => format!("/images/{a}.{{gif|png|jpg}}"),
        11 => format!("/{{submit|api|v1|ca|cx|dpixel}}?{a}={{dec 4 10}}"),
        12 => format!("/{a}/{{uuid}}"),
        _ => format!("/{a}-{b}.{{min.js|css|html}}?v={{dec 3 6}}"),
    };
    build.web.path(&notation)
}

/// A path that carries random text, between `low` and `high` characters of it.
pub(super) fn random_path(build: &mut Build, dice: &mut Dice, low: u64, high: u64) -> u16 {
    let most = dice.log_uniform(low as f64 * 1.2, high as f64) as u64;
    let least = if dice.chance(0.5) { most } else { dice.range(low, most) };
    let (word, mut key) = (words::word(dice), Vec::new());
    let length = dice.range(1, 5);
    hex(dice, length, &mut key);
    let key: String =
        key.into_iter().map(|byte| char::from(if byte.is_ascii_digit() { b'g' + byte - b'0' } else { byte })).collect();
    let code = *dice.pick(&["b64", "b64", "hex", "esc", "pct"]);
    let blank = if code == "pct" {
        format!("{{pct {} {}}}", least / 2, most / 2)
    } else {
        format!("{{{code} {least} {most}}}")
    };
    let notation = match dice.below(5) {
        0 => format!("/{word}.php?{key}={blank}"),
        1 => format!("/{word}?{blank}"),
        2 => format!("/{blank}"),
        3 => format!("/{word}/index.{{php|asp}}?{key}={{dec 1 4}}&{word}={blank}"),
        _ => format!("/{word}/{blank}.{{jpg|gif|html}}"),
    };
    build.web.path(&notation)
}
