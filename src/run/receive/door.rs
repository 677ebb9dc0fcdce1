//! Who may send, and what becomes of what they send: lines for the desk, counts for the metrics.

use super::desk::Batch;
use crate::input::LINE_MAX;
use crate::input::receive::{Frame, PEERS, Peer, SILENT, Sequence, Shelf, content};
use crate::lock::lock;
use crate::metrics::{Discontinuity, Dropped, Live};
use crate::run::log::{self, Part};
use crate::run::watch::INPUT;
use crate::settings::ReceiveSettings;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

/// What all that receive share.
pub(super) struct Door {
    allow: Vec<IpNet>,
    free: Arc<Semaphore>,
    /// How long a message may take.
    pub(super) idle: Duration,
    pub(super) shelf: Arc<Shelf>,
    pub(super) live: Arc<Live>,
    pub(super) desk: mpsc::Sender<Batch>,
    stopped: watch::Receiver<bool>,
    /// The numbers of those who are not connected.
    sequences: Mutex<BTreeMap<Peer, Sequence>>,
    said: [AtomicBool; 3],
}

/// Why somebody may not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Network,
    Connections,
    Peers,
}

impl Door {
    pub(super) fn new(
        settings: &ReceiveSettings,
        shelf: Arc<Shelf>,
        live: Arc<Live>,
        desk: mpsc::Sender<Batch>,
        stopped: watch::Receiver<bool>,
    ) -> Door {
        Door {
            allow: settings.allow.clone(),
            free: Arc::new(Semaphore::new(settings.connections)),
            idle: settings.idle,
            shelf,
            live,
            desk,
            stopped,
            sequences: Mutex::default(),
            said: Default::default(),
        }
    }

    /// Returns when it is time to end.
    pub(super) async fn closed(&self) {
        let mut stopped = self.stopped.clone();
        // Without a sender it is over as well.
        let _ = stopped.wait_for(|&stop| stop).await;
    }

    /// Whether an address may send. What is refused is said once of each kind.
    pub(super) fn admit(&self, peer: Peer) -> Result<(), Refused> {
        let refused = match peer {
            Peer::Tcp(from) | Peer::Udp(from) if !self.allow.iter().any(|net| net.contains(&from)) => Refused::Network,
            _ if !self.shelf.admits(peer) => {
                if self.shelf.is_to_make_room() {
                    // Where the desk has no room for this either, there is none for lines.
                    let _ = self.desk.try_send(Batch { peer, lines: Vec::new() });
                }
                Refused::Peers
            }
            _ => return Ok(()),
        };
        self.say(refused, peer);
        Err(refused)
    }

    /// A connection of one that may send.
    pub(super) fn connect(&self, peer: Peer) -> Result<Connection<'_>, Refused> {
        self.admit(peer)?;
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            self.say(Refused::Connections, peer);
            return Err(Refused::Connections);
        };
        self.live.connected(INPUT, true);
        self.shelf.connect(peer);
        Ok(Connection { door: self, peer, sequence: self.sequence(peer), _permit: permit })
    }

    fn say(&self, refused: Refused, peer: Peer) {
        if self.said[refused as usize].swap(true, Ordering::Relaxed) {
            return;
        }
        log::warn(
            Part::Receive,
            &match refused {
                Refused::Network => {
                    format!("{peer} may not send, nor may others: `allow` in the table [receive] says who")
                }
                Refused::Connections => {
                    format!("{peer}: no more connections; `connections` in the table [receive] says how many")
                }
                Refused::Peers => format!(
                    "{peer}: {PEERS} senders have a spool; more are refused until one of them was silent for {} min",
                    SILENT.as_secs() / 60
                ),
            },
        );
    }

    /// The numbers of a sender, to go on with. Of two connections of one sender the second begins anew.
    pub(super) fn sequence(&self, peer: Peer) -> Sequence {
        lock(&self.sequences).remove(&peer).unwrap_or_default()
    }

    /// Gives the numbers of a sender back.
    pub(super) fn keep(&self, peer: Peer, sequence: Sequence) {
        lock(&self.sequences).insert(peer, sequence);
    }

    /// Puts the line of a message behind others.
    pub(super) fn take(&self, frame: Frame<'_>, sequence: &mut Sequence, lines: &mut Vec<u8>) {
        match frame {
            Frame::Message { bytes, cut } => {
                let content = content(bytes);
                match content.sequence.map_or(0, |number| sequence.came(number)) {
                    0 => {}
                    missing => self.live.missed(INPUT, missing),
                }
                if cut && content.line.len() < LINE_MAX {
                    return self.live.dropped(INPUT, Dropped::TooLong, 1);
                }
                // One of just that length is counted as cut when it is read.
                lines.extend_from_slice(&content.line[..content.line.len().min(LINE_MAX)]);
                lines.push(b'\n');
            }
            Frame::Malformed { bytes } => {
                self.live.dropped(INPUT, Dropped::Framing, 1);
                self.live.lost(INPUT, bytes);
            }
        }
    }
}

/// One that is open; counted until it is dropped.
pub(super) struct Connection<'a> {
    pub(super) door: &'a Door,
    pub(super) peer: Peer,
    pub(super) sequence: Sequence,
    _permit: OwnedSemaphorePermit,
}

impl Connection<'_> {
    /// It ended with so many bytes of a message that had not.
    pub(super) fn broke(&self, bytes: u64) {
        if bytes > 0 {
            self.door.live.broke(INPUT, Discontinuity::TcpGap, bytes);
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.door.keep(self.peer, self.sequence);
        self.door.shelf.disconnect(self.peer);
        self.door.live.connected(INPUT, false);
    }
}

/// An address as it is meant: one of IPv4 that a socket of IPv6 tells of is one of IPv4.
pub(super) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
