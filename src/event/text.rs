//! Text as a proxy wrote it: raw bytes and the escaping they came in.

/// How a field was escaped when it was logged; Squid's `logformat` modifiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    #[default]
    Raw,
    /// `\"`, `\\`, `\r`, `\n`, `\t` inside double quotes (`%"`).
    Quoted,
    /// `%xx` and `\\`, `\r`, `\n` (`%[`, Squid's "mime blob").
    Blob,
    /// `%XX` (`%#`, and the pass-through variant that leaves `%` alone).
    Url,
    /// Shell quoting (`%/`).
    Shell,
}

/// A field as logged, with what is needed to read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text<'a> {
    /// The bytes between the delimiters.
    pub raw: &'a [u8],
    /// How to undo the escaping.
    pub encoding: Encoding,
}
