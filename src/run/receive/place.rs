//! Where the spool is: beside the state; without one in a folder of its own, which goes with the run.

use crate::input::receive::Shelf;
use crate::settings::WatchSettings;
use anyhow::Context;
use std::sync::Arc;

/// Folder of the spool in that of the state.
const SPOOL: &str = "spool";

/// The spool of a run.
pub(in crate::run) struct Place {
    pub(in crate::run) shelf: Arc<Shelf>,
    _scratch: Option<tempfile::TempDir>,
}

impl Place {
    /// `None`: nothing is received, and no earlier run left anything that is to be read.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or listed.
    pub(in crate::run) fn of(settings: &WatchSettings) -> anyhow::Result<Option<Place>> {
        let left = settings.state.as_ref().is_some_and(|state| state.join(SPOOL).is_dir());
        let limit = match &settings.receive {
            Some(receive) => receive.spool,
            None if left => u64::MAX,
            None => return Ok(None),
        };
        let (folder, scratch) = match &settings.state {
            Some(state) => (state.join(SPOOL), None),
            None => {
                let made = tempfile::Builder::new().prefix("deguchi-spool-").tempdir();
                let made = made.context("no folder for the spool can be made; --state names one")?;
                (made.path().to_owned(), Some(made))
            }
        };
        let shelf = Shelf::open(&folder, limit);
        let shelf = shelf.with_context(|| format!("{}: the spool cannot be used", folder.display()))?;
        Ok(Some(Place { shelf: Arc::new(shelf), _scratch: scratch }))
    }
}
