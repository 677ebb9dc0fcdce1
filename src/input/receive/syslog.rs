//! A syslog message → the log line in it.
//!
//! A message that begins with `<PRI>` (0 to 191) has a header, of RFC 5424 or of the kind that RFC 3164 describes; both are
//! read as generously as can be without taking a part of the line for one of the header. What cannot be told is left.

/// Facility 23, severity 7.
const PRIORITY_MAX: u32 = 191;
/// The longest tag: RFC 3164 has 32, programs have longer ones.
const TAG_MAX: usize = 64;
const BOM: &[u8] = b"\xEF\xBB\xBF";
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The end of the message: what follows its header, or all of it if there is none.
    pub line: &'a [u8],
    /// RFC 5424 `meta sequenceId`.
    pub sequence: Option<u32>,
}

/// Takes the header from a message.
pub fn content(message: &[u8]) -> Content<'_> {
    let Some(rest) = priority(message) else { return Content { line: message, sequence: None } };
    if let Some(content) = rest.strip_prefix(b"1 ").and_then(rfc5424) {
        return content;
    }
    Content { line: rfc3164(rest), sequence: None }
}

/// What follows the header of a message as it is stored in a file, which has no `<PRI>`; `None` if it begins with no time.
pub fn stored(line: &[u8]) -> Option<&[u8]> {
    let timed = bsd_time(line).is_some() || word(line).is_some_and(|(time, _)| is_iso(time));
    timed.then(|| rfc3164(line))
}

/// What follows `<PRI>`.
fn priority(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let value = rest[..digits].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    rest[digits..].strip_prefix(b">").filter(|_| value <= PRIORITY_MAX)
}

/// Up to the next space, and what follows it.
fn word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&b| b == b' ')?;
    (end > 0).then(|| (&bytes[..end], &bytes[end + 1..]))
}

/// TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG], behind the version.
fn rfc5424(rest: &[u8]) -> Option<Content<'_>> {
    let (time, mut rest) = word(rest)?;
    if time != b"-" && !is_iso(time) {
        return None;
    }
    for _ in 0..4 {
        rest = word(rest)?.1;
    }
    let (mut sequence, mut at) = (None, 0);
    if let Some(nothing) = rest.strip_prefix(b"-") {
        rest = nothing;
    } else {
        while rest.get(at) == Some(&b'[') {
            let end = at + element(&rest[at..])?;
            sequence = sequence.or_else(|| number(&rest[at..end]));
            at = end;
        }
        if at == 0 {
            return None;
        }
        rest = &rest[at..];
    }
    let line = match rest {
        [] => rest,
        [b' ', message @ ..] => message.strip_prefix(BOM).unwrap_or(message),
        _ => return None,
    };
    Some(Content { line, sequence })
}

