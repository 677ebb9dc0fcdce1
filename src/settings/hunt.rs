//! Settings of `deguchi hunt`.

use crate::cli;
use crate::event::Millis;
use crate::settings::file::{File, read};
use crate::settings::replay::span;
use crate::settings::{Settings, SettingsError, Shape};
use std::ops::Range;
use std::path::PathBuf;

/// Settings of a hunt.
pub struct HuntSettings {
    /// What all commands understand.
    pub common: Settings,
    /// What to read.
    pub paths: Vec<PathBuf>,
    /// Only events that end in this time, ms UTC.
    pub span: Range<Millis>,
    /// Form of what is seen, on standard output.
    pub output: Shape,
    /// Records of it as alerts to here.
    pub emit_alerts: Option<PathBuf>,
    /// A hit fails the run.
    pub fail_on_hit: bool,
}

impl HuntSettings {
    /// Validates what the user typed.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used; nothing is listed.
    pub fn of(args: cli::Hunt) -> Result<HuntSettings, SettingsError> {
        let mut file: File = args.common.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let common = Settings::of(args.common, &mut file)?;
        if common.listed.indicators() == 0 {
            let wanted = "name a list of what to look for".to_owned();
            return Err(SettingsError::Value { name: "--ioc", value: String::new(), wanted });
        }
        Ok(HuntSettings {
            span: span(args.since.as_deref(), args.until.as_deref(), &common.zone)?,
            common,
            paths: args.paths,
            output: args.output.unwrap_or(Shape::Table),
            emit_alerts: args.emit_alerts,
            fail_on_hit: args.fail_on.is_some(),
        })
    }
}
