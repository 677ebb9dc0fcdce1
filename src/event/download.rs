//! Whether a reply brought something that can be run, or an archive that can hold it: what comes before many a break-in.

use crate::event::{Action, Event, Target};

/// Least reply that can be one, bytes; below, error pages and redirects live.
const LEAST: u64 = 4 * 1024;

/// Endings of what Windows, macOS and Office run, and of what carries it in mails and on drop sites (MITRE ATT&CK T1204.002,
/// T1566.002). Scripts of pages (`.js`) are not among them: every page has some.
const ENDINGS: [&[u8]; 32] = [
    b"exe", b"dll", b"scr", b"msi", b"msix", b"pif", b"bat", b"cmd", b"ps1", b"vbs", b"vbe", b"jse", b"wsf", b"hta",
    b"chm", b"lnk", b"jar", b"xll", b"docm", b"xlsm", b"xlsb", b"pptm", b"zip", b"rar", b"7z", b"ace", b"cab", b"iso",
    b"img", b"vhd", b"dmg", b"pkg",
];

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

fn by_ending(path: &[u8]) -> bool {
    let end = &path[path.len().saturating_sub(5)..];
    let Some(dot) = end.iter().rposition(|&b| b == b'.') else { return false };
    let ending = &end[dot + 1..];
    ending.len() >= 2 && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
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
