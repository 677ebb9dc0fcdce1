//! Lines that several inputs hold: counted as often as in the input that holds them most.
//!
//! `x.log` beside `x.log.gz`, and copies that overlap, count once; nothing is read twice to find out. Equal lines have the
//! same pair, time and numbers, so they stand side by side when a pane is counted, and only there the bytes are compared.
//! That one copy came late and the other in time is a matter of where they stand, not of what they say; but copies that
//! are counted in different panes do not meet, and count each.

use crate::engine::desk::{Here, same_pair};
use crate::engine::pane::Pane;
use crate::event::Signs;

/// Drops duplicates from the contacts of a pair in their order; how many.
pub fn drop_from(here: &mut Vec<Here>, pane: &Pane<'_>) -> u64 {
    let before = here.len();
    let mut kept = Vec::with_capacity(before);
    let equal = |(a, _): &Here, (b, _): &Here| same_pair(a, b) && a.order(&b.as_late_as(a)).is_eq();
    for run in here.chunk_by(equal) {
        keep_most(run, pane, &mut kept);
    }
    *here = kept;
    (before - here.len()) as u64
}

/// Of a run of equal contacts, those in time first, keeps each line as often as the input has it that has it most; of
/// several such inputs, as the one that has most of them in time.
fn keep_most(run: &[Here], pane: &Pane<'_>, kept: &mut Vec<Here>) {
    let input = |(_, at): &Here| pane.batch(*at).input;
    if run.iter().all(|here| input(here) == input(&run[0])) {
        kept.extend(run);
        return;
    }
    let line = |(_, at): &Here| pane.line(*at);
    let late = |(contact, _): &Here| contact.is(Signs::LATE);
    let from = kept.len();
    let mut sorted = run.to_vec();
    sorted.sort_by(|a, b| line(a).cmp(line(b)).then(input(a).cmp(&input(b))));
    for same in sorted.chunk_by(|a, b| line(a) == line(b)) {
        let most = same.chunk_by(|a, b| input(a) == input(b)).max_by_key(|copies| {
            let timely = copies.iter().filter(|here| !late(here)).count();
            (copies.len(), timely)
        });
        kept.extend(most.unwrap_or_default());
    }
    // Back in the order in which contacts are counted.
    kept[from..].sort_by_key(late);
}
