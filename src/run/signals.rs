//! What the system may ask of a run.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// All of them.
pub(super) struct Signals {
    /// To end.
    pub(super) end: EndSignals,
    /// SIGHUP: files were moved, settings were changed.
    pub(super) reopen: Signal,
}

impl Signals {
    /// From now on they are caught.
    ///
    /// # Errors
    ///
    /// The system does not let them be caught.
    pub(super) fn new() -> std::io::Result<Signals> {
        Ok(Signals { end: EndSignals::new()?, reopen: signal(SignalKind::hangup())? })
    }
}

/// SIGINT and SIGTERM.
pub(super) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// From now on they are caught.
    ///
    /// # Errors
    ///
    /// The system does not let them be caught.
    pub(super) fn new() -> std::io::Result<EndSignals> {
        Ok(EndSignals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The number of the next signal.
    pub(super) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}