/// Length of an SD-ELEMENT. Within quotes a backslash takes the next byte with it.
fn element(bytes: &[u8]) -> Option<usize> {
    let (mut quoted, mut at) = (false, 1);
    loop {
        match bytes.get(at)? {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// The `sequenceId` of the element `meta`.
fn number(element: &[u8]) -> Option<u32> {
    let mut rest = element.strip_prefix(b"[meta ")?;
    loop {
        let equals = rest.iter().position(|&b| b == b'=')?;
        let (name, value) = (&rest[..equals], rest[equals + 1..].strip_prefix(b"\"")?);
        // No number has a quote in it; of other values the quotes that are escaped are passed over.
        let end = (0..value.len()).find(|&i| value[i] == b'"' && (i == 0 || value[i - 1] != b'\\'))?;
        if name == b"sequenceId" {
            let text = std::str::from_utf8(&value[..end]).ok()?;
            return text.parse().ok().filter(|&n| n >= 1);
        }
        rest = value[end + 1..].strip_prefix(b" ")?;
    }
}

/// TIMESTAMP [HOSTNAME] TAG: MSG, all optional, as it is in the wild: `/dev/log` has no host, some senders have no time.
fn rfc3164(rest: &[u8]) -> &[u8] {
    let Some(behind) = bsd_time(rest).or_else(|| word(rest).filter(|(time, _)| is_iso(time)).map(|(_, rest)| rest))
    else {
        return tag(rest).unwrap_or(rest);
    };
    if let Some(line) = tag(behind) {
        return line;
    }
    match word(behind) {
        Some((host, behind)) if is_host(host) => tag(behind).unwrap_or(behind),
        _ => behind,
    }
}

/// What follows `Nov 22 10:34:35 `, also with a year, as some devices have it, or a fraction.
fn bsd_time(bytes: &[u8]) -> Option<&[u8]> {
    let (month, rest) = word(bytes)?;
    if !MONTHS.contains(&month) {
        return None;
    }
    let (day, mut rest) = word(rest.strip_prefix(b" ").unwrap_or(rest))?;
    if day.len() > 2 || !day.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if let Some((year, behind)) = word(rest)
        && year.len() == 4
        && year.iter().all(u8::is_ascii_digit)
    {
        rest = behind;
    }
    let (clock, rest) = word(rest)?;
    let form = b"00:00:00";
    let fits = clock.len() >= form.len()
        && clock.iter().zip(form).all(|(b, f)| if *f == b'0' { b.is_ascii_digit() } else { b == f })
        && clock[form.len()..].iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'));
    fits.then_some(rest)
}

/// `2026-11-22T10:34:35`, whatever follows.
fn is_iso(time: &[u8]) -> bool {
    let form = b"0000-00-00T00:00:00";
    time.len() >= form.len() && time.iter().zip(form).all(|(b, f)| if *f == b'0' { b.is_ascii_digit() } else { b == f })
}

/// What follows `tag: ` or `tag[pid]: `.
fn tag(bytes: &[u8]) -> Option<&[u8]> {
    let (word, rest) = match word(bytes) {
        Some(found) => found,
        None => (bytes, &bytes[bytes.len()..]),
    };
    let name = word.strip_suffix(b":")?;
    let plain = name.len() <= TAG_MAX && name.iter().all(|&b| b.is_ascii_graphic() && b != b':');
    (!name.is_empty() && plain).then_some(rest)
}

/// A name, or an address.
fn is_host(word: &[u8]) -> bool {
    let is_name = word.iter().all(|&b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    is_name || std::str::from_utf8(word).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = "1431049803.123    200 192.0.2.17 TCP_MISS/200 512 GET http://example.com/?a=[b]: - HIER_DIRECT/203.0.113.9 text/html";

    #[test]
    fn headers_are_taken_away() {
        for header in [
            "",
            "<174>",
            "<174>Nov 22 10:34:35 squid: ",
            "<174>Nov  2 10:34:35 squid[123]: ",
            "<174>Nov  2 10:34:35 proxy1 squid[123]: ",
            "<13>Nov 22 10:34:35 proxy1.example.com (squid-1)[7]: ",
            "<13>Nov 22 2026 10:34:35 192.0.2.9 squid: ",
            "<13>Nov 22 10:34:35.123 2001:db8::1 squid: ",
            "<13>2026-11-22T10:34:35.123456+09:00 proxy1 squid: ",
            "<13>2026-11-22T10:34:35Z squid: ",
            "<13>Nov 22 10:34:35 proxy1 ",
            "<13>squid[5]: ",
            "<191>1 2026-11-22T10:34:35.1Z proxy1 squid 5 - - ",
            "<0>1 - - - - - - ",
            "<0>1 - - - - - - \u{feff}",
            "<13>1 2026-11-22T10:34:35Z p squid 5 ID [a@1 b=\"c \\\"] d\"][e@2] ",
        ] {
            let message = format!("{header}{LINE}");
            assert_eq!(content(message.as_bytes()), Content { line: LINE.as_bytes(), sequence: None }, "{header}");
        }
    }

    #[test]
    fn what_is_no_header_is_left() {
        for (message, line) in [
            ("<192>a", "<192>a"),
            ("<>a", "<>a"),
            ("<1234>a", "<1234>a"),
            ("<13", "<13"),
            ("<13>", ""),
            ("<13>1 never host", "1 never host"),
            ("<13>Nov 22 10:34:35 squid:joined to it", "squid:joined to it"),
            ("<13>Nov 22 99 squid: a", "Nov 22 99 squid: a"),
            ("<13>1 - - - - - [open b=\"c", "1 - - - - - [open b=\"c"),
            ("Nov 22 10:34:35 squid: a", "Nov 22 10:34:35 squid: a"),
        ] {
            assert_eq!(String::from_utf8_lossy(content(message.as_bytes()).line), line, "{message}");
        }
    }

    #[test]
    fn messages_may_be_numbered() {
        let of = |data: &str| content(format!("<13>1 - - - - - {data} x").as_bytes()).sequence;
        assert_eq!(of("[meta sequenceId=\"29\"]"), Some(29));
        assert_eq!(
            of("[o@1 p=\"q\"][meta sysUpTime=\"37\" language=\"E\\\"N\" sequenceId=\"2147483647\"]"),
            Some(2_147_483_647)
        );
        assert_eq!(of("[meta sequenceId=\"0\"]"), None);
        assert_eq!(of("[meta sequenceId=\"-1\"]"), None);
        assert_eq!(of("[metal sequenceId=\"5\"]"), None);
    }

    proptest! {
        #[test]
        fn the_line_is_the_end_of_the_message(
            priority in 0u32..200, head in "[ -~]{0,60}", line in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            for message in [
                [format!("<{priority}>").as_bytes(), head.as_bytes(), &line].concat(),
                [format!("<{priority}>1 ").as_bytes(), head.as_bytes(), &line].concat(),
                [format!("<{priority}>Nov 22 10:34:35 {head}").as_bytes(), &line].concat(),
                line.clone(),
            ] {
                prop_assert!(message.ends_with(content(&message).line));
            }
            let message = [format!("<{}>1 - - - - - - ", priority.min(191)).as_bytes(), b"x", &line].concat();
            prop_assert_eq!(content(&message).line, [b"x", &line[..]].concat());
        }
    }
}
