//! What holds of the whole crate, one module a law.

mod parse;
