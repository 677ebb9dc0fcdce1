//! The user agent, as far as a judgement needs it: what it says it is, and enough of a hash to tell the few of one client
//! apart.

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// A user agent in one byte. It crosses the exchange with every contact, so it is no longer than that; two agents share
/// a byte by chance of 1/64, which hides one and accuses none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Agent(u8);

/// What an agent says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentKind {
    /// Nothing: none was sent, or none is logged.
    Absent,
    /// A browser.
    Browser,
    /// A tool that scripts and people at a prompt use, and those who came in.
    Tool,
    /// A program with a name of its own.
    Named,
}

/// Beginnings by which tools are known: the default agents of the common HTTP libraries and commands of scripts, those of
/// LOLBAS (lolbas-project.github.io) included.
const TOOLS: [&[u8]; 12] = [
    b"curl/",
    b"Wget/",
    b"python-requests/",
    b"Python-urllib/",
    b"Python/",
    b"aiohttp/",
    b"Go-http-client/",
    b"libwww-perl/",
    b"Ruby",
    b"CertUtil",
    b"PowerShell",
    b"WinHttp",
];

/// Products that browsers name, as `Product/version`: who names another one is not a browser, whatever it is built with.
const BROWSERS: [&[u8]; 21] = [
    b"Mozilla",
    b"AppleWebKit",
    b"Chrome",
    b"Safari",
    b"Gecko",
    b"Firefox",
    b"Edg",
    b"Edge",
    b"EdgA",
    b"EdgiOS",
    b"OPR",
    b"Opera",
    b"Presto",
    b"Version",
    b"Mobile",
    b"Trident",
    b"CriOS",
    b"FxiOS",
    b"SamsungBrowser",
    b"Vivaldi",
    b"YaBrowser",
];

impl Agent {
    /// Sorts a logged agent.
    pub fn of(raw: &[u8]) -> Agent {
        let kind = match raw {
            [] => return Agent::default(),
            // PowerShell calls itself Mozilla as well.
            _ if TOOLS.iter().any(|tool| raw.starts_with(tool)) || memmem::find(raw, b"PowerShell").is_some() => {
                AgentKind::Tool
            }
            _ if (raw.starts_with(b"Mozilla/") || raw.starts_with(b"Opera/")) && products(raw).all(of_browser) => {
                AgentKind::Browser
            }
            _ => AgentKind::Named,
        };
        Agent((kind as u8) << 6 | (Agent::hash(raw) >> 58) as u8)
    }

    /// A cheap hash of a logged agent.
    #[inline]
    pub fn hash(raw: &[u8]) -> u64 {
        let (words, rest) = raw.as_chunks::<8>();
        let add = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = words.iter().fold(raw.len() as u64, |hash, word| add(hash, u64::from_le_bytes(*word)));
        add(hash, rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)))
    }

    /// What it says it is.
    pub fn kind(self) -> AgentKind {
        match self.0 >> 6 {
            0 => AgentKind::Absent,
            1 => AgentKind::Browser,
            2 => AgentKind::Tool,
            _ => AgentKind::Named,
        }
    }

    /// Its bit in a set of agents.
    pub fn bit(self) -> u64 {
        1 << (self.0 & 63)
    }
}

/// What stands before each slash that a version follows.
fn products(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b'/', raw).filter_map(|slash| {
        let version = raw.get(slash + 1).is_some_and(u8::is_ascii_digit);
        let before = &raw[..slash];
        let start =
            before.iter().rposition(|b| !b.is_ascii_alphanumeric() && !b"-_.".contains(b)).map_or(0, |at| at + 1);
        version.then_some(&before[start..])
    })
}

fn of_browser(product: &[u8]) -> bool {
    BROWSERS.contains(&product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_told_by_what_they_say() {
        let kind = |text: &str| Agent::of(text.as_bytes()).kind();
        assert_eq!(Agent::of(b"").kind(), AgentKind::Absent);
        assert_eq!(
            kind("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36"),
            AgentKind::Browser
        );
        assert_eq!(kind("Mozilla/5.0 (Windows NT; Windows NT 10.0; ja-JP) WindowsPowerShell/5.1"), AgentKind::Tool);
        assert_eq!(kind("CertUtil URL Agent"), AgentKind::Tool);
        assert_eq!(kind("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0; Trident/4.0)"), AgentKind::Browser);
        assert_eq!(
            kind("Mozilla/5.0 (X11) AppleWebKit/537.36 Acme/2.1 Chrome/118.0 Electron/27.1.3"),
            AgentKind::Named
        );
        assert_eq!(kind("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), AgentKind::Named);
        assert_eq!(kind("Modzilla/-2.0 (Atari 7800)"), AgentKind::Named);
    }

    #[test]
    fn versions_of_one_browser_differ() {
        let bits = (100..140).map(|v| Agent::of(format!("Mozilla/5.0 Chrome/{v}.0.0.0").as_bytes()).bit());
        assert!(bits.fold(0, |set: u64, bit| set | bit).count_ones() >= 24, "40 into 64 places fill 30 by chance");
    }
}
