//! Every format reads its samples as their `.expected.jsonl` says, and no bytes make a parser panic.

mod samples;
