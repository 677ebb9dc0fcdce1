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

/// Where the first of `stops` stands in a chunk. All ones for a stop and zeros for any other byte, because this is what
/// a vector register holds after it compared all 16 at once.
#[inline(always)]
pub(crate) fn nearest<const N: usize>(stops: [u8; N], chunk: &[u8; 16]) -> Option<usize> {
    let found = u128::from_le_bytes(chunk.map(|byte| if stops.contains(&byte) { 0xFF } else { 0 }));
    let at = (found.trailing_zeros() / 8) as usize;
    (at < 16).then_some(at)
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
