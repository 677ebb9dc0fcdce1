//! Names and URLs that nobody can click by accident: `evil[.]example`, `hxxp://`.

use crate::alert::Record;

/// A host name, address, `host:port` or URL with its host defanged.
///
/// Dots of the host become `[.]`; `http` becomes `hxxp`, `ftp` `fxp`. Path and query stay as they are, except for URLs
/// inside them, which terminals and mail programs would find as well.
pub fn defang(text: &str) -> String {
    if text.contains("://") {
        return urls(text);
    }
    let host_end = text.find(['/', '?', '#']).unwrap_or(text.len());
    dots(&text[..host_end]) + &text[host_end..]
}

/// Defangs every `scheme://authority` in `text`.
pub(super) fn urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let scheme = rest[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |before| before + rest[before..].chars().next().map_or(0, char::len_utf8));
        out.push_str(&rest[..scheme]);
        out.push_str(match &*rest[scheme..at].to_ascii_lowercase() {
            "http" => "hxxp",
            "https" => "hxxps",
            "ftp" => "fxp",
            _ => &rest[scheme..at],
        });
        out.push_str("://");
        rest = &rest[at + 3..];
        let end = rest.find(['/', '?', '#', '"', '\'', '<', '>', ' ', '&']).unwrap_or(rest.len());
        out.push_str(&dots(&rest[..end]));
        rest = &rest[end..];
    }
    out + rest
}

/// Puts every dot in brackets that is not in brackets yet.
fn dots(host: &str) -> String {
    host.replace("[.]", ".").replace('.', "[.]")
}

/// Defangs known names and every URL inside running text.
#[derive(Debug, Default)]
pub struct Defanger {
    names: Vec<String>,
}

impl Defanger {
    /// Knows these names; those without a dot need nothing done.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = names.into_iter().filter(|n| n.contains('.')).map(str::to_owned).collect();
        names.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        names.dedup();
        Defanger { names }
    }

    /// Knows the names of a record: its domains and hosts.
    pub fn of(record: &Record) -> Self {
        let all = [&record.domain].into_iter().chain(&record.hosts).chain(record.domains.iter().flatten());
        Defanger::new(all.map(String::as_str))
    }

    /// The text with its names and URLs defanged. Linear in the text for each name; a record has at most some hundred.
    pub fn text(&self, text: &str) -> String {
        let words = text.split_inclusive(char::is_whitespace);
        words.map(|word| if word.contains("://") { urls(word) } else { self.word(word) }).collect()
    }

    fn word(&self, word: &str) -> String {
        // Names are replaced once, longest first: a host before the domain it ends in.
        let mut out = String::with_capacity(word.len() + 8);
        let mut at = 0;
        'next: while at < word.len() {
            for name in &self.names {
                if word.as_bytes()[at..].len() >= name.len()
                    && word.as_bytes()[at..at + name.len()].eq_ignore_ascii_case(name.as_bytes())
                    && word.is_char_boundary(at + name.len())
                {
                    out.push_str(&word[at..at + name.len()].replace('.', "[.]"));
                    at += name.len();
                    continue 'next;
                }
            }
            let c = word[at..].chars().next().expect("at stands on a boundary before the end");
            out.push(c);
            at += c.len_utf8();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_urls() {
        for (raw, safe) in [
            ("evil.example", "evil[.]example"),
            ("www.evil.example:443", "www[.]evil[.]example:443"),
            ("192.0.2.7", "192[.]0[.]2[.]7"),
            ("http://evil.example/a.php?q=1.2", "hxxp://evil[.]example/a.php?q=1.2"),
            ("HTTPS://evil.example", "hxxps://evil[.]example"),
            ("ftp://u@evil.example/", "fxp://u@evil[.]example/"),
            ("http://a.b/?u=https://c.d/e.f", "hxxp://a[.]b/?u=hxxps://c[.]d/e.f"),
            ("evil.example/a.php", "evil[.]example/a.php"),
            ("proxy", "proxy"),
            ("", ""),
        ] {
            assert_eq!(defang(raw), safe);
            assert_eq!(defang(safe), safe);
        }
    }

    #[test]
    fn running_text() {
        let names = Defanger::new(["evil.example", "www.evil.example"]);
        assert_eq!(
            names.text("10.0.0.1 asks WWW.evil.example, evil.example; every 3.0 s: (http://x.example/a.b)"),
            "10.0.0.1 asks WWW[.]evil[.]example, evil[.]example; every 3.0 s: (hxxp://x[.]example/a.b)"
        );
    }
}
