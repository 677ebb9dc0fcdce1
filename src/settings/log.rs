//! Settings of what a service says of itself.

use crate::settings::SettingsError;
use crate::settings::file::{File, read};
use serde::Deserialize;
use std::path::Path;

/// Form and level of messages.
#[derive(Clone, Copy, Debug)]
pub struct LogSettings {
    /// Their form.
    pub format: LogFormat,
    /// From which level on.
    pub level: LogLevel,
}

/// The form of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What somebody has to see to.
    Error,
    /// And what is odd, or was lost.
    Warn,
    /// And how it goes.
    #[default]
    Info,
}

impl LogSettings {
    /// By the settings file; `quiet`: at most errors.
    pub(super) fn of(file: &File, quiet: bool) -> LogSettings {
        let level = if quiet { LogLevel::Error } else { file.log_level.unwrap_or_default() };
        LogSettings { format: file.log_format.unwrap_or_default(), level }
    }

    /// The level that the settings file names by now.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn level_again(config: Option<&Path>, quiet: bool) -> Result<LogLevel, SettingsError> {
        let file = config.map(read).transpose()?.unwrap_or_default();
        Ok(LogSettings::of(&file, quiet).level)
    }
}
