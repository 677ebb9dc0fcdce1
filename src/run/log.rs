//! What a service says of itself, on standard error: one line a message, with its time, level and the part it is of.
//!
//! Text for people and journals, or JSON (`log-format`). Texts of logs and paths are escaped by [`Terminal`].

use crate::settings::{LogFormat, LogLevel, LogSettings};
use crate::sink::Terminal;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// What of the service a message is of. A closed set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Beginning and end.
    Service,
    /// Logs that are followed.
    Input,
    /// What comes over the network.
    Receive,
    /// Who is told.
    Sink,
    /// What survives a restart.
    State,
    /// Known bad names, allow rules, sites.
    Lists,
    /// What is served.
    Http,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Part::Service => "service",
            Part::Input => "input",
            Part::Receive => "receive",
            Part::Sink => "sink",
            Part::State => "state",
            Part::Lists => "lists",
            Part::Http => "http",
        }
    }
}

/// Sets the level of what is said.
#[derive(Clone)]
pub(super) struct Level(reload::Handle<LevelFilter, Registry>);

impl Level {
    /// From now on.
    pub(super) fn set(&self, level: LogLevel) {
        // It fails only where the process ends.
        let _ = self.0.modify(|filter| *filter = of(level));
    }
}

/// From now on messages are written, in the form and from the level of the settings.
pub(super) fn begin(settings: &LogSettings) -> Level {
    let (filter, handle) = reload::Layer::new(of(settings.level));
    // A journal has its own times.
    let timed = std::env::var_os("JOURNAL_STREAM").is_none();
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match (settings.format, timed) {
        (LogFormat::Json, _) => lines.json().flatten_event(true).boxed(),
        (LogFormat::Text, true) => lines.with_ansi(false).boxed(),
        (LogFormat::Text, false) => lines.with_ansi(false).without_time().boxed(),
    };
    // Only one watch runs in a process.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Level(handle)
}

fn of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
    }
}

/// Something does not work, and somebody has to see to it.
pub(super) fn error(part: Part, text: &str) {
    tracing::error!(part = part.as_str(), "{}", Terminal::text(text));
}

/// Something is odd, or was lost.
pub(super) fn warn(part: Part, text: &str) {
    tracing::warn!(part = part.as_str(), "{}", Terminal::text(text));
}

/// As it goes.
pub(super) fn info(part: Part, text: &str) {
    tracing::info!(part = part.as_str(), "{}", Terminal::text(text));
}
