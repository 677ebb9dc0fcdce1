//! Domain names: real public suffixes, invented names below them.

use super::dice::Dice;
use super::words;

/// Public suffixes of ordinary sites, with weights.
const SUFFIXES: &[(&str, u32)] = &[
    ("com", 420),
    ("co.jp", 150),
    ("jp", 90),
    ("net", 70),
    ("org", 50),
    ("ne.jp", 22),
    ("or.jp", 22),
    ("go.jp", 14),
    ("ac.jp", 18),
    ("de", 18),
    ("co.uk", 18),
    ("fr", 10),
    ("io", 16),
    ("info", 16),
    ("biz", 5),
    ("eu", 6),
    ("cn", 7),
    ("kr", 4),
    ("me", 8),
    ("tv", 6),
    ("app", 6),
    ("dev", 5),
    ("online", 5),
    ("site", 4),
    ("xyz", 5),
    ("shop", 4),
    ("us", 5),
    ("in", 6),
    ("com.br", 5),
    ("com.au", 5),
    ("nl", 5),
    ("it", 5),
    ("ca", 5),
    ("tokyo", 3),
];

/// Suffixes under which strangers are neighbours (the private section of the public suffix list).
pub(super) const TENANCIES: &[&str] = &[
    "github.io",
    "netlify.app",
    "web.app",
    "firebaseapp.com",
    "herokuapp.com",
    "azurewebsites.net",
    "pages.dev",
    "vercel.app",
];

/// Suffixes of dynamic DNS services.
pub(super) const DYNAMIC: &[&str] = &["duckdns.org", "ddns.net", "hopto.org", "dyndns.org", "myftp.org"];

fn suffix(dice: &mut Dice) -> &'static str {
    let total: u32 = SUFFIXES.iter().map(|s| s.1).sum();
    let mut left = dice.below(u64::from(total)) as u32;
    for (suffix, weight) in SUFFIXES {
        if left < *weight {
            return suffix;
        }
        left -= weight;
    }
    "com"
}

/// The name of an ordinary site.
pub(super) fn site(dice: &mut Dice) -> String {
    let suffix = suffix(dice);
    let name = if suffix.ends_with("jp") && dice.chance(0.8) {
        words::japanese(dice)
    } else {
        match dice.below(6) {
            0 => words::coined(dice, 2, 4),
            1 => format!("{}{}", words::coined(dice, 2, 2), words::word(dice)),
            2 => format!("{}-{}", words::coined(dice, 2, 3), words::word(dice)),
            3 => format!("{}{}{}", words::word(dice), words::word(dice), words::word(dice)),
            4 => format!("{}{}", words::word(dice), words::coined(dice, 2, 3)),
            _ => format!("{}{}{}", words::coined(dice, 2, 3), words::word(dice), dice.range(1, 99)),
        }
    };
    format!("{name}.{suffix}")
}

/// A tenant of a shared platform.
pub(super) fn tenant(dice: &mut Dice) -> String {
    let suffix = *dice.pick(TENANCIES);
    format!("{}-{}.{suffix}", words::coined(dice, 2, 3), words::word(dice))
}

/// Somebody's machine under a dynamic name.
pub(super) fn dynamic(dice: &mut Dice) -> String {
    let suffix = *dice.pick(DYNAMIC);
    format!("{}{}.{suffix}", words::coined(dice, 2, 2), dice.range(1, 9999))
}

/// A third party: advertising, counting, delivery.
pub(super) fn third_party(dice: &mut Dice, trade: &str) -> String {
    let name = words::coined(dice, 2, 3);
    let suffix = *dice.pick(&["com", "net", "net", "com", "io", "co", "jp", "org"]);
    match dice.below(4) {
        0 => format!("{trade}{name}.{suffix}"),
        1 => format!("{name}-{trade}.{suffix}"),
        _ => format!("{name}{trade}.{suffix}"),
    }
}

/// A maker of software or devices.
pub(super) fn maker(dice: &mut Dice) -> String {
    let suffix = *dice.pick(&["com", "com", "com", "net", "io", "co.jp", "de", "org", "eu"]);
    let end = *dice.pick(&["soft", "labs", "tech", "systems", "ware", "tools", "apps", "works", "data", ""]);
    format!("{}{end}.{suffix}", words::coined(dice, 2, 4))
}

/// What intruders register or break into: words, random letters, or an ordinary site.
pub(super) fn hostile(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => {
            let letters: String = (0..dice.range(7, 18)).map(|_| char::from(b'a' + dice.below(26) as u8)).collect();
            format!("{letters}.{}", dice.pick(&["com", "net", "info", "top", "biz", "ru", "xyz"]))
        }
        1 => format!(
            "{}-{}.{}",
            words::word(dice),
            words::word(dice),
            dice.pick(&["com", "net", "org", "online", "site"])
        ),
        2 => format!(
            "{}{}.{}",
            words::word(dice),
            dice.pick(&["update", "cdn", "api", "cloud"]),
            dice.pick(&["com", "net", "info"])
        ),
        _ => site(dice),
    }
}

/// An address in the ranges kept for documentation.
pub(super) fn address(dice: &mut Dice) -> String {
    let net = *dice.pick(&["192.0.2", "198.51.100", "203.0.113"]);
    format!("{net}.{}", dice.range(1, 254))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_registrable_domains() {
        let mut dice = Dice::new(3);
        for _ in 0..2000 {
            for name in [
                site(&mut dice),
                tenant(&mut dice),
                dynamic(&mut dice),
                third_party(&mut dice, "ad"),
                maker(&mut dice),
                hostile(&mut dice),
            ] {
                assert_eq!(psl::domain_str(&name), Some(name.as_str()));
            }
        }
    }
}
