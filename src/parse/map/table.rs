//! Rows of values apart by commas or tabs (RFC 4180, a space after a comma allowed), in the order of a header. A value
//! that holds a line end is cut there: a line is all that is looked at.

use memchr::memchr;

use crate::event::near;

/// The cells of a row, quotes left off where nothing was doubled in them.
pub(super) fn cells(line: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let mut text = rest?;
        while let [b' ', after @ ..] = text {
            text = after;
        }
        if let [b'"', inner @ ..] = text
            && let Some(end) = closing(inner)
        {
            let behind = &inner[end + 1..];
            rest = near([delimiter], behind).map(|at| &behind[at + 1..]);
            return Some(&inner[..end]);
        }
        // Most cells are short.
        let end = near([delimiter], text);
        rest = end.map(|at| &text[at + 1..]);
        Some(text[..end.unwrap_or(text.len())].trim_ascii_end())
    })
}

/// The quote that closes a value: the first that is not doubled.
fn closing(inner: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'"', inner.get(from..)?)?;
        if inner.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let read = |line: &str| -> Vec<String> {
            cells(line.as_bytes(), b',').map(|cell| String::from_utf8_lossy(cell).into()).collect()
        };
        assert_eq!(read(r#""a","b, ""c""", d ,,"" ,x"y"#), ["a", r#"b, ""c"""#, "d", "", "", "x\"y"]);
        assert_eq!(read(""), [""]);
        assert_eq!(read("\"open,x"), ["\"open", "x"]);
    }
}
