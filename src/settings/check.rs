//! Settings of `deguchi check`.

use crate::cli::{self, Cli, Command};
use crate::settings::file::{File, read};
use crate::settings::{Settings, SettingsError, WatchSettings};
use clap::Parser;
use std::path::PathBuf;

/// Settings of a check.
pub struct CheckSettings {
    /// What all commands understand.
    pub common: Settings,
    /// The settings file, if one was given.
    pub config: Option<PathBuf>,
    /// Logs of which the beginning is looked at.
    pub paths: Vec<PathBuf>,
}

impl CheckSettings {
    /// Validates what the user typed, and all that the file says, also to `watch`.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used.
    pub fn of(args: cli::Check) -> Result<CheckSettings, SettingsError> {
        let config = args.common.config.clone();
        if let Some(path) = &config {
            // What only `watch` reads: as if it were started on some log.
            let line = ["deguchi", "watch", "access.log", "--config"].map(Into::into);
            let line = line.into_iter().chain([path.clone().into_os_string()]);
            if let Ok(Cli { command: Command::Watch(watch) }) = Cli::try_parse_from(line) {
                WatchSettings::of(*watch)?;
            }
        }
        let mut file: File = config.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(CheckSettings { common: Settings::of(args.common, &mut file)?, config, paths: args.paths })
    }
}
