//! Colour: the 16 colours every terminal theme defines, and none when colour is off.

use crate::alert::Severity;
use std::fmt::{self, Display, Formatter};

/// What a text means; the theme decides how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// What the eye should find: a name, a number.
    Strong,
    /// What may be passed over: labels, times.
    Faint,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
    /// The colour of a severity.
    Severity(Severity),
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Warning | Style::Severity(Severity::Medium) => "33",
            Style::Error | Style::Severity(Severity::High) => "31",
            Style::Severity(Severity::Low) => "36",
            Style::Severity(Severity::Critical) => "1;35",
        }
    }
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Colour is on.
    pub on: bool,
}

impl Paint {
    /// `text` in `style`. The text must be escaped before: this type adds the only escape sequences that reach a terminal.
    pub fn paint<T: Display>(self, style: Style, text: T) -> impl Display {
        Painted { code: if self.on { style.code() } else { "" }, text }
    }
}

struct Painted<T> {
    code: &'static str,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            return self.text.fmt(f);
        }
        write!(f, "\x1b[{}m{}\x1b[0m", self.code, self.text)
    }
}
