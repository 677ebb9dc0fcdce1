//! Lines of Squid's native format, compiled by hand: the one that must be fast.

use super::row::{Method, Row, Tag, Url};
use super::world::World;

/// Appends a decimal number.
pub(super) fn number(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut left = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a decimal number, filled from the left to `width`.
pub(super) fn padded(value: u64, width: usize, fill: u8, out: &mut Vec<u8>) {
    let start = out.len();
    number(value, out);
    let missing = width.saturating_sub(out.len() - start);
    if missing > 0 {
        out.resize(out.len() + missing, fill);
        out[start..].rotate_right(missing);
    }
}

/// Appends seconds and milliseconds with a dot between.
pub(super) fn stamp(time: i64, out: &mut Vec<u8>) {
    number((time / 1000) as u64, out);
    let ms = (time % 1000) as u64;
    out.extend([b'.', b'0' + (ms / 100) as u8, b'0' + (ms / 10 % 10) as u8, b'0' + (ms % 10) as u8]);
}

/// Appends a URL as a proxy sees it. Gives back how many bytes path and query have.
pub(super) fn url(world: &World, url: &Url, method: Method, port: u16, strip: bool, out: &mut Vec<u8>) -> u64 {
    if method == Method::Connect {
        world.web.write_host(url.host, url.sub, out);
        out.push(b':');
        number(port.into(), out);
        return 0;
    }
    let scheme: &[u8] = if port == 443 { b"https://" } else { b"http://" };
    out.extend_from_slice(scheme);
    world.web.write_host(url.host, url.sub, out);
    if port != 80 && port != 443 {
        out.push(b':');
        number(port.into(), out);
    }
    let start = out.len();
    world.web.paths[usize::from(url.path)].render(url.seed, out);
    let whole = out.len() - start;
    if strip && let Some(at) = memchr::memchr(b'?', &out[start..]) {
        // Squid keeps the question mark.
        out.truncate(start + at + 1);
    }
    whole as u64
}

/// Appends `HIER_DIRECT/address` or `HIER_NONE/-`.
pub(super) fn hierarchy(world: &World, row: &Row, out: &mut Vec<u8>) {
    if row.tag.reached_out() {
        out.extend_from_slice(b"HIER_DIRECT/");
        world.web.write_address(row.url.host, row.url.sub, out);
    } else {
        out.extend_from_slice(b"HIER_NONE/-");
    }
}

/// The user's name, if the proxy learned it.
pub(super) fn user<'w>(world: &'w World, row: &Row) -> &'w str {
    if row.named { &world.clients[row.client as usize].user } else { "-" }
}

/// Appends one line of the native format. Gives back how many bytes path and query have.
pub(super) fn native(world: &World, row: &Row, strip: bool, out: &mut Vec<u8>) -> u64 {
    stamp(row.end, out);
    out.push(b' ');
    padded(row.took.into(), 6, b' ', out);
    out.push(b' ');
    out.extend_from_slice(world.clients[row.client as usize].address.as_bytes());
    out.push(b' ');
    out.extend_from_slice(row.tag.text().as_bytes());
    out.push(b'/');
    padded(row.status.into(), 3, b'0', out);
    out.push(b' ');
    number(row.down, out);
    out.push(b' ');
    out.extend_from_slice(row.method.text().as_bytes());
    out.push(b' ');
    let length = url(world, &row.url, row.method, row.port, strip, out);
    out.push(b' ');
    out.extend_from_slice(user(world, row).as_bytes());
    out.push(b' ');
    hierarchy(world, row, out);
    out.push(b' ');
    out.extend_from_slice(row.mime.text().as_bytes());
    out.push(b'\n');
    length
}

/// Whether a row was refused by policy; a challenge is not a refusal.
pub(super) fn is_denied(row: &Row) -> bool {
    row.tag == Tag::Denied && row.status != 407
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers() {
        assert_eq!(text(|out| number(0, out)), "x0");
        assert_eq!(text(|out| number(u64::MAX, out)), "x18446744073709551615");
        assert_eq!(text(|out| padded(42, 6, b' ', out)), "x    42");
        assert_eq!(text(|out| padded(1_234_567, 6, b' ', out)), "x1234567");
        assert_eq!(text(|out| stamp(1_767_571_200_007, out)), "x1767571200.007");
    }
}
