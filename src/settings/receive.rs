//! Settings of what `deguchi watch` receives over the network.

use crate::cli;
use crate::settings::SettingsError;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Least spool that has room for all senders.
const LEAST_SPOOL: u64 = 16 << 20;

/// What is received, and from whom.
#[derive(Clone, Debug)]
pub struct ReceiveSettings {
    /// Connections are taken here.
    pub tcp: Option<SocketAddr>,
    /// Datagrams are taken here.
    pub udp: Option<SocketAddr>,
    /// Connections of this machine are taken here.
    pub unix: Option<PathBuf>,
    /// Who may send over TCP and UDP.
    pub allow: Vec<IpNet>,
    /// Connections at a time.
    pub connections: usize,
    /// How long a message may take.
    pub idle: Duration,
    /// Bytes that the spool may hold.
    pub spool: u64,
}

/// The table `[receive]` of the file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Receive {
    tcp: Option<String>,
    udp: Option<String>,
    pub(super) unix: Option<PathBuf>,
    allow: Option<Vec<String>>,
    connections: Option<usize>,
    idle_seconds: Option<u64>,
    spool_limit: Option<String>,
}

impl Receive {
    /// Keys of the table, for "did you mean".
    pub(super) const KEYS: [&str; 7] = ["tcp", "udp", "unix", "allow", "connections", "idle-seconds", "spool-limit"];
}

impl ReceiveSettings {
    /// `None`: nothing is received.
    pub(super) fn of(args: &mut cli::Watch, file: Receive) -> Result<Option<ReceiveSettings>, SettingsError> {
        let address = |name, text: Option<String>| text.map(|text| address(name, text)).transpose();
        let allow = match file.allow {
            None => vec![net(Ipv4Addr::LOCALHOST.into(), 8), net(Ipv6Addr::LOCALHOST.into(), 128)],
            Some(list) => list.into_iter().map(network).collect::<Result<_, _>>()?,
        };
        let settings = ReceiveSettings {
            tcp: address("--tcp", args.tcp.take().or(file.tcp))?,
            udp: address("--udp", args.udp.take().or(file.udp))?,
            unix: args.unix.take().or(file.unix),
            allow,
            connections: within("receive.connections", file.connections.unwrap_or(64) as u64, 1..=10_000)? as usize,
            idle: Duration::from_secs(within("receive.idle-seconds", file.idle_seconds.unwrap_or(600), 1..=86_400)?),
            spool: limit(file.spool_limit)?,
        };
        let any = settings.tcp.is_some() || settings.udp.is_some() || settings.unix.is_some();
        Ok(any.then_some(settings))
    }
}

/// An address and a port; without an address that of this machine, which nobody else can reach.
fn address(name: &'static str, text: String) -> Result<SocketAddr, SettingsError> {
    let port = text.strip_prefix(':').unwrap_or(&text).parse::<u16>();
    match port.map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)).or_else(|_| text.parse()) {
        Ok(address) => Ok(address),
        Err(_) => {
            let wanted = "write a port, or an address and a port, such as 5514, 192.0.2.1:5514 or [::]:5514".to_owned();
            Err(SettingsError::Value { name, value: text, wanted })
        }
    }
}

fn net(address: IpAddr, bits: u8) -> IpNet {
    IpNet::new(address, bits).map_or_else(|_| address.into(), |net| net.trunc())
}

fn network(text: String) -> Result<IpNet, SettingsError> {
    text.parse::<IpNet>().map(|net| net.trunc()).or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        let wanted = "write networks or addresses, such as \"192.0.2.0/24\" or \"2001:db8::1\"".to_owned();
        SettingsError::Value { name: "receive.allow", value: text, wanted }
    })
}

fn within(name: &'static str, value: u64, range: std::ops::RangeInclusive<u64>) -> Result<u64, SettingsError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let wanted = format!("give a number from {} to {}", range.start(), range.end());
    Err(SettingsError::Value { name, value: value.to_string(), wanted })
}

fn limit(text: Option<String>) -> Result<u64, SettingsError> {
    let Some(text) = text else { return Ok(1 << 30) };
    let size = text.parse::<bytesize::ByteSize>().ok().map(|size| size.as_u64());
    size.filter(|&size| size >= LEAST_SPOOL).ok_or_else(|| SettingsError::Value {
        name: "receive.spool-limit",
        value: text,
        wanted: "write a size of at least 16MiB, such as 256MiB or 4GiB".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_without_a_host_are_of_this_machine() {
        let of = |text: &str| address("--tcp", text.to_owned()).map(|address| address.to_string()).ok();
        assert_eq!(of("5514").as_deref(), Some("127.0.0.1:5514"));
        assert_eq!(of(":5514").as_deref(), Some("127.0.0.1:5514"));
        assert_eq!(of("0.0.0.0:5514").as_deref(), Some("0.0.0.0:5514"));
        assert_eq!(of("[::1]:5514").as_deref(), Some("[::1]:5514"));
        for wrong in ["", ":", "host:1", "65536", "192.0.2.1"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn networks_and_sizes() {
        assert_eq!(network("192.0.2.7/24".into()).map(|net| net.to_string()).ok().as_deref(), Some("192.0.2.0/24"));
        assert_eq!(network("::1".into()).map(|net| net.to_string()).ok().as_deref(), Some("::1/128"));
        assert!(network("localhost".into()).is_err() && limit(Some("1MiB".into())).is_err());
        assert_eq!(limit(Some("16MiB".into())).ok(), Some(16 << 20));
    }
}
