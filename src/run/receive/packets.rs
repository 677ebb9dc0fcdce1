//! Datagrams.

use super::desk::Batch;
use super::door::{Door, Refused, plain};
use crate::input::receive::{Peer, datagram, drops};
use crate::metrics::Dropped;
use crate::run::watch::INPUT;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::time::sleep;

/// The longest datagram there is.
const LONGEST: usize = 64 << 10;
/// After an error.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two looks at what the system dropped.
const LOOK: Duration = Duration::from_secs(1);
/// At the end no longer than this.
const LAST: Duration = Duration::from_secs(1);

/// Takes datagrams until the door is closed. One that the desk has no room for is dropped: who waits is dropped from
/// by the system, and nobody counts that.
pub(super) async fn udp(socket: UdpSocket, door: Arc<Door>) {
    let mut buffer = vec![0; LONGEST];
    let mut look = tokio::time::interval(LOOK);
    let mut dropped = 0;
    loop {
        let came = tokio::select! {
            biased;
            () = door.closed() => break,
            _ = look.tick() => {
                let now = system_drops(&socket).unwrap_or(dropped);
                door.live.dropped(INPUT, Dropped::System, now.saturating_sub(dropped));
                dropped = now;
                continue;
            }
            came = socket.recv_from(&mut buffer) => came,
        };
        match came {
            Ok((n, from)) => take(&buffer[..n], Peer::Udp(plain(from.ip())), &door),
            // An answer to nothing that was sent, or no memory.
            Err(_) => sleep(PAUSE).await,
        }
    }
    // What the system has kept, and not what comes all the time.
    let begun = Instant::now();
    while begun.elapsed() < LAST
        && let Ok((n, from)) = socket.try_recv_from(&mut buffer)
    {
        take(&buffer[..n], Peer::Udp(plain(from.ip())), &door);
    }
}

/// What the system dropped of a socket so far; `None`: it does not tell.
fn system_drops(socket: &UdpSocket) -> Option<u64> {
    let inode = std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?.ino();
    let table = if socket.local_addr().ok()?.is_ipv4() { "/proc/net/udp" } else { "/proc/net/udp6" };
    drops(&std::fs::read_to_string(table).ok()?, inode)
}

fn take(bytes: &[u8], peer: Peer, door: &Door) {
    let count = || {
        let mut messages = 0;
        datagram(bytes, &mut |_| messages += 1);
        messages
    };
    match door.admit(peer) {
        Ok(()) => {}
        Err(Refused::Network | Refused::Connections) => return door.live.dropped(INPUT, Dropped::Network, count()),
        Err(Refused::Peers) => return door.live.dropped(INPUT, Dropped::Peers, count()),
    }
    // Before the numbers are looked at: what is dropped here is not missing.
    let Ok(place) = door.desk.try_reserve() else { return door.live.dropped(INPUT, Dropped::Full, count()) };
    let mut sequence = door.sequence(peer);
    let mut lines = Vec::with_capacity(bytes.len() + 1);
    datagram(bytes, &mut |frame| door.take(frame, &mut sequence, &mut lines));
    door.keep(peer, sequence);
    if !lines.is_empty() {
        place.send(Batch { peer, lines });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::receive::Shelf;
    use crate::metrics::{Live, Metrics};
    use crate::settings::ReceiveSettings;
    use tokio::sync::{mpsc, watch};

    #[tokio::test]
    async fn what_the_system_drops_is_seen() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket2::SockRef::from(&socket).set_recv_buffer_size(1).unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let Some(before) = system_drops(&socket) else { return };
        (0..100).for_each(|_| drop(sender.send_to(&[b'x'; 1000], socket.local_addr().unwrap())));
        assert!(before == 0 && system_drops(&socket).is_some_and(|n| (1..=100).contains(&n)));
    }

    #[test]
    fn a_datagram_that_finds_no_room_is_counted_by_its_lines() {
        let dir = tempfile::tempdir().unwrap();
        let settings = ReceiveSettings {
            tcp: None,
            udp: None,
            unix: None,
            allow: vec!["192.0.2.0/24".parse().unwrap()],
            connections: 1,
            idle: PAUSE,
            spool: 1 << 20,
        };
        let metrics = Metrics::new(&[], &[INPUT]);
        let live = Arc::new(Live::new(&metrics, &[INPUT], &[]));
        let (sender, mut batches) = mpsc::channel(1);
        let (_stop, stopped) = watch::channel(false);
        let door = Door::new(&settings, Arc::new(Shelf::open(dir.path(), 1 << 20).unwrap()), live, sender, stopped);
        let peer = |text: &str| Peer::Udp(plain(text.parse().unwrap()));
        take(b"one\n<13>two\n", peer("192.0.2.1"), &door);
        take(b"three\nfour\n\nfive", peer("192.0.2.1"), &door);
        assert_eq!(batches.try_recv().unwrap().lines, b"one\ntwo\n");
        take(b"six", peer("::ffff:192.0.2.7"), &door);
        take(b"seven", peer("192.0.3.1"), &door);
        assert_eq!(batches.try_recv().unwrap().lines, b"six\n");
        let text = metrics.text();
        for wanted in ["reason=\"full\"} 3\n", "reason=\"network\"} 1\n", "reason=\"peers\"} 0\n"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
}
