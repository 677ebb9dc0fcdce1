//! Lines that several inputs hold: counted as often as in the input that holds them most.
//!
//! `x.log` beside `x.log.gz`, and copies that overlap, count once; nothing is read twice to find out. Equal lines have the
//! same pair, time and numbers, so they stand side by side when a pane is counted, and only there the bytes are compared.

use crate::engine::shard::Pane;
use crate::engine::waiting::Waiting;

/// Drops duplicates from the contacts of a pair in their order; how many.
pub fn drop_from(waiting: &mut Vec<Waiting>, pane: &Pane<'_>) -> u64 {
    let before = waiting.len();
    let mut kept = Vec::with_capacity(before);
    let equal = |a: &Waiting, b: &Waiting| {
        let (a, b) = (pane.contact(*a), pane.contact(*b));
        (a.domain, a.client) == (b.domain, b.client) && a.order(b).is_eq()
    };
    for run in waiting.chunk_by(equal) {
        keep_most(run, pane, &mut kept);
    }
    *waiting = kept;
    (before - waiting.len()) as u64
}

/// Of a run of equal contacts, keeps each line as often as the input has it that has it most.
fn keep_most(run: &[Waiting], pane: &Pane<'_>, kept: &mut Vec<Waiting>) {
    let input = |w: &Waiting| pane.batch(*w).input;
    if run.iter().all(|w| input(w) == input(&run[0])) {
        kept.extend(run);
        return;
    }
    let line = |w: &Waiting| pane.line(*w);
    let mut sorted = run.to_vec();
    sorted.sort_by(|a, b| line(a).cmp(line(b)).then(input(a).cmp(&input(b))));
    for same in sorted.chunk_by(|a, b| line(a) == line(b)) {
        let most = same.chunk_by(|a, b| input(a) == input(b)).max_by_key(|copies| copies.len());
        kept.extend(most.unwrap_or_default());
    }
}
