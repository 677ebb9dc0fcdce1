//! Records as syslog messages of RFC 5424, over UDP, TCP or a Unix socket.

use super::{RecordFormat, Sink, SinkError};
use crate::alert::{Record, Severity};
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

/// Facility `authpriv`: security. RFC 5424, 6.2.1.
const FACILITY: u8 = 10;
/// A connection that takes nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a syslog server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// Host and port; each message a datagram (RFC 5426).
    Udp(String),
    /// Host and port; messages with their length in front (RFC 6587, 3.4.1).
    Tcp(String),
    /// A socket of this machine, such as `/dev/log`.
    Unix(PathBuf),
}

/// A syslog server.
pub struct Syslog {
    name: String,
    address: SyslogAddress,
    /// Name of this machine in messages.
    host: String,
    format: RecordFormat,
    link: Option<Link>,
    message: Vec<u8>,
}

enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl Syslog {
    /// A server by its address; it need not be there yet. `host` is the name of this machine.
    pub fn new(name: &str, address: SyslogAddress, format: RecordFormat, host: &str) -> Syslog {
        let printable = |c: char| if c.is_ascii_graphic() { c } else { '-' };
        let host: String = host.chars().map(printable).take(255).collect();
        let host = if host.is_empty() { "-".into() } else { host };
        Syslog { name: name.into(), address, host, format, link: None, message: Vec::new() }
    }

    fn send(&mut self) -> io::Result<()> {
        let link = match self.link.take() {
            Some(link) if link.stands() => link,
            _ => Link::new(&self.address)?,
        };
        let link = self.link.insert(link);
        let sent = link.send(&self.message);
        // A datagram that is too long says nothing of the connection.
        if sent.as_ref().is_err_and(|error| error.raw_os_error() != Some(EMSGSIZE)) {
            self.link = None;
        }
        sent
    }
}

/// Message too long. `errno.h` of Linux.
const EMSGSIZE: i32 = 90;

impl Sink for Syslog {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        message(record, &self.host, self.format, &mut self.message);
        self.send().map_err(|error| match error.raw_os_error() {
            Some(EMSGSIZE) => {
                let reason = format!("{} bytes are too long for a datagram; use tcp://", self.message.len());
                SinkError::Refused { name: self.name.clone(), reason }
            }
            _ => SinkError::Unreachable { name: self.name.clone(), reason: error.to_string(), after: None },
        })
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        if let Some(Link::Tcp(stream)) = &self.link {
            let _ = stream.shutdown(Shutdown::Write);
        }
        Ok(())
    }
}

/// The time is that of the record: of the log, not of its delivery.
fn message(record: &Record, host: &str, format: RecordFormat, out: &mut Vec<u8>) {
    let severity = match record.severity {
        Severity::Low => 5,
        Severity::Medium => 4,
        Severity::High => 3,
        Severity::Critical => 2,
    };
    out.clear();
    let (priority, time, process) = (FACILITY * 8 + severity, &record.time, std::process::id());
    let _ = write!(out, "<{priority}>1 {time} {host} deguchi {process} {} - ", record.detector);
    format.line(record, out);
    out.pop();
}

impl Link {
    fn new(address: &SyslogAddress) -> io::Result<Link> {
        Ok(match address {
            SyslogAddress::Udp(to) => Link::Udp(first(to, |to| {
                let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
                socket.connect(to)?;
                Ok(socket)
            })?),
            SyslogAddress::Tcp(to) => {
                let stream = first(to, |to| TcpStream::connect_timeout(&to, PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Link::Tcp(stream)
            }
            SyslogAddress::Unix(path) => {
                match UnixDatagram::unbound().and_then(|socket| socket.connect(path).map(|()| socket)) {
                    Ok(socket) => Link::Datagram(socket),
                    // It may be a stream.
                    Err(error) => match UnixStream::connect(path) {
                        Ok(stream) => Link::Stream(stream),
                        Err(_) => return Err(error),
                    },
                }
            }
        })
    }

    /// Whether the other side has not hung up: it says nothing, and what is written after it has is lost without a word.
    fn stands(&self) -> bool {
        let Link::Tcp(stream) = self else { return true };
        let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
        let asleep = peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        asleep && stream.set_nonblocking(false).is_ok()
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Link::Udp(socket) => socket.send(message).map(drop),
            Link::Datagram(socket) => socket.send(message).map(drop),
            Link::Tcp(stream) => stream.write_all(&[format!("{} ", message.len()).as_bytes(), message].concat()),
            Link::Stream(stream) => stream.write_all(&[message, b"\n"].concat()),
        }
    }
}

/// The first of its addresses that will do.
fn first<T>(to: &str, connect: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let mut failed = io::Error::other("its name has no address");
    for address in to.to_socket_addrs()? {
        match connect(address) {
            Ok(link) => return Ok(link),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
