//! Rows in a vector, found by key through an index of row numbers: no second copy of the key, dense rows, cheap growth.

use hashbrown::HashTable;

/// A table of `T`. Rows are found by a 64-bit hash and an equality; a row number is stable until [`Table::retain`].
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    index: HashTable<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: Vec::new(), index: HashTable::new() }
    }
}

impl<T> Table<T> {
    /// Row of the key with this hash, if there.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<u32> {
        self.index.find(hash, |&row| is(&self.rows[row as usize])).copied()
    }

    /// Adds a row whose key is not there yet. `rehash` gives the hash of any row.
    pub fn insert(&mut self, hash: u64, value: T, rehash: impl Fn(&T) -> u64) -> u32 {
        let row = self.rows.len() as u32;
        if self.rows.len() == self.rows.capacity() {
            // An eighth more, not twice: there are millions of rows, and slack counts against the limit.
            self.rows.reserve_exact((self.rows.len() / 8).max(16));
        }
        self.rows.push(value);
        let rows = &self.rows;
        self.index.insert_unique(hash, row, |&r| rehash(&rows[r as usize]));
        row
    }

    /// A row.
    #[inline]
    pub fn get(&self, row: u32) -> &T {
        &self.rows[row as usize]
    }

    /// A row, to write.
    #[inline]
    pub fn get_mut(&mut self, row: u32) -> &mut T {
        &mut self.rows[row as usize]
    }

    /// All rows, in the order they came.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// All rows, to write; keys must stay.
    pub fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Drops rows and gives the memory back; row numbers change. Returns the new number of each old row.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool, rehash: impl Fn(&T) -> u64) -> Vec<Option<u32>> {
        let mut moved = Vec::with_capacity(self.rows.len());
        let mut kept = 0;
        self.rows.retain(|row| {
            let keep = keep(row);
            moved.push(keep.then_some(kept));
            kept += u32::from(keep);
            keep
        });
        self.rows.shrink_to(self.rows.len() + self.rows.len() / 8);
        self.index = HashTable::with_capacity(self.rows.len());
        for (row, value) in self.rows.iter().enumerate() {
            self.index.insert_unique(rehash(value), row as u32, |&r| rehash(&self.rows[r as usize]));
        }
        moved
    }

    /// Bytes of rows and index.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<T>() + self.index.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_a_map(ops in prop::collection::vec((0u64..50, any::<bool>()), 0..200)) {
            let mut table: Table<u64> = Table::default();
            let mut model = std::collections::BTreeSet::new();
            for (key, drop) in ops {
                if drop {
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
