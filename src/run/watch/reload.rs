//! Lists that are read again while the logs are followed.

use crate::engine::Lists;
use crate::lock::lock;
use crate::metrics::{Metrics, Reload};
use crate::run::log::{self, Part};
use crate::run::{clock, lists};
use crate::settings::{ListFiles, Listed, SettingsError};
use std::sync::{Arc, Mutex};
use tokio::task::spawn_blocking;

/// Lists that the engine is to go by from its next round on: the driver puts them there, the engine's thread takes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Lists>>>);

impl Slot {
    fn put(&self, lists: Lists) {
        *lock(&self.0) = Some(lists);
    }

    /// What was put there since.
    pub(super) fn take(&self) -> Option<Lists> {
        lock(&self.0).take()
    }
}

/// Reads the lists again when it is asked to.
pub(super) struct Reloader {
    files: ListFiles,
    families: Reload,
    slot: Slot,
}

impl Reloader {
    /// The lists of these files were just read.
    pub(super) fn new(files: ListFiles, metrics: &Metrics) -> Reloader {
        Reloader { files, families: Reload::new(metrics, clock::seconds()), slot: Slot::default() }
    }

    /// Where the engine's thread finds them.
    pub(super) fn slot(&self) -> Slot {
        self.slot.clone()
    }

    /// Reads them; what is known bad is counted in `metrics`. If any cannot be read all stay as they are.
    pub(super) async fn reload(&self, metrics: impl FnOnce(u64)) {
        let files = self.files.clone();
        let listed: Result<Listed, SettingsError> = match spawn_blocking(move || files.load()).await {
            Ok(listed) => listed,
            // The runtime ends.
            Err(_) => return,
        };
        match listed {
            Ok(listed) => {
                lists::warn(&listed, |text| log::warn(Part::Lists, text));
                log::info(Part::Lists, &format!("lists read again: {} entries of known bad", listed.indicators()));
                metrics(listed.indicators());
                self.families.succeeded(clock::seconds());
                self.slot.put(listed.lists);
            }
            Err(error) => {
                self.families.failed();
                log::error(Part::Lists, &format!("{error}; the lists from before stay in use"));
            }
        }
    }
}
