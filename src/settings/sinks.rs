//! Destinations of records: `[[sink]]` in the settings file, and the file of `--alerts`.

use crate::alert::Severity;
use crate::settings::SettingsError;
use crate::sink::{RecordFormat, SyslogAddress};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of standard output, which no other destination may have.
const STDOUT: &str = "stdout";
/// How long a server may take, seconds.
const TIMEOUT: u64 = 10;

/// A destination.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// Its name in metrics, unique.
    pub name: String,
    /// The least severity that it is told of.
    pub least: Severity,
    /// The form of records; an Alertmanager has its own.
    pub format: RecordFormat,
    /// Where it is.
    pub to: SinkTo,
}

/// What a destination is.
#[derive(Clone, Debug)]
pub enum SinkTo {
    /// A server that takes records one by one.
    Webhook {
        /// Where to. It may hold a secret.
        url: String,
        /// What signs the records.
        secret: Option<PathBuf>,
        /// Certificates it is known by.
        authorities: Option<PathBuf>,
        /// How long it may take.
        timeout: Duration,
    },
    /// An Alertmanager.
    Alertmanager {
        /// Address of its web page.
        url: String,
        /// Certificates it is known by.
        authorities: Option<PathBuf>,
        /// How long it may take.
        timeout: Duration,
    },
    /// A syslog server.
    Syslog(SyslogAddress),
    /// A file that grows.
    File(PathBuf),
}

/// A table `[[sink]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SinkTable {
    kind: Kind,
    name: Option<String>,
    severity: Option<Severity>,
    format: Option<RecordFormat>,
    url: Option<String>,
    secret_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    timeout_seconds: Option<u64>,
    address: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Webhook,
    Alertmanager,
    Syslog,
    File,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Alertmanager => "alertmanager",
            Kind::Syslog => "syslog",
            Kind::File => "file",
        }
    }
}

/// All of them, that of `--alerts` first; files of the tables lie beside the settings file, in `folder`.
pub(super) fn sinks(
    alerts: Option<(PathBuf, RecordFormat)>,
    tables: Vec<SinkTable>,
    folder: &Path,
) -> Result<Vec<SinkSettings>, SettingsError> {
    let mut sinks: Vec<SinkSettings> = Vec::with_capacity(1 + tables.len());
    sinks.extend(alerts.map(|(path, format)| SinkSettings {
        name: Kind::File.as_str().to_owned(),
        least: Severity::Low,
        format,
        to: SinkTo::File(path),
    }));
    for table in tables {
        sinks.push(table.checked(folder, &sinks)?);
    }
    Ok(sinks)
}

impl SinkTable {
    /// Beside `others`, which stand before it.
    fn checked(self, folder: &Path, others: &[SinkSettings]) -> Result<SinkSettings, SettingsError> {
        let name = self.name.clone().unwrap_or_else(|| self.kind.as_str().to_owned());
        let wrong = |key: &str, value: &str, wanted: &str| SettingsError::Value {
            name: "sink",
            value: value.to_owned(),
            wanted: format!("{key} of the sink {name:?}: {wanted}"),
        };
        let letters =
            |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
        if !(1..=32).contains(&name.len()) || !letters(&name) {
            return Err(wrong("name", &name, "write 1 to 32 of a-z, 0-9, _ and -"));
        }
        if name == STDOUT || others.iter().any(|other| other.name == name) {
            let wanted = "it is taken; give each sink a name of its own (the file of --alerts is \"file\")";
            return Err(wrong("name", &name, wanted));
        }
        let needless = |key: &str, there: bool| match there {
            true => Err(wrong(key, "", &format!("a {} has none", self.kind.as_str()))),
            false => Ok(()),
        };
        let posts = matches!(self.kind, Kind::Webhook | Kind::Alertmanager);
        needless("address", self.address.is_some() && self.kind != Kind::Syslog)?;
        needless("path", self.path.is_some() && self.kind != Kind::File)?;
        needless("url", self.url.is_some() && !posts)?;
        needless("ca-file", self.ca_file.is_some() && !posts)?;
        needless("timeout-seconds", self.timeout_seconds.is_some() && !posts)?;
        needless("secret-file", self.secret_file.is_some() && self.kind != Kind::Webhook)?;
        needless("format", self.format.is_some() && self.kind == Kind::Alertmanager)?;
        let format = self.format.unwrap_or_default();
        if self.kind == Kind::Webhook && !format.is_json() {
            return Err(wrong("format", format.as_str(), "a webhook takes json, ecs or ocsf"));
        }
        let url = || {
            let url = self.url.clone().unwrap_or_default();
            let host = url.strip_prefix("https://").or(url.strip_prefix("http://")).unwrap_or_default();
            let whole = url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.host().is_some());
            match whole && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') {
                true => Ok(url),
                // It may hold a secret.
                false => Err(wrong("url", "", "write https:// or http://, and a host")),
            }
        };
        let seconds = self.timeout_seconds.unwrap_or(TIMEOUT);
        if !(1..=300).contains(&seconds) {
            return Err(wrong("timeout-seconds", &seconds.to_string(), "give a number from 1 to 300"));
        }
        let timeout = Duration::from_secs(seconds);
        let beside = |path: &PathBuf| folder.join(path);
        let authorities = self.ca_file.as_ref().map(beside);
        let to = match self.kind {
            Kind::Webhook => {
                SinkTo::Webhook { url: url()?, secret: self.secret_file.as_ref().map(beside), authorities, timeout }
            }
            Kind::Alertmanager => SinkTo::Alertmanager { url: url()?, authorities, timeout },
            Kind::Syslog => {
                let text = self.address.clone().unwrap_or_default();
                let wanted = "write udp://HOST:PORT, tcp://HOST:PORT or unix:///dev/log";
                SinkTo::Syslog(address(&text).ok_or_else(|| wrong("address", &text, wanted))?)
            }
            Kind::File => {
                let Some(path) = self.path.as_ref().map(beside).filter(|path| path.file_name().is_some()) else {
                    return Err(wrong("path", "", "name the file that records are appended to"));
                };
                let same = |other: &&SinkSettings| matches!(&other.to, SinkTo::File(to) if *to == path);
                if let Some(other) = others.iter().find(same) {
                    let wanted = format!("{:?} writes it already; give each sink a file of its own", other.name);
                    return Err(wrong("path", &path.to_string_lossy(), &wanted));
                }
                SinkTo::File(path)
            }
        };
        Ok(SinkSettings { name, least: self.severity.unwrap_or(Severity::Low), format, to })
    }
}

