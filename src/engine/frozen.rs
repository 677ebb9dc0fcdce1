//! Where frozen memory lies until it is on the disk: in pages of its own, not on the heap.
//!
//! A snapshot is about as large as the state, and is gone again within seconds. On the heap, rows that are made meanwhile
//! would come to lie between its parts, and keep the allocator from giving their pages back: a process would hold both.

use memmap2::MmapMut;
use postcard::ser_flavors::Flavor;
use std::ops::Deref;

/// Bytes of a page, or a part of it where pages are larger.
const PAGE: usize = 4096;

/// Bytes that the allocator knows nothing of; their pages go back when it is dropped.
#[derive(Debug)]
pub struct Frozen {
    pages: MmapMut,
    len: usize,
}

impl Frozen {
    /// Room for about `capacity` bytes; pages that are not written to take no memory.
    pub(super) fn with_capacity(capacity: usize) -> postcard::Result<Frozen> {
        // The only error that postcard has for it.
        let pages = MmapMut::map_anon(capacity.max(PAGE)).map_err(|_| postcard::Error::SerializeBufferFull)?;
        Ok(Frozen { pages, len: 0 })
    }

    /// Room for about `bytes` bytes whose pages are there: what is written to them need not wait for the system.
    ///
    /// # Errors
    ///
    /// The system gives no memory.
    pub fn ready(bytes: usize) -> postcard::Result<Frozen> {
        // More than was asked for takes no memory until it is written to.
        let mut ready = Frozen::with_capacity(2 * bytes)?;
        ready.pages[..bytes].iter_mut().step_by(PAGE).for_each(|first| *first = 0);
        Ok(ready)
    }

    #[cold]
    fn grow(&mut self) -> postcard::Result<()> {
        let mut larger = Frozen::with_capacity(self.pages.len() * 2)?;
        larger.pages[..self.len].copy_from_slice(self);
        larger.len = self.len;
        *self = larger;
        Ok(())
    }
}

impl Deref for Frozen {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.pages[..self.len]
    }
}

impl AsRef<[u8]> for Frozen {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// The same bytes.
impl PartialEq for Frozen {
    fn eq(&self, other: &Frozen) -> bool {
        **self == **other
    }
}

impl Flavor for Frozen {
    type Output = Frozen;

    #[inline(always)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        while self.pages.len() - self.len < bytes.len() {
            self.grow()?;
        }
        let room = &mut self.pages[self.len..][..bytes.len()];
        // Nearly all are numbers of a few bytes: copied in place, where a length known only now costs a call.
        match *bytes {
            [a] => room[0] = a,
            [a, b] => room.copy_from_slice(&[a, b]),
            [a, b, c] => room.copy_from_slice(&[a, b, c]),
            [a, b, c, d] => room.copy_from_slice(&[a, b, c, d]),
            _ => room.copy_from_slice(bytes),
        }
        self.len += bytes.len();
        Ok(())
    }

    #[inline(always)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> postcard::Result<Frozen> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Bytes come back as they were written, however often the room was too small.
        #[test]
        fn holds_what_was_written(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9000), 0..20)) {
            let mut frozen = Frozen::with_capacity(1).unwrap();
            for piece in &pieces {
                match piece[..] {
                    [byte] => frozen.try_push(byte).unwrap(),
                    _ => frozen.try_extend(piece).unwrap(),
                }
            }
            prop_assert_eq!(&*frozen.finalize().unwrap(), &*pieces.concat());
        }
    }
}
