//! Rows in blocks, found by key through an index of row numbers: no second copy of the key, dense rows, no move when the
//! table grows.

use hashbrown::HashTable;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hint::black_box;
use std::marker::PhantomData;

/// Most bytes in a block: a table has half a block of slack on average, and there are as many tables as shards.
const BLOCK: usize = 6 * 1024;

/// A table of `T`. Rows are found by a 64-bit hash and an equality; a row number is stable until [`Table::retain`].
#[derive(Debug)]
pub struct Table<T> {
    blocks: Vec<Vec<T>>,
    index: HashTable<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { blocks: Vec::new(), index: HashTable::new() }
    }
}

impl<T> Table<T> {
    /// Rows in a block, a power of two.
    const ROWS: usize = 1 << (BLOCK / size_of::<T>()).ilog2();

    /// Finds rows again after they were read back, as [`Table::retain`] does: reading them gives no index.
    pub fn reindex(&mut self, rehash: impl Fn(&T) -> u64) {
        self.index = HashTable::with_capacity(self.len());
        for (row, value) in (0..).zip(self.blocks.iter().flatten()) {
            self.index.insert_unique(rehash(value), row, |&r| rehash(row_of(&self.blocks, r)));
        }
    }

    /// Row of the key with this hash, if there.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<u32> {
        self.index.find(hash, |&row| is(self.get(row))).copied()
    }

    /// Adds a row whose key is not there yet. `rehash` gives the hash of any row.
    pub fn insert(&mut self, hash: u64, value: T, rehash: impl Fn(&T) -> u64) -> u32 {
        let row = self.push(value);
        let blocks = &self.blocks;
        self.index.insert_unique(hash, row, |&r| rehash(row_of(blocks, r)));
        row
    }

    fn push(&mut self, value: T) -> u32 {
        let row = self.len() as u32;
        match self.blocks.last_mut() {
            Some(block) if block.len() < Self::ROWS => block.push(value),
            _ => {
                let mut block = Vec::with_capacity(Self::ROWS);
                block.push(value);
                self.blocks.push(block);
            }
        }
        row
    }

    /// A row.
    #[inline]
    pub fn get(&self, row: u32) -> &T {
        row_of(&self.blocks, row)
    }

    /// A row, to write.
    #[inline]
    pub fn get_mut(&mut self, row: u32) -> &mut T {
        &mut self.blocks[row as usize / Self::ROWS][row as usize % Self::ROWS]
    }

    /// All rows, in the order they came.
    pub fn rows(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// All rows, to write; keys must stay.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.blocks.iter_mut().flatten()
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * Self::ROWS + last.len())
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Drops rows and gives the memory back; row numbers change. Returns the new number of each old row.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool, rehash: impl Fn(&T) -> u64) -> Vec<Option<u32>> {
        let mut moved = Vec::with_capacity(self.len());
        for value in std::mem::take(&mut self.blocks).into_iter().flatten() {
            moved.push(keep(&value).then(|| self.push(value)));
        }
        self.reindex(rehash);
        moved
    }

    /// Bytes of rows and index.
    pub fn bytes(&self) -> usize {
        self.blocks.len() * Self::ROWS * size_of::<T>() + self.index.allocation_size()
    }
}

impl<T: Serialize> Table<T> {
    /// Rows in their order. `warm` reads what lies behind a row: for all rows of a block at once, as these reads overlap.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize_warm<S: Serializer>(&self, serializer: S, warm: impl Fn(&T) -> u64) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.len()))?;
        for block in &self.blocks {
            black_box(block.iter().map(&warm).fold(0, u64::wrapping_add));
            block.iter().try_for_each(|row| rows.serialize_element(row))?;
        }
        rows.end()
    }
}

/// Rows in their order.
impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_warm(serializer, |_| 0)
    }
}

/// Rows without an index: see [`Table::reindex`].
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<T> {
            type Value = Table<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("rows")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Table<T>, A::Error> {
                let mut table = Table::default();
                while let Some(row) = rows.next_element()? {
                    table.push(row);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_seq(Rows(PhantomData))
    }
}

#[inline]
fn row_of<T>(blocks: &[Vec<T>], row: u32) -> &T {
    &blocks[row as usize / Table::<T>::ROWS][row as usize % Table::<T>::ROWS]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_a_map(ops in prop::collection::vec((0u64..300, any::<u8>()), 0..800)) {
            let mut table: Table<u64> = Table::default();
            let mut model = std::collections::BTreeSet::new();
            for (key, dice) in ops {
                if dice < 10 {
                    table.retain(|&k| k != key, |&k| k * 7);
                    model.remove(&key);
                } else if table.find(key * 7, |&k| k == key).is_none() {
                    table.insert(key * 7, key, |&k| k * 7);
                    model.insert(key);
                }
                prop_assert_eq!(table.len(), model.len());
                for &k in &model {
                    let row = table.find(k * 7, |&r| r == k);
                    prop_assert_eq!(row.map(|r| *table.get(r)), Some(k));
                }
            }
        }
    }
}
