//! Where a request went.

/// What kind of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    Name,
}
/// Where a request went.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    host: &'a [u8],
}
/// Normalises.
#[derive(Debug, Default)]
pub struct Normalizer;
