//! Strange labels: names that no person chose, letter by letter.
//!
//! What people name is said aloud: few pairs of letters make up nearly all of it. Of letters drawn at random more than half
//! of the pairs are others. A list of pairs is all that takes: no model, no list of names.

/// For each letter those that may follow it, the lowest bit `a`: the most frequent pairs that together are 95 % of all in
/// the 76,000 words without capitals of SCOWL (Debian's `wamerican` 2020.12.07), and what Hepburn's romanisation of
/// Japanese can have. 313 of 676.
const FOLLOW: [u32; 26] = [
    0x37effff, 0x1164913, 0x01a4d95, 0x0164919, 0x3feffff, 0x0124931, 0x11669d1, 0x11a4111, 0x37effff, 0x0104111,
    0x1144511, 0x11c4919, 0x114d113, 0x35ef7ff, 0x37effff, 0x11ec991, 0x0100000, 0x11efd5f, 0x15cfd95, 0x11e4995,
    0x35effff, 0x0004111, 0x0104191, 0x0000000, 0x0144111, 0x0104111,
];

/// Letters and digits below which nothing can be said: abbreviations look like this.
const SHORTEST: usize = 7;
/// Odd places a strange label has at least.
const FEWEST: u32 = 3;
/// Changes between letters and digits that a natural name may have: `web2print`, `a1`.
const CHANGES: u32 = 2;

/// Whether the first label of a registrable domain looks like letters and digits at random. Counted over names of 8–20
/// random letters it says so of more than three quarters, of the words above of one in a thousand, of the names of software
/// packages, full of abbreviations, of two to four in a hundred. What a person cannot read in ASCII (`xn--`) is none.
pub fn is_strange(domain: &[u8]) -> bool {
    let label = domain.split(|&b| b == b'.').next().unwrap_or_default();
    if label.starts_with(b"xn--") {
        return false;
    }
    let (mut size, mut pairs, mut odd, mut changes) = (0, 0, 0, 0u32);
    let mut before = None;
    for &b in label {
        let next = Some(b).filter(u8::is_ascii_alphanumeric);
        size += usize::from(next.is_some());
        if let (Some(a), Some(b)) = (before, next) {
            pairs += 1;
            match (letter(a), letter(b)) {
                (Some(a), Some(b)) => odd += u32::from(FOLLOW[a] >> b & 1 == 0),
                (None, None) => {}
                _ => changes += 1,
            }
        }
        before = next;
    }
    odd += changes.saturating_sub(CHANGES);
    size >= SHORTEST && odd >= FEWEST && odd * 10 >= pairs * 3
}

/// Which letter it is, from 0.
fn letter(b: u8) -> Option<usize> {
    b.is_ascii_lowercase().then(|| usize::from(b - b'a'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_choose_is_not_strange() {
        for name in [
            "example.com",
            "wikipedia.org",
            "nicovideo.jp",
            "kakaku.com",
            "tsukubabank.co.jp",
            "yomiuri.co.jp",
            "rechtsanwalt.de",
            "stackoverflow.com",
            "web2print.net",
            "doubleclick.net",
            "city-yokohama.lg.jp",
            "xn--wgv71a119e.jp",
            "1234567890.com",
            "qxz.com",
            "",
        ] {
            assert!(!is_strange(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_is_drawn_at_random_is() {
        for name in ["qwzkxvbnfpd.com", "xkjhqzlvmtw.net", "a8f3k2m9q7z1.info", "vbxqrtkzhwpls.biz", "4k7d9x2m5q8w.top"]
        {
            assert!(is_strange(name.as_bytes()), "{name}");
        }
        let mut z = 1u64;
        let mut name = |_| {
            let mut letter = || {
                z = z.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                b'a' + (z >> 33) as u8 % 26
            };
            (0..12).map(|_| letter()).collect::<Vec<u8>>()
        };
        let found = (0..1000).map(&mut name).filter(|name| is_strange(name)).count();
        assert!(found > 750, "{found}");
    }
}
