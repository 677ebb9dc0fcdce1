//! Connections: TCP and Unix sockets.

use super::desk::Batch;
use super::door::{Connection, Door, plain};
use crate::input::receive::{Framer, Peer};
use crate::run::watch::INPUT;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Bytes read at a time.
const BUFFER: usize = 16 << 10;
/// Between two tries to accept where the system has no room for one more.
const PAUSE: Duration = Duration::from_millis(100);
/// After so long without a byte the system asks whether the other end is there at all.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// At the end: what has come already is still taken, until nothing came for a moment, and not for longer than this.
const MOMENT: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_secs(1);

/// Where connections come.
pub(super) enum Listener {
    Tcp(TcpListener),
    /// Of programs of this machine.
    Unix(UnixListener),
}

type Bytes = Box<dyn AsyncRead + Unpin + Send>;

impl Listener {
    async fn accept(&self) -> io::Result<(Bytes, Peer)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                let probe = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
                // Without it a peer that is gone without a word keeps its place, no more.
                let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&probe);
                Ok((Box::new(stream), Peer::Tcp(plain(from.ip()))))
            }
            Listener::Unix(listener) => Ok((Box::new(listener.accept().await?.0), Peer::Unix)),
        }
    }

    /// Takes connections until the door is closed.
    pub(super) async fn serve(self, door: Arc<Door>) {
        let mut connections = JoinSet::new();
        loop {
            let next = tokio::select! {
                biased;
                () = door.closed() => break,
                Some(_) = connections.join_next() => continue,
                next = self.accept() => next,
            };
            match next {
                Ok((stream, peer)) => {
                    let door = Arc::clone(&door);
                    connections.spawn(async move {
                        match door.connect(peer) {
                            Ok(connection) => read(stream, connection).await,
                            Err(_) => door.live.refused(INPUT),
                        }
                    });
                }
                // Gone already, or too many files are open.
                Err(_) => sleep(PAUSE).await,
            }
        }
        while connections.join_next().await.is_some() {}
    }
}

/// Reads a connection to its end.
async fn read(mut stream: Bytes, mut connection: Connection<'_>) {
    let (door, peer) = (connection.door, connection.peer);
    let mut framer = Framer::default();
    let mut buffer = vec![0; BUFFER];
    // When the message that is not over began.
    let mut since: Option<Instant> = None;
    let mut last: Option<Instant> = None;
    loop {
        let n = match last {
            None => tokio::select! {
                biased;
                () = door.closed() => {
                    last = Some(Instant::now() + LAST);
                    continue;
                }
                read = within(since.map(|since| since + door.idle), stream.read(&mut buffer)) => read,
            },
            Some(last) if Instant::now() < last => {
                timeout(MOMENT, stream.read(&mut buffer)).await.unwrap_or(Ok(0)).unwrap_or(0)
            }
            Some(_) => 0,
        };
        if n == 0 {
            return connection.broke(framer.pending());
        }
        let mut lines = Vec::with_capacity(n);
        let mut ended = false;
        framer.take(&buffer[..n], &mut |frame| {
            ended = true;
            door.take(frame, &mut connection.sequence, &mut lines);
        });
        if !lines.is_empty() && door.desk.send(Batch { peer, lines }).await.is_err() {
            return;
        }
        since = match framer.pending() {
            0 => None,
            _ if ended => Some(Instant::now()),
            _ => since.or_else(|| Some(Instant::now())),
        };
    }
}

/// Bytes read; 0: the end, an error, or nothing by then.
async fn within(until: Option<Instant>, read: impl Future<Output = io::Result<usize>>) -> usize {
    match until {
        Some(until) => timeout_at(until, read).await.unwrap_or(Ok(0)).unwrap_or(0),
        None => read.await.unwrap_or(0),
    }
}