fn address(text: &str) -> Option<SyslogAddress> {
    let with_port = |to: &str| {
        let (host, port) = to.rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)).then(|| to.to_owned())
    };
    match text.split_once("://")? {
        ("udp", to) => with_port(to).map(SyslogAddress::Udp),
        ("tcp", to) => with_port(to).map(SyslogAddress::Tcp),
        ("unix", path) => path.starts_with('/').then(|| SyslogAddress::Unix(path.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<SinkSettings>, String> {
        #[derive(Deserialize)]
        struct File {
            sink: Vec<SinkTable>,
        }
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let alerts = Some(("/var/log/alerts".into(), RecordFormat::Json));
        sinks(alerts, file.sink, Path::new("/etc/deguchi")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_sink_needs_and_has_not() {
        let good = "[[sink]]\nkind = \"webhook\"\nurl = \"https://soar.example/hook\"\nsecret-file = \"secret\"\n\
                    [[sink]]\nkind = \"syslog\"\naddress = \"udp://[::1]:514\"\nseverity = \"high\"\n\
                    [[sink]]\nkind = \"file\"\nname = \"soc\"\npath = \"soc.jsonl\"\nformat = \"cef\"\n";
        let sinks = of(good).unwrap();
        assert!(matches!(&sinks[0].to, SinkTo::File(path) if sinks[0].name == "file" && path.ends_with("alerts")));
        assert!(matches!(&sinks[3].to, SinkTo::File(path) if path == Path::new("/etc/deguchi/soc.jsonl")));
        let sinks = &sinks[1..];
        assert!(matches!(&sinks[0].to, SinkTo::Webhook { secret: Some(path), .. } if path.ends_with("deguchi/secret")));
        assert!(matches!(&sinks[1].to, SinkTo::Syslog(SyslogAddress::Udp(to)) if to == "[::1]:514"));
        assert_eq!((sinks[1].name.as_str(), sinks[1].least), ("syslog", Severity::High));
        for (text, word) in [
            ("[[sink]]\nkind = \"webhook\"\n", "url of the sink \"webhook\""),
            ("[[sink]]\nkind = \"webhook\"\nurl = \"ftp://a\"\n", "https://"),
            ("[[sink]]\nkind = \"webhook\"\nurl = \"http://host/ho ok\"\n", "https://"),
            ("[[sink]]\nkind = \"webhook\"\nurl = \"http://a\"\naddress = \"b\"\n", "address of the sink"),
            ("[[sink]]\nkind = \"syslog\"\naddress = \"localhost\"\n", "udp://HOST:PORT"),
            ("[[sink]]\nkind = \"syslog\"\naddress = \"udp://a:514\"\nname = \"file\"\n", "taken"),
            ("[[sink]]\nkind = \"syslog\"\naddress = \"udp://a:514\"\nname = \"A b\"\n", "a-z"),
            ("[[sink]]\nkind = \"pager\"\n", "webhook"),
            ("[[sink]]\nkind = \"file\"\npath = \"a\"\n", "the file of --alerts"),
            ("[[sink]]\nkind = \"file\"\nname = \"a\"\n", "name the file"),
            ("[[sink]]\nkind = \"file\"\nname = \"a\"\npath = \"/var/log/alerts\"\n", "\"file\" writes it already"),
            ("[[sink]]\nkind = \"file\"\nname = \"a\"\npath = \"b\"\nurl = \"http://a\"\n", "has none"),
            ("[[sink]]\nkind = \"webhook\"\nurl = \"http://a\"\npath = \"b\"\n", "has none"),
            ("[[sink]]\nkind = \"webhook\"\nurl = \"http://a\"\nformat = \"cef\"\n", "json, ecs or ocsf"),
            ("[[sink]]\nkind = \"alertmanager\"\nurl = \"http://a\"\nformat = \"ecs\"\n", "has none"),
            ("[[sink]]\nkind = \"syslog\"\nadress = \"udp://a:514\"\n", "address"),
            ("[[sink]]\nkind = \"alertmanager\"\nurl = \"http://a\"\ntimeout-seconds = 0\n", "1 to 300"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
