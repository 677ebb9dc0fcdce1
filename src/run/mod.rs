//! The drivers: what runs the stages.

pub mod synth;
