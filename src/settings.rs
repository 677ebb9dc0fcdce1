//! What the user wants, validated once: defaults < file < environment < flags.
//!
//! Flags and environment arrive together from [`crate::cli`]; the file is TOML with the long names of the flags as keys.

use crate::alert::{AllowRules, FileError, Severity, Sites};
use crate::cli;
pub use crate::cli::{Shape, When};
use crate::detect::{BadEntry, IndicatorError, Indicators};
use crate::engine::{EngineSettings, HashKey, LEDGER_SHARE};
use crate::event::Millis;
use crate::parse::{self, Parser};
use crate::window::ledger::{Ledger, LedgerError};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A setting that cannot be used. The text names it and says what would do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
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

/// The file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    format: Option<String>,
    logformat: Option<String>,
    tz: Option<String>,
    threads: Option<usize>,
    memory: Option<String>,
    strict: Option<bool>,
    top: Option<usize>,
    allow_duplicates: Option<bool>,
    hash_key: Option<String>,
    ioc: Option<OneOrMore>,
    allow: Option<PathBuf>,
    sites: Option<PathBuf>,
    ledger: Option<PathBuf>,
    save_ledger: Option<PathBuf>,
}

/// A path, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a path or a list of paths")]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

/// Keys of the file, for "did you mean".
const KEYS: [&str; 14] = [
    "format",
    "logformat",
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
    "ledger",
    "save-ledger",
];

/// How lines are to be read.
#[derive(Clone)]
pub enum Format {
    /// Tell by the first lines.
    Auto,
    /// As the user said: its name, and its parser.
    Given(String, Arc<dyn Parser>),
}

/// Settings of a replay.
pub struct ReplaySettings {
    /// What to read.
    pub paths: Vec<PathBuf>,
    /// How.
    pub format: Format,
    /// Zone of times shown.
    pub zone: TimeZone,
    /// What is known to be bad; empty if no list was given.
    pub indicators: Arc<Indicators>,
    /// Entries of the lists that are not used: the first 100. [`Indicators::lists`] has the counts.
    pub bad_indicators: Vec<BadEntry>,
    /// What is not to be told of; empty if no file was given.
    pub allow: AllowRules,
    /// Where clients are; empty if no file was given.
    pub sites: Sites,
    /// What is known from earlier runs.
    pub ledger: Option<Arc<Ledger>>,
    /// What is known and learned to here.
    pub save_ledger: Option<PathBuf>,
    /// Learn and tell nobody.
    pub learn: bool,
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
    /// JSON lines to here.
    pub alerts: Option<PathBuf>,
    /// What goes to standard output; `None`: nothing, since the alerts do.
    pub output: Option<Shape>,
    /// Final metrics to here.
    pub metrics: Option<PathBuf>,
    /// Metrics over event time to here.
    pub history: Option<PathBuf>,
    /// Entries shown with evidence.
    pub top: usize,
    /// Client and domain of which all is told, instead of the table.
    pub why: Option<(String, String)>,
    /// Least severity of an alert that fails the run.
    pub fail_on: Option<Severity>,
}

impl ReplaySettings {
    /// Validates what the user typed.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used.
    pub fn of(args: cli::Replay) -> Result<ReplaySettings, SettingsError> {
        let common = args.common;
        let file = common.config.as_deref().map(read).transpose()?.unwrap_or_default();
        // Flags name a format in two ways; what is typed silences both ways of the file.
        let typed = common.format.is_some() || common.logformat.is_some();
        let format = common.format.or(file.format.filter(|_| !typed));
        let logformat = common.logformat.or(file.logformat.filter(|_| !typed));
        let zone = zone(common.tz.or(file.tz))?;
        let time = |name, text: Option<String>| text.map(|t| time(name, &t, &zone)).transpose();
        let since = time("--since", args.since)?.unwrap_or(0);
        let until = time("--until", args.until)?.unwrap_or(Millis::MAX);
        if since >= until {
            let wanted = "must be before --until".to_owned();
            let shown = jiff::Timestamp::from_millisecond(since).map_or_else(|_| since.to_string(), |t| t.to_string());
            return Err(SettingsError::Value { name: "--since", value: shown, wanted });
        }
        let threads = common.threads.or(file.threads).unwrap_or_else(processors);
        if !(1..=256).contains(&threads) {
            let wanted = "give a number from 1 to 256".to_owned();
            return Err(SettingsError::Value { name: "--threads", value: threads.to_string(), wanted });
        }
        let piped = args.alerts.as_deref() == Some(Path::new("-"));
        if piped && args.output.is_some() {
            let wanted = "`--alerts -` already writes to standard output; name a file or leave --output out".to_owned();
            return Err(SettingsError::Value { name: "--alerts", value: "-".into(), wanted });
        }
        let paths = if common.ioc.is_empty() { file.ioc.map_or_else(Vec::new, OneOrMore::into) } else { common.ioc };
        let (indicators, bad_indicators) = Indicators::load(&paths)?;
        let allow = common.allow.or(file.allow).map(|path| AllowRules::load(&path)).transpose()?.unwrap_or_default();
        let sites = common.sites.or(file.sites).map(|path| Sites::load(&path)).transpose()?.unwrap_or_default();
        let engine = EngineSettings {
            threads,
            memory: memory(common.memory.or(file.memory))?,
            key: hash_key(file.hash_key)?,
            keep_duplicates: args.allow_duplicates || file.allow_duplicates.unwrap_or(false),
            since,
            until,
        };
        let save_ledger = args.save_ledger.or(file.save_ledger);
        let to_nowhere = |path: &PathBuf| path.as_os_str() == "-";
        if save_ledger.as_ref().is_some_and(to_nowhere) || args.learn && save_ledger.is_none() {
            let (name, value) = if args.learn { ("--learn", "") } else { ("--save-ledger", "-") };
            let wanted = "name a file to keep it in with --save-ledger".to_owned();
            return Err(SettingsError::Value { name, value: value.into(), wanted });
        }
        let room = engine.memory / LEDGER_SHARE;
        let ledger = common.ledger.or(file.ledger).map(|path| Ledger::load(&path, &engine.key.fingerprint(), room));
        Ok(ReplaySettings {
            ledger: ledger.transpose()?.map(Arc::new),
            save_ledger,
            learn: args.learn,
            paths: args.paths,
            format: self::format(format, logformat)?,
            zone,
            indicators: Arc::new(indicators),
            bad_indicators,
            allow,
            sites,
            engine,
            strict: common.strict || file.strict.unwrap_or(false),
            quiet: common.quiet,
            verbose: common.verbose,
            color: common.color,
            output: (!piped && args.why.is_none() && !args.learn).then(|| args.output.unwrap_or(Shape::Table)),
            why: args.why.and_then(|both| Some((both.first()?.clone(), both.get(1)?.clone()))),
            alerts: args.alerts,
            metrics: args.metrics,
            history: args.metrics_history,
            top: args.top.or(file.top).unwrap_or(10),
            fail_on: args.fail_on.map(|level| match level {
                cli::Level::Low => Severity::Low,
                cli::Level::Medium => Severity::Medium,
                cli::Level::High => Severity::High,
                cli::Level::Critical => Severity::Critical,
            }),
        })
    }
}

