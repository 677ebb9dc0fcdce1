//! Connections that are encrypted.

use super::guard::Guard;
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake takes no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at a time; more wait to be accepted.
const AT_ONCE: usize = 64;
/// After an accept that failed: the process has too many files open.
const BREATH: Duration = Duration::from_millis(200);

/// A listener that gives out connections once they are encrypted: one that is slow to shake hands holds nobody up.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Encrypts by the certificates that the guard has when a connection comes.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub fn new(listener: TcpListener, guard: Arc<Guard>) -> io::Result<TlsListener> {
        let address = listener.local_addr()?;
        let (give, ready) = mpsc::channel(AT_ONCE);
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(AT_ONCE));
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let (Ok((stream, peer)), Some(config)) = (listener.accept().await, guard.tls()) else {
                    sleep(BREATH).await;
                    continue;
                };
                let give = give.clone();
                tokio::spawn(async move {
                    // Who speaks no TLS, or has no certificate, is let go without a word.
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await {
                        let _ = give.send((stream, peer)).await;
                    }
                    drop(place);
                });
            }
        });
        Ok(TlsListener { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task above ends with the process only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
