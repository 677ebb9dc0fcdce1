//! What comes over the network: sockets on one side, the spool on the other. `door` says who may send and counts,
//! `stream` is one connection, `packets` the datagrams, `desk` the thread that writes the spool, `place` where that is.
//!
//! Whoever listens only reads as fast as the desk can write: a connection waits when the spool or the disk is full, and
//! its sender keeps what it has; a datagram that finds the desk busy is dropped and counted.

mod desk;
mod door;
mod packets;
mod place;
mod stream;

use crate::input::receive::{Shelf, Spool};
use crate::metrics::Live;
use crate::settings::ReceiveSettings;
use anyhow::Context;
use door::Door;
pub(super) use place::Place;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::Listener;
use tokio::net::{TcpListener, TcpSocket, UdpSocket, UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// What is kept for the datagrams of a moment, if the system allows as much.
const UDP_BUFFER: usize = 4 << 20;
/// Connections that wait to be taken or refused; of more the system makes each wait for a second.
const BACKLOG: u32 = 1024;

/// Sockets that listen, to which nobody attends yet.
pub(super) struct Sockets {
    tcp: Option<TcpListener>,
    udp: Option<UdpSocket>,
    unix: Option<(UnixListener, Name)>,
}

/// The name of a Unix socket, which goes with it.
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Sockets {
    /// Listens.
    ///
    /// # Errors
    ///
    /// An address or path cannot be used; the text names the flag.
    pub(super) async fn open(settings: &ReceiveSettings) -> anyhow::Result<Sockets> {
        let cannot = |flag: &str, at: &dyn std::fmt::Display| format!("cannot receive on {flag} {at}");
        let tcp = match settings.tcp {
            Some(at) => Some(tcp(at).with_context(|| cannot("--tcp", &at))?),
            None => None,
        };
        let udp = match settings.udp {
            Some(at) => Some(UdpSocket::bind(at).await.with_context(|| cannot("--udp", &at))?),
            None => None,
        };
        if let Some(udp) = &udp {
            // Less is a pity and no failure.
            let _ = socket2::SockRef::from(udp).set_recv_buffer_size(UDP_BUFFER);
        }
        let unix = match &settings.unix {
            Some(path) => {
                let socket = unix(path).await.with_context(|| cannot("--unix", &path.display()))?;
                Some((socket, Name(path.clone())))
            }
            None => None,
        };
        Ok(Sockets { tcp, udp, unix })
    }

    /// Where they listen and to whom, for people.
    pub(super) fn words(&self, settings: &ReceiveSettings) -> Vec<String> {
        let allow: Vec<String> = settings.allow.iter().map(ToString::to_string).collect();
        let at = |scheme: &str, at: io::Result<SocketAddr>| {
            at.map(|at| format!("receives on {scheme}://{at} from {}", allow.join(", "))).ok()
        };
        let tcp = self.tcp.as_ref().and_then(|socket| at("tcp", socket.local_addr()));
        let udp = self.udp.as_ref().and_then(|socket| at("udp", socket.local_addr()));
        let unix = self.unix.as_ref().map(|(_, path)| format!("receives on {}", path.0.display()));
        [tcp, udp, unix].into_iter().flatten().collect()
    }
}

/// An address at which connections queue up.
fn tcp(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

/// A socket at a path, which who is in the group of this process may use as well. One that a run left that was killed is
/// put away; anything else stays.
async fn unix(path: &Path) -> anyhow::Result<UnixListener> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| {
                use std::os::unix::fs::FileTypeExt;
                meta.file_type().is_socket()
            });
            anyhow::ensure!(is_socket, "there is a file that is no socket; name another path");
            let answers = UnixStream::connect(path).await.is_ok();
            anyhow::ensure!(!answers, "another process listens there; is a deguchi running already?");
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        listener => listener?,
    };
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// All that receives.
pub(super) struct Receivers {
    tasks: JoinSet<()>,
    desk: JoinHandle<()>,
    stop: watch::Sender<bool>,
    ending: Arc<AtomicBool>,
    _unix: Option<Name>,
}

impl Receivers {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// The spool cannot be used.
    pub(super) fn start(
        sockets: Sockets,
        settings: &ReceiveSettings,
        shelf: Arc<Shelf>,
        live: Arc<Live>,
    ) -> anyhow::Result<Receivers> {
        let folder = shelf.folder().to_owned();
        let spool = Spool::open(Arc::clone(&shelf));
        let spool = spool.with_context(|| format!("{}: the spool cannot be used", folder.display()))?;
        let (stop, stopped) = watch::channel(false);
        let (sender, batches) = mpsc::channel(desk::BATCHES);
        let ending = Arc::new(AtomicBool::new(false));
        let desk =
            desk::Desk { spool, shelf: Arc::clone(&shelf), live: Arc::clone(&live), ending: Arc::clone(&ending) };
        let desk = tokio::task::spawn_blocking(move || desk.run(batches));
        let door = Arc::new(Door::new(settings, shelf, live, sender, stopped));
        let mut tasks = JoinSet::new();
        if let Some(socket) = sockets.tcp {
            tasks.spawn(Listener::Tcp(socket).serve(Arc::clone(&door)));
        }
        if let Some(socket) = sockets.udp {
            tasks.spawn(packets::udp(socket, Arc::clone(&door)));
        }
        let (unix, name) = sockets.unix.unzip();
        if let Some(socket) = unix {
            tasks.spawn(Listener::Unix(socket).serve(door));
        }
        Ok(Receivers { tasks, desk, stop, ending, _unix: name })
    }

    /// Takes what has come so far, and ends. When this returns all of it is in the spool.
    pub(super) async fn end(mut self) {
        // Nobody hears it when there is nothing to end.
        let _ = self.stop.send(true);
        self.ending.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        let _ = self.desk.await;
    }
}
