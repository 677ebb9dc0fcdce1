//! Settings of `deguchi watch`.

use crate::cli::{self, Begin};
use crate::settings::file::{File, read};
use crate::settings::sinks::sinks;
use crate::settings::{LogSettings, ReceiveSettings, Settings, SettingsError, SinkSettings, alerts_format};
use crate::sink::RecordFormat;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where metrics are served unless the user says otherwise: seen by this machine only.
const LISTEN: &str = "127.0.0.1:10953";

/// Settings of a watch.
pub struct WatchSettings {
    /// What all commands understand.
    pub common: Settings,
    /// Files and patterns to follow.
    pub paths: Vec<PathBuf>,
    /// What comes over the network.
    pub receive: Option<ReceiveSettings>,
    /// Where to begin in a file that is there already.
    pub from: Begin,
    /// Directory of what survives a restart.
    pub state: Option<PathBuf>,
    /// Between two snapshots of it, at most.
    pub snapshot: Duration,
    /// Address that metrics are served at.
    pub listen: SocketAddr,
    /// Who may ask for them, and how: a web configuration file of exporters.
    pub web_config: Option<PathBuf>,
    /// The newest incidents are exported by id: `deguchi_incident_info`.
    pub incident_info: bool,
    /// What it says of itself.
    pub log: LogSettings,
    /// The settings file.
    pub config: Option<PathBuf>,
    /// Destinations besides standard output.
    pub sinks: Vec<SinkSettings>,
    /// Records go to standard output, in this form, in place of entries for people.
    pub piped: Option<RecordFormat>,
}

impl WatchSettings {
    /// Validates what the user typed.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used.
    pub fn of(mut args: cli::Watch) -> Result<WatchSettings, SettingsError> {
        let config = args.common.config.clone();
        let mut file: File = config.as_deref().map(read).transpose()?.unwrap_or_default();
        let folder = config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let alerts_format = alerts_format(args.alerts_format.as_deref(), file.alerts_format)?;
        let piped = args.alerts.take_if(|path| *path == Path::new("-")).map(|_| alerts_format);
        let alerts = args.alerts.take().map(|path| (path, alerts_format));
        let sinks = sinks(alerts, std::mem::take(&mut file.sink), folder)?;
        let receive = ReceiveSettings::of(&mut args, std::mem::take(&mut file.receive))?;
        if args.paths.is_empty() && receive.is_none() {
            let wanted = "name a log to follow, or receive with --tcp, --udp or --unix".to_owned();
            return Err(SettingsError::Value { name: "watch", value: String::new(), wanted });
        }
        let common = Settings::of(args.common, &mut file)?;
        let log = LogSettings::of(&file, common.quiet);
        let listen = args.listen.or(file.listen.take()).unwrap_or_else(|| LISTEN.to_owned());
        let listen = listen.parse().map_err(|_| SettingsError::Value {
            name: "--listen",
            value: listen,
            wanted: format!("write an address and a port, such as {LISTEN} or [::1]:10953"),
        })?;
        let seconds = file.snapshot_seconds.unwrap_or(60);
        if !(1..=3600).contains(&seconds) {
            let wanted = "give a number of seconds from 1 to 3600".to_owned();
            return Err(SettingsError::Value { name: "snapshot-seconds", value: seconds.to_string(), wanted });
        }
        let snapshot = Duration::from_secs(seconds);
        let cli::Watch { paths, from, .. } = args;
        let state = args.state.or(file.state.take());
        let web_config = args.web_config.or(file.web_config.take());
        Ok(WatchSettings {
            state,
            snapshot,
            common,
            paths,
            receive,
            from,
            listen,
            web_config,
            incident_info: file.incident_info.unwrap_or(false),
            log,
            config,
            sinks,
            piped,
        })
    }
}
