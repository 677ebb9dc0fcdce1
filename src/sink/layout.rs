//! Columns and wrapping, in terminal cells. Works on text that is escaped and not yet coloured.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cells the text takes on a terminal; full-width characters take two.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Breaks text into lines of at most `cells`: between words where it can, inside a word that is longer than a line.
///
/// `cells` of less than 8 count as 8. An empty text is one empty line.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(8);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = width(word);
        let last = lines.last_mut().expect("never empty");
        if used > 0 && used + 1 + wide <= cells {
            last.push(' ');
            last.push_str(word);
            used += 1 + wide;
            continue;
        }
        let mut pieces = split(word, cells).into_iter();
        if used == 0 {
            last.extend(pieces.next());
        }
        lines.extend(pieces);
        used = width(lines.last().expect("never empty"));
    }
    lines
}

/// Cuts a word into pieces of at most `cells`, after a `]`, `-`, `/`, `&`, `?`, `=`, `:`, `;` or `,` of the last third where there is one.
pub(crate) fn split(word: &str, cells: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut used = 0;
    for c in word.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > cells {
            let soft = piece.rfind([']', '-', '/', '&', '?', '=', ':', ';', ',']).map(|at| at + 1);
            let tail = match soft {
                Some(at) if at < piece.len() && at * 3 >= piece.len() * 2 => piece.split_off(at),
                _ => String::new(),
            };
            pieces.push(std::mem::replace(&mut piece, tail));
            used = width(&piece);
        }
        piece.push(c);
        used += wide;
    }
    pieces.push(piece);
    pieces
}

/// `text` with blanks after it to fill `cells`.
pub(super) fn left(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// `text` with blanks before it to fill `cells`.
pub(super) fn right(text: &str, cells: usize) -> String {
    format!("{}{text}", " ".repeat(cells.saturating_sub(width(text))))
}

/// The first `lines` lines; what is left out is told by `…`.
pub(crate) fn clip(mut text: Vec<String>, lines: usize, cells: usize) -> Vec<String> {
    if text.len() > lines {
        text.truncate(lines);
        if let Some(last) = text.last_mut() {
            while width(last) + 1 > cells {
                last.pop();
            }
            last.push('…');
        }
    }
    text
}

/// Facts with dots between them, broken between facts.
pub(crate) fn join(facts: &[String], cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        match lines.last_mut() {
            Some(line) if width(line) + 3 + width(fact) <= cells => {
                line.push_str(" · ");
                line.push_str(fact);
            }
            _ => lines.extend(wrap(fact, cells)),
        }
    }
    lines
}

/// A count with separators: `10,000,000`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with three significant digits and a decimal prefix: `1.53 G`, `662 M`, `4.30 M`; below 1,000 as it is.
pub(crate) fn scaled(n: f64) -> String {
    if !n.is_finite() || n < 999.5 {
        return format!("{} ", n.max(0.0).round());
    }
    let mut n = n;
    let mut prefix = ' ';
    for next in ['k', 'M', 'G', 'T', 'P', 'E'] {
        if n < 999.5 {
            break;
        }
        n /= 1000.0;
        prefix = next;
    }
    let digits = if n < 9.995 {
        2
    } else if n < 99.95 {
        1
    } else {
        0
    };
    format!("{n:.digits$} {prefix}")
}

/// A span of time in its two greatest units: `24 h 00 min`, `7 min 55 s`, `3 d 04 h`, `412 ms`.
pub(crate) fn span(ms: u64) -> String {
    let (s, min, h) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s} s"),
        60..3_600 => format!("{min} min {:02} s", s % 60),
        3_600..172_800 => format!("{h} h {:02} min", min % 60),
        _ => format!("{} d {:02} h", h / 24, h % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_spans() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(10_000_000), "10,000,000");
        for (n, text) in [
            (0.0, "0 "),
            (999.0, "999 "),
            (999.9, "1.00 k"),
            (1_530_000_000.0, "1.53 G"),
            (662e6, "662 M"),
            (9_999_999.0, "10.0 M"),
        ] {
            assert_eq!(scaled(n), text);
        }
        for (ms, text) in [
            (412, "412 ms"),
            (59_999, "59 s"),
            (475_000, "7 min 55 s"),
            (86_400_000, "24 h 00 min"),
            (273_600_000, "3 d 04 h"),
        ] {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("a 0123456789abcdef b", 10), ["a", "0123456789", "abcdef b"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "[a-z出口 \\[\\]/]{0,200}", cells in 8usize..60) {
            let lines = wrap(&text, cells);
            prop_assert!(lines.iter().all(|line| width(line) <= cells));
            let squeeze = |t: &str| t.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
