//! What in the lists of indicators is not used.

use crate::settings::Listed;

/// Bad entries of lists that are shown; all are counted.
const SHOWN: usize = 10;

/// Says it in a way.
pub(super) fn warn(listed: &Listed, say: impl Fn(&str)) {
    let bad: u64 = listed.lists.indicators.lists().iter().map(|list| list.bad).sum();
    let shown = listed.bad.iter().take(SHOWN);
    shown.clone().for_each(|entry| say(&entry.to_string()));
    match bad.saturating_sub(shown.len() as u64) {
        0 => {}
        1 => say("1 more entry of the lists is not used"),
        more => say(&format!("{more} more entries of the lists are not used")),
    }
}
