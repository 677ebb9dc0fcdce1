//! What can be chosen by name: formats, detectors, sinks. One row shape for all three.
//!
//! A row carries the source of its own file; the `//!` lines at its head are the manual page that `deguchi explain`
//! prints. What is documented where it is written stays true.

/// One thing that can be chosen by name.
#[derive(Clone, Copy, Debug)]
pub struct Entry<B> {
    /// The word a user types: lower case, `-` between parts, unique in its table.
    pub name: &'static str,
    /// `include_str!` of the file it is written in.
    pub source: &'static str,
    /// Makes one: a function of what its stage needs.
    pub build: B,
}

impl<B> Entry<B> {
    /// The manual page, Markdown: the `//!` lines at the head of the file.
    pub fn manual(&self) -> String {
        let mut page = String::new();
        for line in self.source.lines().map_while(|line| line.strip_prefix("//!")) {
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        page
    }

    /// The first paragraph of the manual page on one line: what `deguchi formats` shows beside the name.
    pub fn summary(&self) -> String {
        let page = self.manual();
        page.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// A name that is in no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{name}` is not known{}", match near { Some(near) => format!("; did you mean `{near}`?"), None => format!("; known are {known}") })]
pub struct UnknownName {
    /// What was looked for: `format`, `detector`, `sink`.
    pub kind: &'static str,
    /// What the user typed, shortened to 64 characters.
    pub name: String,
    /// The name most like it, if one is like it.
    pub near: Option<&'static str>,
    /// All names, separated by commas.
    pub known: String,
}

/// The row of that name; case does not matter.
///
/// # Errors
///
/// [`UnknownName`], with the most similar name if one is similar enough to be a slip.
pub fn find<'t, B>(kind: &'static str, table: &'t [Entry<B>], name: &str) -> Result<&'t Entry<B>, UnknownName> {
    if let Some(entry) = table.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)) {
        return Ok(entry);
    }
    let name: String = name.chars().take(64).collect();
    let lower = name.to_ascii_lowercase();
    let alike = |entry: &Entry<B>| {
        let contained = lower.len() > 2 && entry.name.split('-').any(|part| part == lower);
        if contained { 0.95 } else { strsim::jaro_winkler(entry.name, &lower) }
    };
    let near = table
        .iter()
        .map(|entry| (alike(entry), entry.name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name);
    let known = table.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    Err(UnknownName { kind, name, near, known })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Entry<()>; 2] = [
        Entry {
            name: "squid",
            source: "//! Squid native,\n//! the default.\n//!\n//! # More\nuse x;\n//! no",
            build: (),
        },
        Entry { name: "squid-combined", source: "", build: () },
    ];

    #[test]
    fn a_page_is_the_head_of_the_file() {
        assert_eq!(TABLE[0].manual(), "Squid native,\nthe default.\n\n# More\n");
        assert_eq!(TABLE[0].summary(), "Squid native, the default.");
    }

    #[test]
    fn a_slip_is_answered_with_the_name_that_was_meant() {
        assert_eq!(find("format", &TABLE, "SQUID").map(|entry| entry.name), Ok("squid"));
        let error = |name: &str| find("format", &TABLE, name).map(|entry| entry.name).unwrap_err().to_string();
        assert_eq!(error("sqiud"), "format `sqiud` is not known; did you mean `squid`?");
        assert_eq!(error("combined"), "format `combined` is not known; did you mean `squid-combined`?");
        assert_eq!(error("xml"), "format `xml` is not known; known are squid, squid-combined");
    }
}
