//! Scenarios: a tiny world with one attack, or none, small enough to ship as a sample.

use anyhow::bail;

use super::{attack, incident, walk};

/// A scenario.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) clients: u32,
    pub(super) days: u32,
    pub(super) attacks: Vec<&'static str>,
    /// Harmless programs go through lists.
    pub(super) walks: bool,
    /// Told by its dates: days, clients and places are its own.
    pub(super) dated: bool,
}

/// Names of all scenarios: every kind of attack and the story of 2015, and `quiet-` before it for the same world without.
pub fn scenarios() -> Vec<String> {
    let mut kinds = attack::kinds();
    kinds.extend(walk::KINDS);
    kinds.push(incident::NAME);
    kinds.iter().map(|kind| (*kind).to_owned()).chain(kinds.iter().map(|kind| format!("quiet-{kind}"))).collect()
}

/// The scenario called `name`.
pub(super) fn find(name: &str) -> anyhow::Result<Scenario> {
    let (quiet, kind) = match name.strip_prefix("quiet-") {
        Some(kind) => (true, kind),
        None => (false, name),
    };
    if kind == incident::NAME {
        let attacks = if quiet { Vec::new() } else { vec![incident::NAME] };
        return Ok(Scenario { clients: incident::PCS, days: incident::DAYS, attacks, walks: false, dated: true });
    }
    let Ok(kind) = attack::kind(kind) else {
        bail!("there is no scenario {name:?}; scenarios are {}", scenarios().join(", "));
    };
    Ok(Scenario {
        clients: if kind == "spread" { 24 } else { 15 },
        days: if attack::is_slow(kind) { 3 } else { 1 },
        attacks: if quiet { Vec::new() } else { vec![kind] },
        walks: walk::KINDS.contains(&kind),
        dated: false,
    })
}
