//! The user agent, as far as a judgement needs it: what it says it is, and enough of a hash to tell the few of one client
//! apart.

use memchr::memmem;

/// A user agent in one byte. It crosses the exchange with every contact, so it is no longer than that; two agents share
/// a byte by chance of 1/64, which hides one and accuses none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

impl Agent {
    /// Sorts a logged agent.
    #[inline]
    pub fn of(raw: Option<&[u8]>) -> Agent {
        let Some(raw) = raw.filter(|raw| !raw.is_empty()) else { return Agent::default() };
        let kind = match raw {
            // PowerShell calls itself Mozilla as well.
            [b'M', b'o', b'z', b'i', b'l', b'l', b'a', b'/', rest @ ..]
                if memmem::find(rest, b"PowerShell").is_none() =>
            {
                AgentKind::Browser
            }
            [b'O', b'p', b'e', b'r', b'a', b'/', ..] => AgentKind::Browser,
            [b'M', b'o', b'z', b'i', b'l', b'l', b'a', b'/', ..] => AgentKind::Tool,
            _ if TOOLS.iter().any(|tool| raw.starts_with(tool)) => AgentKind::Tool,
            _ => AgentKind::Named,
        };
        let hash = raw.chunks(8).fold(raw.len() as u64, |hash, chunk| {
            let word = chunk.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
            (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        Agent((kind as u8) << 6 | (hash >> 58) as u8)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_told_by_what_they_say() {
        let kind = |text: &str| Agent::of(Some(text.as_bytes())).kind();
        assert_eq!(Agent::of(None).kind(), AgentKind::Absent);
        assert_eq!(
            kind("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36"),
            AgentKind::Browser
        );
        assert_eq!(kind("Mozilla/5.0 (Windows NT; Windows NT 10.0; ja-JP) WindowsPowerShell/5.1"), AgentKind::Tool);
        assert_eq!(kind("CertUtil URL Agent"), AgentKind::Tool);
        assert_eq!(kind("Modzilla/-2.0 (Atari 7800)"), AgentKind::Named);
    }

    #[test]
    fn versions_of_one_browser_differ() {
        let bits = (100..140).map(|v| Agent::of(Some(format!("Mozilla/5.0 Chrome/{v}.0.0.0").as_bytes())).bit());
        assert!(bits.fold(0, |set: u64, bit| set | bit).count_ones() >= 24, "40 into 64 places fill 30 by chance");
    }
}
