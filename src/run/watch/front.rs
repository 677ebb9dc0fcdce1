//! What faces the network: the server of metrics and incidents, and sockets for lines.

use super::{Refusal, Watch};
use crate::run::Ending;
use crate::run::http::{self, Guard, Web};
use crate::run::log::{self, Part};
use crate::run::receive::{self, Receivers};
use crate::settings::WatchSettings;
use anyhow::anyhow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Sockets that are open, to which nobody attends yet.
pub(super) struct Sockets {
    listener: TcpListener,
    guard: Arc<Guard>,
    lines: Option<receive::Sockets>,
}

/// All that attends to them.
pub(super) struct Front {
    server: JoinHandle<std::io::Result<()>>,
    guard: Arc<Guard>,
    receivers: Option<Receivers>,
}

impl Sockets {
    /// Opens all of them.
    ///
    /// # Errors
    ///
    /// An address cannot be used, the web configuration cannot be read.
    pub(super) async fn open(settings: &WatchSettings) -> Result<Sockets, Refusal> {
        let usage = |error: anyhow::Error| (error, Ending::Usage);
        let advice = "name another with --listen; is a deguchi running already?";
        let at = settings.listen;
        let listener = TcpListener::bind(at).await;
        let listener = listener.map_err(|error| usage(anyhow!("cannot listen on {at}: {error}; {advice}")))?;
        let web = settings.web_config.as_deref().map(Web::load).transpose();
        let web = web.map_err(|error| usage(error.into()))?;
        let guard = Arc::new(Guard::new(web.unwrap_or_default()));
        let lines = match &settings.receive {
            Some(receive) => Some(receive::Sockets::open(receive).await.map_err(usage)?),
            None => None,
        };
        Ok(Sockets { listener, guard, lines })
    }

    /// From now on who asks is answered, and who sends is read.
    ///
    /// # Errors
    ///
    /// The spool of what is received cannot be used.
    pub(super) fn attend(self, settings: &WatchSettings, watch: &Watch) -> Result<Front, Refusal> {
        let lines = self.lines.zip(settings.receive.as_ref()).zip(watch.place.as_ref());
        let receivers = lines.map(|((sockets, receive), place)| {
            sockets.words(receive).iter().for_each(|word| log::info(Part::Receive, word));
            Receivers::start(sockets, receive, Arc::clone(&place.shelf), Arc::clone(&watch.live))
        });
        let receivers = receivers.transpose().map_err(|error| (error, Ending::Output))?;
        let address = self.listener.local_addr().unwrap_or(settings.listen);
        say(&self.guard, address);
        let server = tokio::spawn(http::serve(self.listener, Arc::clone(&watch.served), Arc::clone(&self.guard)));
        Ok(Front { server, guard: self.guard, receivers })
    }
}

/// Where it is, and whether anybody may ask.
fn say(guard: &Guard, address: SocketAddr) {
    let scheme = if guard.tls().is_some() { "https" } else { "http" };
    log::info(Part::Service, &format!("metrics at {scheme}://{address}/metrics, incidents at {scheme}://{address}/"));
    if guard.is_open() && !address.ip().is_loopback() {
        let open = format!(
            "anybody who reaches {address} may read the incidents, clients and URLs included; --web-config FILE asks for a password"
        );
        log::warn(Part::Http, &open);
    }
}

impl Front {
    /// Takes no more lines; sets `stop` when all that has come is in the spool, so that it is read.
    pub(super) fn leave(&mut self, stop: &Arc<AtomicBool>) {
        let stop = Arc::clone(stop);
        match self.receivers.take() {
            None => stop.store(true, Ordering::Relaxed),
            Some(receivers) => drop(tokio::spawn(async move {
                receivers.end().await;
                stop.store(true, Ordering::Relaxed);
            })),
        }
    }

    /// Certificates and passwords may be others by now.
    pub(super) fn reload(&self, settings: &WatchSettings) {
        http::reload(settings.web_config.as_deref(), &self.guard);
    }

    /// Answers nobody any more.
    pub(super) fn close(&self) {
        self.server.abort();
    }
}
