//! One binary for all integration tests; a module per law.

mod input;
