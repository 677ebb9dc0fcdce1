//! The names that a map knows, looked up at every key of every line.

use crate::parse::record::Column;

/// Longer names are not known.
const LONGEST: usize = 128;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) struct Source {
    /// Where its value belongs.
    pub(in crate::parse) column: Column,
    /// Its place among the sources of that column, from 1; the least that has a value is taken.
    pub(in crate::parse) rank: u8,
}

/// A name in an object.
#[derive(Clone, Debug)]
struct Row {
    name: Box<[u8]>,
    source: Option<Source>,
    /// The names in the object below it.
    below: Option<usize>,
}

/// The names in one object, by length, so that few are compared.
#[derive(Clone, Debug, Default)]
struct Node {
    rows: Vec<Vec<Row>>,
}

/// A tree of names: `a.b` is the name `a.b`, and the name `b` in the object `a`.
#[derive(Clone, Debug)]
pub(in crate::parse) struct Names {
    nodes: Vec<Node>,
}

impl Names {
    /// The names of a map.
    pub(in crate::parse) fn of<'n>(names: impl IntoIterator<Item = (&'n str, Source)>) -> Names {
        let mut tree = Names { nodes: vec![Node::default()] };
        for (name, source) in names {
            tree.add(0, name.as_bytes(), source);
        }
        tree
    }

    fn add(&mut self, node: usize, name: &[u8], source: Source) {
        if name.len() > LONGEST {
            return;
        }
        self.row(node, name).source.get_or_insert(source);
        for (at, _) in name.iter().enumerate().filter(|(_, byte)| **byte == b'.') {
            let next = self.nodes.len();
            let below = *self.row(node, &name[..at]).below.get_or_insert(next);
            if below == next {
                self.nodes.push(Node::default());
            }
            self.add(below, &name[at + 1..], source);
        }
    }

    fn row(&mut self, node: usize, name: &[u8]) -> &mut Row {
        let rows = &mut self.nodes[node].rows;
        if rows.len() <= name.len() {
            rows.resize(name.len() + 1, Vec::new());
        }
        let rows = &mut rows[name.len()];
        let at = rows.iter().position(|row| *row.name == *name).unwrap_or(rows.len());
        if at == rows.len() {
            rows.push(Row { name: name.into(), source: None, below: None });
        }
        &mut rows[at]
    }

    /// What a name in an object stands for, and the object below it. The outermost object is 0.
    #[inline]
    pub(in crate::parse) fn find(&self, node: usize, name: &[u8]) -> (Option<Source>, Option<usize>) {
        let rows = self.nodes.get(node).and_then(|node| node.rows.get(name.len()));
        match rows.and_then(|rows| rows.iter().find(|row| *row.name == *name)) {
            Some(row) => (row.source, row.below),
            None => (None, None),
        }
    }
}
