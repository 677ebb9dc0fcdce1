//! Civil time as Apache and Squid write it.

use super::line;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends `05/Jan/2026:09:00:00`, and ` +0900` if asked.
pub(super) fn write(time: i64, offset: i64, zone: bool, out: &mut Vec<u8>) {
    let seconds = (time + offset).div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u64);
    // Days to civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    line::padded(day as u64, 2, b'0', out);
    out.push(b'/');
    out.extend_from_slice(MONTHS[(month - 1) as usize].as_bytes());
    out.push(b'/');
    line::padded(year as u64, 4, b'0', out);
    for part in [second / 3600, second / 60 % 60, second % 60] {
        out.push(b':');
        line::padded(part, 2, b'0', out);
    }
    if zone {
        let minutes = offset / 60_000;
        out.extend([b' ', if minutes < 0 { b'-' } else { b'+' }]);
        let minutes = minutes.unsigned_abs();
        line::padded(minutes / 60 * 100 + minutes % 60, 4, b'0', out);
    }
}
