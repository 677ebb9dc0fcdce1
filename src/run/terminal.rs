//! What the terminal can do: colour, width.

use crate::settings::When;
use crate::sink::{Paint, Terminal};
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};

/// Cells in a line where nobody says otherwise.
const USUAL: usize = 80;

/// What the user says about colour: `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Where it is a terminal and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to colour a stream. `no_color` is the variable `NO_COLOR`, `term` is `TERM`; an explicit choice wins over
    /// both. <https://no-color.org>
    pub fn paint(self, terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Paint {
        let on = match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb"),
        };
        Paint { on }
    }
}

/// Whether to colour standard output.
pub fn stdout_paint(when: When) -> Paint {
    paint(when, std::io::stdout().is_terminal())
}

/// Whether to colour standard error.
pub fn stderr_paint(when: When) -> Paint {
    paint(when, std::io::stderr().is_terminal())
}

fn paint(when: When, terminal: bool) -> Paint {
    let color = match when {
        When::Auto => Color::Auto,
        When::Always => Color::Always,
        When::Never => Color::Never,
    };
    color.paint(terminal, std::env::var_os("NO_COLOR").as_deref(), std::env::var_os("TERM").as_deref())
}

/// Cells in a line of standard output, 80 where it is no terminal.
pub fn stdout_width() -> usize {
    cells(terminal_size::terminal_size_of(std::io::stdout()))
}

/// Cells in a line of standard error, 80 where it is no terminal.
pub fn stderr_width() -> usize {
    cells(terminal_size::terminal_size_of(std::io::stderr()))
}

/// Says something on standard error, escaped. Where nobody can hear it the work goes on: `eprintln!` would panic.
pub fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "deguchi: {}", Terminal::text(message));
}

fn cells(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(USUAL, |(width, _)| width.0.into()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_is_honoured_unless_asked_for() {
        let (set, empty, dumb) = (Some(OsStr::new("1")), Some(OsStr::new("")), Some(OsStr::new("dumb")));
        assert!(Color::Auto.paint(true, None, None).on);
        assert!(Color::Auto.paint(true, empty, None).on);
        assert!(!Color::Auto.paint(true, set, None).on);
        assert!(!Color::Auto.paint(true, None, dumb).on);
        assert!(!Color::Auto.paint(false, None, None).on);
        assert!(Color::Always.paint(false, set, dumb).on);
        assert!(!Color::Never.paint(true, None, None).on);
    }
}
