//! Lists of known bad, allow rules and sites: where they come from, and what is in them.

use crate::alert::{AllowRules, Sites};
use crate::detect::{BadEntry, Indicators};
use crate::engine::Lists;
use crate::settings::SettingsError;
use crate::settings::file::{File, read};
use std::path::PathBuf;
use std::sync::Arc;

/// Where they come from: the flags, else the settings file.
#[derive(Clone, Debug)]
pub struct ListFiles {
    /// The settings file.
    pub(super) config: Option<PathBuf>,
    /// Lists of known bad by flags.
    pub(super) ioc: Vec<PathBuf>,
    /// Allow rules by a flag.
    pub(super) allow: Option<PathBuf>,
    /// Sites by a flag.
    pub(super) sites: Option<PathBuf>,
}

/// What is in them.
#[derive(Debug)]
pub struct Listed {
    /// All that can be used.
    pub lists: Lists,
    /// Entries of the lists of known bad that cannot: the first 100. [`crate::detect::Indicators::lists`] has the counts.
    pub bad: Vec<BadEntry>,
}

impl Listed {
    /// Entries of the lists of known bad that can be used.
    pub fn indicators(&self) -> u64 {
        self.lists.indicators.lists().iter().map(|list| list.entries).sum()
    }
}

impl ListFiles {
    /// Reads all of them anew, the settings file first: it may name other ones by now.
    ///
    /// # Errors
    ///
    /// The first that cannot be used.
    pub fn load(&self) -> Result<Listed, SettingsError> {
        let file = self.config.as_deref().map(read).transpose()?.unwrap_or_default();
        self.load_by(&file)
    }

    /// Reads all of them, by a settings file that was read.
    pub(super) fn load_by(&self, file: &File) -> Result<Listed, SettingsError> {
        let ioc =
            if self.ioc.is_empty() { file.ioc.clone().map_or_else(Vec::new, Vec::from) } else { self.ioc.clone() };
        let (indicators, bad) = Indicators::load(&ioc)?;
        let allow = self.allow.as_ref().or(file.allow.as_ref()).map(|path| AllowRules::load(path)).transpose()?;
        let sites = self.sites.as_ref().or(file.sites.as_ref()).map(|path| Sites::load(path)).transpose()?;
        let lists = Lists {
            indicators: Arc::new(indicators),
            allow: allow.unwrap_or_default(),
            sites: sites.unwrap_or_default(),
        };
        Ok(Listed { lists, bad })
    }
}
