//! The integration tests: one binary, a module for each law.

mod synth;
