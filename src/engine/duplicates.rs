//! Lines that several inputs hold: counted as often as in the input that holds them most.
//!
//! `x.log` beside `x.log.gz`, and copies that overlap, count once; nothing is read twice to find out. Equal lines have the
//! same pair, time and numbers, so they stand side by side when a pane is counted, and only there the bytes are compared.

use crate::engine::batch::Batch;
use crate::event::Contact;

/// Drops duplicates from `indices` of contacts in their order; how many.
pub fn drop_from(indices: &mut Vec<u32>, contacts: &[Contact], batches: &[Option<Batch>]) -> u64 {
    let before = indices.len();
    let mut kept = Vec::with_capacity(before);
    let mut rest = &indices[..];
    while let Some(&first) = rest.first() {
        let equal = |i: &&u32| {
            let (a, b) = (&contacts[**i as usize], &contacts[first as usize]);
            (a.domain, a.client) == (b.domain, b.client) && a.order(b).is_eq()
        };
        let (run, others) = rest.split_at(rest.iter().take_while(equal).count());
        keep_most(run, contacts, batches, &mut kept);
        rest = others;
    }
    *indices = kept;
    (before - indices.len()) as u64
}

/// Of a run of equal contacts, keeps each line as often as the input has it that has it most.
fn keep_most(run: &[u32], contacts: &[Contact], batches: &[Option<Batch>], kept: &mut Vec<u32>) {
    let input = |i: u32| contacts[i as usize].input;
    if run.iter().all(|&i| input(i) == input(run[0])) {
        kept.extend(run);
        return;
    }
    let line = |i: u32| {
        let contact = &contacts[i as usize];
        batches.get(contact.batch as usize).and_then(Option::as_ref).map_or(&[][..], |b| b.line(contact))
    };
    let mut sorted = run.to_vec();
    sorted.sort_by(|&a, &b| line(a).cmp(line(b)).then(input(a).cmp(&input(b))));
    for same in sorted.chunk_by(|&a, &b| line(a) == line(b)) {
        let most = same.chunk_by(|&a, &b| input(a) == input(b)).max_by_key(|copies| copies.len());
        kept.extend(most.unwrap_or_default());
    }
}
