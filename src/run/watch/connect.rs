//! A destination by its settings.

use super::deliver::Outlet;
use super::open::Open;
use super::remote::Remote;
use crate::metrics::Live;
use crate::run::clock;
use crate::run::log::{self, Part};
use crate::settings::{SinkSettings, SinkTo};
use crate::sink::{Alertmanager, Sink, Syslog, Webhook};
use anyhow::Context;
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// Name of this machine.
const HOST: &str = "/proc/sys/kernel/hostname";

/// A server need not be there yet; a file, and what is beside the settings, must. `again`: an earlier run may have written
/// records to files without saying so.
pub(super) fn outlet(settings: &SinkSettings, open: &Open, live: &Arc<Live>, again: bool) -> anyhow::Result<Outlet> {
    let name = &settings.name;
    let sink: Box<dyn Sink> = match &settings.to {
        SinkTo::File(path) => return Ok(Outlet::file(settings, path, again)?),
        SinkTo::Webhook { url, secret: file, authorities, timeout } => {
            let secret = file.as_deref().map(secret).transpose()?;
            let clock = || clock::seconds() as u64;
            Box::new(Webhook::new(name, url.clone(), secret, settings.format, authorities.as_deref(), *timeout, clock)?)
        }
        SinkTo::Alertmanager { url, authorities, timeout } => {
            let open = open.records().filter(|record| record.severity >= settings.least).cloned();
            Box::new(Alertmanager::new(name, url, authorities.as_deref(), *timeout, open, Timestamp::now)?)
        }
        SinkTo::Syslog(address) => {
            let host = std::fs::read_to_string(HOST).unwrap_or_default();
            Box::new(Syslog::new(name, address.clone(), settings.format, host.trim()))
        }
    };
    Ok(Outlet::Remote(Remote::new(name, settings.least, sink, Arc::clone(live))?))
}

/// What signs records: the file without the end of its line.
fn secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = || format!("{}: the secret cannot be read", path.display());
    let text = std::fs::read(path).with_context(read)?;
    let others = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0);
    if others {
        log::warn(Part::Sink, &format!("{}: anybody may read this secret; chmod 600", path.display()));
    }
    let text = text.trim_ascii_end();
    anyhow::ensure!(!text.is_empty(), "{}: the secret is empty; `openssl rand -hex 32` makes one", path.display());
    Ok(text.to_vec())
}
