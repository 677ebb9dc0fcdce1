//! The only ways for text from logs and paths to leave: one type a kind of destination.
//!
//! [`Terminal`] for people, [`Cell`] for spreadsheets, [`Html`] for the page; JSON has its own in `json.rs`. All show the
//! same characters escaped: see [`is_unsafe`].

use super::defang::{defang, urls};
use std::fmt::{self, Display, Formatter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Text for a terminal or a log: one line, no control over the terminal, nothing invisible.
///
/// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width and other invisible
/// characters are shown as `\u{..}`, bytes that are not UTF-8 as `\x..`. Everything else is shown as it is, the
/// backslash included (`CORP\alice`): the escape is for reading, not for decoding.
#[derive(Clone, Copy, Debug)]
pub struct Terminal<'a>(pub &'a [u8]);

impl<'a> Terminal<'a> {
    /// The same for text.
    pub fn text(text: &'a str) -> Self {
        Terminal(text.as_bytes())
    }

    /// The same for a path, which need not be UTF-8.
    pub fn path(path: &'a Path) -> Self {
        Terminal(path.as_os_str().as_bytes())
    }
}

impl Display for Terminal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for part in self.0.utf8_chunks() {
            escape_into(f, part.valid(), |c, _| is_unsafe(c))?;
            for byte in part.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Text for a cell of a CSV file: escaped as by [`Terminal`], and never read as a formula.
///
/// A cell that starts, also after blanks, with `= + - @` (or their full-width forms, which spreadsheets of East Asian
/// locales take), TAB or CR is prefixed with `'`. Where a spreadsheet splits at `;`, a formula could start inside a cell
/// as well: such a `;` is shown as `\u{3b}`. <https://owasp.org/www-community/attacks/CSV_Injection>
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a>(pub &'a str);

impl Display for Cell<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if starts_formula(self.0) {
            f.write_char('\'')?;
        }
        escape_into(f, self.0, |c, rest| is_unsafe(c) || (c == ';' && starts_formula(rest)))
    }
}

/// Characters of one text that a page shows; a record from elsewhere may hold any number.
const SHOWN: usize = 1_000;

/// Text for the page: escaped as by [`Terminal`], cut where it is very long. The template escapes what HTML reads: each
/// value that it writes, and this is the only kind of text from records that it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Html(String);

impl Html {
    /// As it is.
    pub fn text(text: &str) -> Html {
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Html(Terminal::text(&shown).to_string())
    }

    /// A name or URL that nobody is to click.
    pub fn defanged(text: &str) -> Html {
        Html::text(&defang(text))
    }

    /// A name that honest clients have without a dot or slash: URLs in it are defanged, addresses are not.
    pub fn name(text: &str) -> Html {
        Html::text(&urls(text))
    }
}

impl Display for Html {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn starts_formula(text: &str) -> bool {
    let blank = |c: char| (c.is_whitespace() && !matches!(c, '\t' | '\r')) || (is_unsafe(c) && !c.is_control());
    let bare = text.trim_start_matches(blank).trim_start_matches(['"', '\'']);
    bare.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '\u{2212}'])
}

/// Writes `text`, escaping the characters `pick` names; `pick` sees the character and what follows it.
fn escape_into(f: &mut Formatter<'_>, text: &str, pick: impl Fn(char, &str) -> bool) -> fmt::Result {
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if pick(c, &text[next..]) {
            f.write_str(&text[plain..at])?;
            write!(f, "\\u{{{:x}}}", u32::from(c))?;
            plain = next;
        }
    }
    f.write_str(&text[plain..])
}

/// Whether a character steers a terminal, reorders text, ends a line, or cannot be seen.
///
/// Unicode 16 general categories Cc, Zl, Zp, Cf and Co, and the default-ignorable code points.
pub(super) fn is_unsafe(c: char) -> bool {
    // Nearly all text is plain.
    if matches!(c, ' '..='~') {
        return false;
    }
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
            | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xfffe..=0xffff
            | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bytes: &[u8]) -> String {
        Terminal(bytes).to_string()
    }

    #[test]
    fn controls_are_shown_and_letters_kept() {
        assert_eq!(shown(b"a\x1b[31mb\r\n"), r"a\u{1b}[31mb\u{d}\u{a}");
        assert_eq!(shown("é 出口 CORP\\alice".as_bytes()), "é 出口 CORP\\alice");
        assert_eq!(shown("a\u{202e}b\u{200b}c\u{2028}d\u{9b}e".as_bytes()), r"a\u{202e}b\u{200b}c\u{2028}d\u{9b}e");
        assert_eq!(shown(b"\xff\xc3(\x7f"), r"\xff\xc3(\u{7f}");
    }

    #[test]
    fn formulas_are_disarmed() {
        for (cell, safe) in [
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\\u{9}=1"),
            ("\r=1", "'\\u{d}=1"),
            ("  \u{a0}=1", "'  \u{a0}=1"),
            ("\u{200b}=1", "'\\u{200b}=1"),
            ("\"=1", "'\"=1"),
            ("＝1", "'＝1"),
            ("a;=1;b", "a\\u{3b}=1;b"),
            ("a-b=c", "a-b=c"),
            ("http://x/?a=1;b=2", "http://x/?a=1;b=2"),
            ("", ""),
        ] {
            assert_eq!(Cell(cell).to_string(), safe, "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_steers_the_terminal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let shown = shown(&bytes);
            prop_assert!(!shown.chars().any(is_unsafe), "{shown:?}");
            prop_assert!(shown.bytes().all(|b| b >= 0x20 && b != 0x7f));
        }

        #[test]
        fn no_character_steers_the_terminal(text in any::<String>(), c in any::<char>()) {
            let shown = format!("{}{}", Terminal::text(&text), Terminal::text(&c.to_string()));
            let steers = |c: char| c.is_control() || matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2066..=0x2069);
            prop_assert!(!shown.chars().any(steers));
        }

        #[test]
        fn printable_text_is_unchanged(text in "[ -~à-ÿぁ-ん一-龠]{0,80}") {
            prop_assert_eq!(shown(text.as_bytes()), text);
        }

        #[test]
        fn no_cell_is_a_formula(blank in "[ \u{a0}\u{3000}\t\r\n]{0,3}", sign in "[=+@\t\r-]", rest in any::<String>()) {
            let cell = Cell(&format!("{blank}{sign}{rest}")).to_string();
            prop_assert!(cell.starts_with('\'') || cell.starts_with('\\'), "{cell:?}");
            prop_assert!(!cell.chars().any(is_unsafe));
        }
    }
}
