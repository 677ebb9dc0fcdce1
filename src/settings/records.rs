//! Settings of the commands that read records back: `deguchi report` and `deguchi block`.

use crate::alert::Severity;
use crate::cli::{self, BlockAs};
use crate::settings::{SettingsError, severity, zone};
use crate::sink::{BlockForm, Lang, PageOptions};
use std::path::PathBuf;

/// Settings of a report.
#[derive(Debug)]
pub struct ReportSettings {
    /// Files of records.
    pub records: Vec<PathBuf>,
    /// The page.
    pub output: PathBuf,
    /// How it looks.
    pub page: PageOptions,
}

/// Settings of a block list.
#[derive(Debug)]
pub struct BlockSettings {
    /// Files of records.
    pub records: Vec<PathBuf>,
    /// Where the list goes.
    pub output: PathBuf,
    /// Who reads it.
    pub form: BlockForm,
    /// Least severity of an alert whose domain is listed.
    pub least: Severity,
    /// Block shared domains as a whole too.
    pub force: bool,
    /// Days after the last contact when a block is to be looked at again.
    pub days: u16,
}

impl ReportSettings {
    /// Validates what the user typed.
    ///
    /// # Errors
    ///
    /// The zone is not known.
    pub fn of(args: cli::Report) -> Result<ReportSettings, SettingsError> {
        let page = PageOptions { lang: lang(args.lang), zone: zone(args.tz)? };
        Ok(ReportSettings { records: args.records, output: args.output, page })
    }
}

impl BlockSettings {
    /// What the user typed.
    pub fn of(args: cli::Block) -> BlockSettings {
        BlockSettings {
            records: args.records,
            output: args.output,
            form: match args.form {
                BlockAs::Squid => BlockForm::Squid,
                BlockAs::Rpz => BlockForm::Rpz,
                BlockAs::Hosts => BlockForm::Hosts,
                BlockAs::Pac => BlockForm::Pac,
                BlockAs::Plain => BlockForm::Plain,
            },
            least: severity(args.severity),
            force: args.force,
            days: args.expires,
        }
    }
}

/// The language of a page.
pub(super) fn lang(word: cli::Lang) -> Lang {
    match word {
        cli::Lang::En => Lang::En,
        cli::Lang::Ja => Lang::Ja,
    }
}
