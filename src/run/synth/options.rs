//! What can be asked for.

use std::path::PathBuf;

use anyhow::bail;
use jiff::civil::Date;

use super::dice::Dice;

/// Which attacks are planted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Attacks {
    /// None.
    None,
    /// One of every kind for each hundred clients.
    #[default]
    Mix,
    /// One of each of these kinds for each hundred clients.
    Kinds(Vec<String>),
    /// So many, of these kinds in turn (of all kinds if the list is empty).
    Count(u32, Vec<String>),
}

/// Options of `deguchi synth`.
#[derive(Clone, Debug)]
pub struct SynthOptions {
    /// Seed of everything; the same seed and options give the same bytes.
    pub seed: u64,
    /// Exactly so many lines; people's diligence is scaled so that they fill `days`.
    pub lines: Option<u64>,
    /// Days; default 1.
    pub days: Option<u32>,
    /// PCs; default: as `lines` needs, or 100.
    pub clients: Option<u32>,
    /// Locations of the organisation; default: as many as fit the clients.
    pub sites: Option<u16>,
    /// Registrable domains of the web outside; default: as many as fit the clients.
    pub domains: Option<u32>,
    /// Attacks.
    pub attacks: Attacks,
    /// A named scenario instead: see [`super::scenarios`]. One that is told by its dates has its own days, clients and
    /// sites.
    pub scenario: Option<String>,
    /// `squid`, `common`, `combined`, `rich`, or a Squid format string.
    pub logformat: String,
    /// Local day on which the log starts, at midnight.
    pub start: Date,
    /// Local time minus UTC, minutes.
    pub offset_minutes: i32,
    /// Log URLs without queries, as Squid does unless told otherwise.
    pub strip_queries: bool,
    /// Directory for `access.log`, `labels.json` and `sites.toml`.
    pub output: PathBuf,
}

impl Default for SynthOptions {
    fn default() -> Self {
        SynthOptions {
            seed: 1,
            lines: None,
            days: None,
            clients: None,
            sites: None,
            domains: None,
            attacks: Attacks::Mix,
            scenario: None,
            logformat: "squid".to_owned(),
            // A Monday.
            start: jiff::civil::date(2026, 1, 5),
            offset_minutes: 9 * 60,
            strip_queries: false,
            output: PathBuf::from("."),
        }
    }
}

/// What [`SynthOptions`] amount to.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) lines: Option<u64>,
    pub(super) days: u32,
    pub(super) clients: u32,
    pub(super) sites: u16,
    pub(super) domains: u32,
    /// Kinds of attacks, one entry for each to plant.
    pub(super) attacks: Vec<&'static str>,
    /// Harmless programs go through lists.
    pub(super) walks: bool,
    /// Start, milliseconds UTC.
    pub(super) from: i64,
    /// Local time minus UTC, milliseconds.
    pub(super) offset: i64,
    /// The story of 2015: its places, its days, its clock.
    pub(super) incident: bool,
}

/// Lines a PC and its person cause on a working day, roughly; only used to choose a number of clients.
const LINES_A_DAY: u64 = 2000;

impl SynthOptions {
    /// Settles what was left open.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let scenario = self.scenario.as_deref().map(super::scenario::find).transpose()?;
        let incident = scenario.as_ref().is_some_and(|scenario| scenario.dated);
        if incident {
            let given = [
                ("lines", self.lines.is_some()),
                ("days", self.days.is_some()),
                ("clients", self.clients.is_some()),
                ("sites", self.sites.is_some()),
            ];
            if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
                bail!("this scenario is told by its dates and places: leave out --{name}");
            }
        }
        let days = self.days.unwrap_or(scenario.as_ref().map_or(1, |s| s.days)).clamp(1, 3660);
        let fitting = || match (&scenario, self.lines) {
            (Some(scenario), _) => scenario.clients,
            (None, Some(lines)) => (lines / LINES_A_DAY / u64::from(days)).clamp(15, 200_000) as u32,
            (None, None) => 100,
        };
        let clients = self.clients.unwrap_or_else(fitting).max(1);
        let hundreds = (clients / 100).max(1) as usize;
        let mix = |kinds: &[&'static str]| -> Vec<&'static str> {
            (0..hundreds).flat_map(|_| kinds.iter().copied()).collect()
        };
        let known =
            |kinds: &[String]| kinds.iter().map(|kind| super::attack::kind(kind)).collect::<anyhow::Result<Vec<_>>>();
        let all = super::attack::kinds();
        let attacks = match (&scenario, &self.attacks) {
            (Some(scenario), _) => scenario.attacks.clone(),
            (None, Attacks::None) => Vec::new(),
            (None, Attacks::Mix) => mix(&all),
            (None, Attacks::Kinds(kinds)) => mix(&known(kinds)?),
            (None, Attacks::Count(count, kinds)) => {
                let kinds = if kinds.is_empty() { all } else { known(kinds)? };
                kinds.into_iter().cycle().take(*count as usize).collect()
            }
        };
        // A scenario and its quiet twin share a world; different scenarios do not.
        let seed = match &self.scenario {
            Some(name) => Dice::named(self.seed, name.strip_prefix("quiet-").unwrap_or(name), 0).next(),
            None => self.seed,
        };
        let offset_minutes = if incident { super::incident::OFFSET } else { self.offset_minutes };
        let offset = i64::from(offset_minutes.clamp(-14 * 60, 14 * 60)) * 60_000;
        let midnight = self.start.to_datetime(jiff::civil::Time::midnight()).to_zoned(jiff::tz::TimeZone::UTC)?;
        Ok(Plan {
            seed,
            lines: self.lines,
            days,
            clients,
            sites: self.sites.unwrap_or((clients / 250).clamp(2, 24) as u16).max(1),
            domains: self.domains.unwrap_or((clients * 8).clamp(900, 400_000)),
            attacks,
            walks: scenario.as_ref().is_some_and(|scenario| scenario.walks),
            from: if incident { super::incident::from() } else { midnight.timestamp().as_millisecond() - offset },
            offset,
            incident,
        })
    }
}
