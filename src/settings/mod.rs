//! What the user wants, validated once: defaults < file < environment < flags.
//!
//! Flags and environment arrive together from [`crate::cli`]; the file is in `file`. What all commands that read logs
//! understand is [`Settings`]; a command has its own beside it.

mod check;
mod file;
mod hunt;
mod lists;
mod log;
mod receive;
mod records;
mod replay;
mod sinks;
mod watch;

pub use crate::cli::{Begin, Shape, When};
pub use check::CheckSettings;
pub use hunt::HuntSettings;
pub use lists::{ListFiles, Listed};
pub use log::{LogFormat, LogLevel, LogSettings};
pub use receive::ReceiveSettings;
pub use records::{BlockSettings, ReportSettings};
pub use replay::ReplaySettings;
pub use sinks::{SinkSettings, SinkTo};
pub use watch::WatchSettings;

use crate::alert::{FileError, Severity};
use crate::cli;
use crate::detect::IndicatorError;
use crate::engine::{EngineSettings, HashKey, LEDGER_SHARE};
use crate::event::Millis;
use crate::parse::{self, Parser};
use crate::sink::RecordFormat;
use crate::window::ledger::{Ledger, LedgerError};
use file::File;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A setting that cannot be used. The text names it and says what would do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {source}; {}", path.display(), advice(path))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML, or has a key that is not known.
    #[error("{}: {message}{}", path.display(), match near { Some(near) => format!("; did you mean `{near}`?"), None => String::new() })]
    Key {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong there.
        message: String,
        /// A key like it.
        near: Option<&'static str>,
    },
    /// A list of indicators that cannot be used.
    #[error(transparent)]
    Indicators(#[from] IndicatorError),
    /// Allow rules or sites that cannot be used.
    #[error(transparent)]
    Rules(#[from] FileError),
    /// A ledger that cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A value that does not do.
    #[error("{name}{}: {wanted}", match value.as_str() { "" => String::new(), given => format!(" {given:?}") })]
    Value {
        /// Name of the setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would do.
        wanted: String,
    },
}

/// How lines are to be read.
#[derive(Clone)]
pub enum Format {
    /// Tell by the first lines; times without an offset are those of the zone.
    Auto(TimeZone),
    /// As the user said: its name, and its parser.
    Given(String, Arc<dyn Parser>),
}

/// What all commands that read logs understand.
pub struct Settings {
    /// How lines are read.
    pub format: Format,
    /// Zone of times shown.
    pub zone: TimeZone,
    /// What is known to be bad, what is not to be told of, where clients are; empty if no file was given.
    pub listed: Listed,
    /// Where that comes from.
    pub list_files: ListFiles,
    /// What is known from earlier runs.
    pub ledger: Option<Arc<Ledger>>,
    /// The engine's.
    pub engine: EngineSettings,
    /// Partly unreadable input is an error.
    pub strict: bool,
    /// Nothing but results and errors.
    pub quiet: bool,
    /// Each input as it is looked into.
    pub verbose: bool,
    /// Colour.
    pub color: When,
}

impl Settings {
    /// Validates what the user typed, and takes from the file what it is not silent on.
    fn of(common: cli::Common, file: &mut File) -> Result<Settings, SettingsError> {
        // Flags name a format in three ways; what is typed silences all ways of the file.
        let typed = common.format.is_some() || common.logformat.is_some() || common.map.is_some();
        let format = common.format.or(file.format.take().filter(|_| !typed));
        let logformat = common.logformat.or(file.logformat.take().filter(|_| !typed));
        let map = common.map.or(file.map.take().filter(|_| !typed));
        let threads = common.threads.or(file.threads).unwrap_or_else(processors);
        if !(1..=256).contains(&threads) {
            let wanted = "give a number from 1 to 256".to_owned();
            return Err(SettingsError::Value { name: "--threads", value: threads.to_string(), wanted });
        }
        let list_files = ListFiles { config: common.config, ioc: common.ioc, allow: common.allow, sites: common.sites };
        let listed = list_files.load_by(file)?;
        let engine = EngineSettings {
            threads,
            memory: memory(common.memory.or(file.memory.take()))?,
            key: hash_key(file.hash_key.take())?,
            keep_duplicates: false,
            since: 0,
            until: Millis::MAX,
        };
        let room = engine.memory / LEDGER_SHARE;
        let ledger = common.ledger.or(file.ledger.take());
        let ledger = ledger.map(|path| Ledger::load(&path, &engine.key.fingerprint(), room));
        let zone = self::zone(common.tz.or(file.tz.take()))?;
        Ok(Settings {
            format: self::format(format, logformat, map, &zone)?,
            zone,
            listed,
            list_files,
            ledger: ledger.transpose()?.map(Arc::new),
            engine,
            strict: common.strict || file.strict.unwrap_or(false),
            quiet: common.quiet,
            verbose: common.verbose,
            color: common.color,
        })
    }
}

/// What to do about a file that cannot be read.
fn advice(path: &Path) -> String {
    match path.is_dir() {
        true => format!("name a file in it, such as {}", path.join("deguchi.toml").display()),
        false => "check its name, and that you may read it".to_owned(),
    }
}

/// The form of records, by a flag or the file.
fn alerts_format(name: Option<&str>, file: Option<RecordFormat>) -> Result<RecordFormat, SettingsError> {
    let Some(name) = name else { return Ok(file.unwrap_or_default()) };
    let found = RecordFormat::ALL.into_iter().find(|format| format.as_str() == name);
    found.ok_or_else(|| SettingsError::Value {
        name: "--alerts-format",
        value: name.to_owned(),
        wanted: format!("name one of {}", RecordFormat::ALL.map(RecordFormat::as_str).join(", ")),
    })
}

fn format(
    name: Option<String>,
    logformat: Option<String>,
    map: Option<PathBuf>,
    zone: &TimeZone,
) -> Result<Format, SettingsError> {
    if let Some(path) = map {
        let text =
            std::fs::read_to_string(&path).map_err(|source| SettingsError::File { path: path.clone(), source })?;
        let parser = parse::Map::compile(&text, zone).map_err(|error| SettingsError::Value {
            name: "--map",
            value: path.display().to_string(),
            wanted: error.to_string(),
        })?;
        return Ok(Format::Given("map".into(), Arc::new(parser)));
    }
    if let Some(text) = logformat {
        let parser = parse::Logformat::compile(&text).map_err(|error| SettingsError::Value {
            name: "--logformat",
            value: text,
            wanted: error.to_string(),
        })?;
        return Ok(Format::Given("logformat".into(), Arc::new(parser)));
    }
    match name.as_deref() {
        None | Some("auto") => Ok(Format::Auto(zone.clone())),
        Some(name) => {
            parse::by_name_in(name, zone).map(|p| Format::Given(name.to_owned(), Arc::from(p))).map_err(|error| {
                SettingsError::Value { name: "--format", value: name.to_owned(), wanted: error.to_string() }
            })
        }
    }
}

/// The severity that a word names.
fn severity(level: cli::Level) -> Severity {
    match level {
        cli::Level::Low => Severity::Low,
        cli::Level::Medium => Severity::Medium,
        cli::Level::High => Severity::High,
        cli::Level::Critical => Severity::Critical,
    }
}

fn zone(name: Option<String>) -> Result<TimeZone, SettingsError> {
    let Some(name) = name else { return Ok(TimeZone::system()) };
    TimeZone::get(&name).map_err(|_| SettingsError::Value {
        name: "--tz",
        value: name,
        wanted: "name a zone of the tz database, such as Asia/Tokyo or UTC".into(),
    })
}

/// Least limit that leaves room for buffers in flight.
const LEAST_MEMORY: usize = 32 << 20;

fn memory(text: Option<String>) -> Result<usize, SettingsError> {
    let Some(text) = text else { return Ok(1 << 30) };
    let size = text.parse::<bytesize::ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
    size.filter(|&size| size >= LEAST_MEMORY).ok_or_else(|| SettingsError::Value {
        name: "--memory",
        value: text,
        wanted: "write a size of at least 32MiB, such as 512MiB or 4GiB".into(),
    })
}

/// 32 hex digits.
fn hash_key(text: Option<String>) -> Result<HashKey, SettingsError> {
    let Some(text) = text else { return Ok(HashKey::default()) };
    match u128::from_str_radix(&text, 16) {
        Ok(key) if text.len() == 32 => Ok(HashKey((key >> 64) as u64, key as u64)),
        _ => Err(SettingsError::Value { name: "hash-key", value: text, wanted: "write 32 hex digits".into() }),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(memory(Some("512MiB".into())).unwrap(), 512 << 20);
        assert!(memory(Some("1KiB".into())).is_err() && memory(Some("much".into())).is_err());
    }
}
