//! The settings file: TOML with the long names of the flags as keys.

use crate::settings::SettingsError;
use crate::settings::log::{LogFormat, LogLevel};
use crate::settings::receive::Receive;
use crate::settings::sinks::SinkTable;
use crate::sink::RecordFormat;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) format: Option<String>,
    pub(super) logformat: Option<String>,
    pub(super) map: Option<PathBuf>,
    pub(super) tz: Option<String>,
    pub(super) threads: Option<usize>,
    pub(super) memory: Option<String>,
    pub(super) strict: Option<bool>,
    pub(super) top: Option<usize>,
    pub(super) allow_duplicates: Option<bool>,
    pub(super) hash_key: Option<String>,
    pub(super) ioc: Option<OneOrMore>,
    pub(super) allow: Option<PathBuf>,
    pub(super) sites: Option<PathBuf>,
    /// Form of the records of `--alerts`.
    pub(super) alerts_format: Option<RecordFormat>,
    pub(super) ledger: Option<PathBuf>,
    pub(super) save_ledger: Option<PathBuf>,
    pub(super) listen: Option<String>,
    pub(super) web_config: Option<PathBuf>,
    /// `watch` exports the newest incidents by id.
    pub(super) incident_info: Option<bool>,
    /// Directory of the state of `watch`.
    pub(super) state: Option<PathBuf>,
    /// Seconds between two snapshots of the state.
    pub(super) snapshot_seconds: Option<u64>,
    /// What `watch` receives over the network.
    pub(super) receive: Receive,
    /// Form and level of what `watch` says of itself.
    pub(super) log_format: Option<LogFormat>,
    pub(super) log_level: Option<LogLevel>,
    /// Destinations of `watch`.
    pub(super) sink: Vec<SinkTable>,
}

/// A path, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a path or a list of paths")]
pub(super) enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

/// Keys of the file, for "did you mean".
const KEYS: [&str; 25] = [
    "format",
    "logformat",
    "map",
    "tz",
    "threads",
    "memory",
    "strict",
    "top",
    "allow-duplicates",
    "hash-key",
    "ioc",
    "allow",
    "sites",
    "alerts-format",
    "ledger",
    "save-ledger",
    "listen",
    "web-config",
    "incident-info",
    "state",
    "snapshot-seconds",
    "log-format",
    "log-level",
    "sink",
    "receive",
];

impl From<OneOrMore> for Vec<PathBuf> {
    fn from(paths: OneOrMore) -> Vec<PathBuf> {
        match paths {
            OneOrMore::One(path) => vec![path],
            OneOrMore::More(paths) => paths,
        }
    }
}

/// Reads the file. What it names is beside it, wherever the program is started.
pub(super) fn read(path: &Path) -> Result<File, SettingsError> {
    let mut file = text(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |path: PathBuf| folder.join(path);
    file.ioc = file.ioc.map(|paths| OneOrMore::More(Vec::from(paths).into_iter().map(beside).collect()));
    file.allow = file.allow.map(beside);
    file.map = file.map.map(beside);
    file.sites = file.sites.map(beside);
    file.ledger = file.ledger.map(beside);
    file.web_config = file.web_config.map(beside);
    file.save_ledger = file.save_ledger.map(beside);
    file.receive.unix = file.receive.unix.map(beside);
    Ok(file)
}

fn text(path: &Path) -> Result<File, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let message = error.to_string().trim_end().to_owned();
        let near =
            error.message().strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).and_then(|key| {
                KEYS.iter().chain(&Receive::KEYS).find(|k| strsim::jaro_winkler(k, key) > 0.8).copied()
            });
        SettingsError::Key { path: path.to_owned(), message, near }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_what_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deguchi.toml");
        std::fs::write(&path, "memroy = \"1GiB\"\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("line 1") && error.ends_with("did you mean `memory`?"), "{error}");
    }
}
