//! Settings of `deguchi replay`.

use crate::alert::Severity;
use crate::cli;
use crate::event::Millis;
use crate::settings::file::{File, read};
use crate::settings::records::lang;
use crate::settings::{Settings, SettingsError, Shape, alerts_format, severity};
use crate::sink::{Lang, RecordFormat};
use jiff::tz::TimeZone;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Settings of a replay.
pub struct ReplaySettings {
    /// What all commands understand.
    pub common: Settings,
    /// What to read.
    pub paths: Vec<PathBuf>,
    /// What is known and learned to here.
    pub save_ledger: Option<PathBuf>,
    /// Learn and tell nobody.
    pub learn: bool,
    /// JSON lines to here.
    pub alerts: Option<PathBuf>,
    /// Their form.
    pub alerts_format: RecordFormat,
    /// What goes to standard output; `None`: nothing, since the alerts do.
    pub output: Option<Shape>,
    /// The incident page to here.
    pub report: Option<PathBuf>,
    /// Its language.
    pub lang: Lang,
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
        let mut file: File = args.common.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut common = Settings::of(args.common, &mut file)?;
        common.engine.keep_duplicates = args.allow_duplicates || file.allow_duplicates.unwrap_or(false);
        let span = span(args.since.as_deref(), args.until.as_deref(), &common.zone)?;
        (common.engine.since, common.engine.until) = (span.start, span.end);
        let piped = args.alerts.as_deref() == Some(Path::new("-"));
        if piped && args.output.is_some() {
            let wanted = "`--alerts -` already writes to standard output; name a file or leave --output out".to_owned();
            return Err(SettingsError::Value { name: "--alerts", value: "-".into(), wanted });
        }
        let alerts_format = alerts_format(args.alerts_format.as_deref(), file.alerts_format)?;
        let save_ledger = args.save_ledger.or(file.save_ledger);
        let to_nowhere = |path: &PathBuf| path.as_os_str() == "-";
        if save_ledger.as_ref().is_some_and(to_nowhere) || args.learn && save_ledger.is_none() {
            let (name, value) = if args.learn { ("--learn", "") } else { ("--save-ledger", "-") };
            let wanted = "name a file to keep it in with --save-ledger".to_owned();
            return Err(SettingsError::Value { name, value: value.into(), wanted });
        }
        Ok(ReplaySettings {
            common,
            save_ledger,
            learn: args.learn,
            paths: args.paths,
            output: (!piped && args.why.is_none() && !args.learn).then(|| args.output.unwrap_or(Shape::Table)),
            why: args.why.and_then(|both| Some((both.first()?.clone(), both.get(1)?.clone()))),
            alerts: args.alerts,
            alerts_format,
            metrics: args.metrics,
            history: args.metrics_history,
            top: args.top.or(file.top).unwrap_or(10),
            fail_on: args.fail_on.map(severity),
            report: args.report,
            lang: lang(args.lang),
        })
    }
}

/// From `--since` to `--until`, ms UTC; all of time where they are not given.
pub(super) fn span(since: Option<&str>, until: Option<&str>, zone: &TimeZone) -> Result<Range<Millis>, SettingsError> {
    let time = |name, text: Option<&str>| text.map(|text| time(name, text, zone)).transpose();
    let since = time("--since", since)?.unwrap_or(0);
    let until = time("--until", until)?.unwrap_or(Millis::MAX);
    if since >= until {
        let wanted = "must be before --until".to_owned();
        let shown = jiff::Timestamp::from_millisecond(since).map_or_else(|_| since.to_string(), |t| t.to_string());
        return Err(SettingsError::Value { name: "--since", value: shown, wanted });
    }
    Ok(since..until)
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
}
