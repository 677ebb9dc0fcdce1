//! Bytes that stand near: the ends of fields of about a dozen bytes.

/// Where the first of `stops` stands, for short fields, where a call of `memchr` costs more than it saves.
#[inline(always)]
pub(crate) fn near<const N: usize>(stops: [u8; N], text: &[u8]) -> Option<usize> {
    let (chunks, rest) = text.as_chunks();
    for (i, chunk) in chunks.iter().enumerate() {
        if let Some(at) = nearest(stops, chunk) {
            return Some(16 * i + at);
        }
    }
    match text.last_chunk() {
        // What is looked at once more holds no stop.
        Some(chunk) => nearest(stops, chunk).map(|at| text.len() - 16 + at),
        None => rest.iter().position(|byte| stops.contains(byte)),
    }
}

/// Where the first of `stops` stands in a chunk: eight bytes at a time, in a register.
#[inline(always)]
pub(crate) fn nearest<const N: usize>(stops: [u8; N], chunk: &[u8; 16]) -> Option<usize> {
    let chunk = u128::from_le_bytes(*chunk);
    let at = match marks(stops, chunk as u64) {
        0 => 8 + marks(stops, (chunk >> 64) as u64).trailing_zeros() / 8,
        marks => marks.trailing_zeros() / 8,
    };
    (at < 16).then_some(at as usize)
}

/// The lowest bit that is set is the highest of the first byte that is a stop; bits above it may mislead (Hacker's
/// Delight, 2nd edition, 6-1).
#[inline(always)]
fn marks<const N: usize>(stops: [u8; N], word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    stops.iter().fold(0, |marks, &stop| marks | zeros(word ^ (ONES * u64::from(stop))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stop_is_found_wherever_it_stands() {
        for length in 0..40 {
            assert_eq!(near([b' '], &vec![b'x'; length]), None);
            for at in 0..length {
                // Neighbours that differ from a stop in one bit, and a second stop.
                for other in [b'x', b'!', b'.', b'?', 0xAF, 0x00] {
                    let mut text = vec![other; length];
                    text[at] = b'/';
                    let first = if other == b'?' { 0 } else { at };
                    assert_eq!(near([b'/'], &text), Some(at));
                    assert_eq!(near([b'#', b'?', b'/'], &text), Some(first), "{text:?}");
                }
            }
        }
    }
}