impl From<OneOrMore> for Vec<PathBuf> {
    fn from(paths: OneOrMore) -> Vec<PathBuf> {
        match paths {
            OneOrMore::One(path) => vec![path],
            OneOrMore::More(paths) => paths,
        }
    }
}

/// Reads the file. What it names is beside it, wherever the program is started.
fn read(path: &Path) -> Result<File, SettingsError> {
    let mut file = text(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = |path: PathBuf| folder.join(path);
    file.ioc = file.ioc.map(|paths| OneOrMore::More(Vec::from(paths).into_iter().map(beside).collect()));
    file.allow = file.allow.map(beside);
    file.sites = file.sites.map(beside);
    file.ledger = file.ledger.map(beside);
    file.save_ledger = file.save_ledger.map(beside);
    Ok(file)
}

fn text(path: &Path) -> Result<File, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let message = error.to_string().trim_end().to_owned();
        let near = error
            .message()
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next())
            .and_then(|key| KEYS.iter().find(|k| strsim::jaro_winkler(k, key) > 0.8).copied());
        SettingsError::Key { path: path.to_owned(), message, near }
    })
}

fn format(name: Option<String>, logformat: Option<String>) -> Result<Format, SettingsError> {
    if let Some(text) = logformat {
        let parser = parse::Logformat::compile(&text).map_err(|error| SettingsError::Value {
            name: "--logformat",
            value: text,
            wanted: error.to_string(),
        })?;
        return Ok(Format::Given("logformat".into(), Arc::new(parser)));
    }
    match name.as_deref() {
        None | Some("auto") => Ok(Format::Auto),
        Some(name) => parse::by_name(name).map(|p| Format::Given(name.to_owned(), Arc::from(p))).map_err(|error| {
            SettingsError::Value { name: "--format", value: name.to_owned(), wanted: error.to_string() }
        }),
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

/// A time as a person writes it: a date, a date and time in the zone shown, or with its own offset.
fn time(name: &'static str, text: &str, zone: &TimeZone) -> Result<Millis, SettingsError> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>();
    civil.and_then(|t| t.to_zoned(zone.clone())).map(|t| t.timestamp().as_millisecond()).map_err(|_| {
        let wanted = "write it like 2026-05-08, 2026-05-08T10:30 or 2026-05-08T10:30:00+09:00".to_owned();
        SettingsError::Value { name, value: text.to_owned(), wanted }
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
    fn times_are_read_in_the_zone_shown() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let at = |text: &str| time("--since", text, &tokyo).unwrap();
        assert_eq!(at("2015-05-08"), at("2015-05-07T15:00:00Z"));
        assert_eq!(at("2015-05-08T10:30"), at("2015-05-08T10:30:00+09:00"));
        assert!(time("--since", "yesterday", &tokyo).unwrap_err().to_string().contains("2026-05-08T10:30"));
    }

    #[test]
    fn an_unknown_key_is_named_with_what_was_meant() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deguchi.toml");
        std::fs::write(&path, "memroy = \"1GiB\"\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("line 1") && error.ends_with("did you mean `memory`?"), "{error}");
    }

    #[test]
    fn sizes() {
        assert_eq!(memory(Some("512MiB".into())).unwrap(), 512 << 20);
        assert!(memory(Some("1KiB".into())).is_err() && memory(Some("much".into())).is_err());
    }
}
