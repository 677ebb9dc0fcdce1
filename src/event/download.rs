//! Whether a reply brought something that can be run, or an archive that can hold it: what comes before many a break-in.

use crate::event::{Action, Event, Target};

/// Least reply that can be one, bytes; below, error pages and redirects live.
const LEAST: u64 = 4 * 1024;

/// Endings of what Windows, macOS and Office run, and of what carries it in mails and on drop sites (MITRE ATT&CK T1204.002,
/// T1566.002). Scripts of pages (`.js`) are not among them: every page has some.
const ENDINGS: [u32; 32] = [
    word(b"exe"),
    word(b"dll"),
    word(b"scr"),
    word(b"msi"),
    word(b"msix"),
    word(b"pif"),
    word(b"bat"),
    word(b"cmd"),
    word(b"ps1"),
    word(b"vbs"),
    word(b"vbe"),
    word(b"jse"),
    word(b"wsf"),
    word(b"hta"),
    word(b"chm"),
    word(b"lnk"),
    word(b"jar"),
    word(b"xll"),
    word(b"docm"),
    word(b"xlsm"),
    word(b"xlsb"),
    word(b"pptm"),
    word(b"zip"),
    word(b"rar"),
    word(b"7z"),
    word(b"ace"),
    word(b"cab"),
    word(b"iso"),
    word(b"img"),
    word(b"vhd"),
    word(b"dmg"),
    word(b"pkg"),
];

/// An ending of at most four letters as one number, its case dropped: it is compared with all others at once.
const fn word(ending: &[u8]) -> u32 {
    let (mut word, mut i) = (0, 0);
    while i < ending.len() {
        word = word << 8 | (ending[i] | 0x20) as u32;
        i += 1;
    }
    word
}

/// The same by media type, after `application/`.
const TYPES: [&[u8]; 12] = [
    b"x-msdownload",
    b"x-msdos-program",
    b"x-dosexec",
    b"vnd.microsoft.portable-executable",
    b"x-msi",
    b"zip",
    b"x-zip",
    b"x-rar",
    b"vnd.rar",
    b"x-7z-compressed",
    b"java-archive",
    b"hta",
];

/// Whether the event brought a program, a script or an archive.
#[inline]
pub fn is_download(event: &Event<'_>, target: &Target<'_>) -> bool {
    let came = event.action == Action::Allowed
        && event.status.is_none_or(|status| (200..300).contains(&status))
        && event.bytes_down.is_none_or(|bytes| bytes >= LEAST);
    came && (by_ending(target.path) || event.content_type.is_some_and(by_type))
}

#[inline]
fn by_ending(path: &[u8]) -> bool {
    let end = &path[path.len().saturating_sub(5)..];
    let Some(dot) = end.iter().rposition(|&b| b == b'.') else { return false };
    let ending = word(&end[dot + 1..]);
    ENDINGS.iter().fold(false, |found, &known| found | (known == ending))
}

fn by_type(media: &[u8]) -> bool {
    let Some((b"application/", rest)) = media.split_at_checked(12) else { return false };
    let rest = &rest[..rest.iter().position(|&b| b == b';').unwrap_or(rest.len())];
    TYPES.iter().any(|known| rest.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_archives_are_told_by_path_or_type() {
        let event = |target: &'static str, media: &'static str| Event {
            target: target.as_bytes(),
            content_type: Some(media.as_bytes()),
            status: Some(200),
            action: Action::Allowed,
            bytes_down: Some(90_000),
            ..Event::default()
        };
        let told = |event: Event<'static>| is_download(&event, &Target::of(&event).unwrap());
        assert!(told(event("http://a.example/x/Invoice.ZIP?id=4", "text/html")));
        assert!(told(event("http://a.example/get", "application/x-msdownload; charset=x")));
        assert!(!told(event("http://a.example/app.min.js", "application/javascript")));
        assert!(!told(event("http://a.example/v1.7/zip", "application/json")));
        assert!(!told(Event { bytes_down: Some(300), ..event("http://a.example/a.exe", "text/html") }));
        assert!(!told(Event { status: Some(404), ..event("http://a.example/a.exe", "text/html") }));
    }
}
