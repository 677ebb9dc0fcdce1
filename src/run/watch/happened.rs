//! What happened to a log, for the counters and the operator.

use super::INPUT;
use super::work::Said;
use crate::input::follow::{Happening, Note};
use crate::metrics::{Discontinuity, Live};
use crate::run::log::{self, Part};

/// Counts what happened to a log, and says what an operator should know.
pub(super) fn happened(note: &Note, live: &Live, said: &mut Vec<Said>) {
    let path = note.path.to_string_lossy();
    match note.what {
        Happening::Rotated => live.rotated(INPUT),
        Happening::Failed(reason) => {
            said.push(Said::Error(reason));
            note.message.iter().for_each(|text| log::warn(Part::Input, text));
        }
        Happening::UnfinishedLine => log::info(Part::Input, &format!("{path}: its last line had no end")),
        what => {
            if let Some(reason) = what.discontinuity().and_then(Discontinuity::of) {
                live.broke(INPUT, reason, what.lost());
                let lost = match what.lost() {
                    0 => String::new(),
                    bytes => format!("; at least {bytes} bytes were gone before they were read"),
                };
                log::warn(Part::Input, &format!("{path}: {}{lost}", reason.as_str()));
            }
        }
    }
}
