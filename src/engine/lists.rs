//! What a user says before the first line: lists of known bad, rules of what is not to be told, names of networks.

use crate::alert::{AllowRules, Sites};
use crate::detect::Indicators;
use crate::engine::{Engine, SHARDS, lock};
use std::sync::Arc;

/// All of it; empty by default.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Listed domains, hosts, URLs and addresses.
    pub indicators: Arc<Indicators>,
    /// Alerts that are not told.
    pub allow: AllowRules,
    /// Which networks are which site.
    pub sites: Sites,
}

impl Engine {
    /// Goes by other lists from the next round on; what memory holds of the old ones follows them.
    pub fn relist(&mut self, lists: Lists) {
        self.lists = lists;
        let lists = &self.lists;
        self.team.map((0..SHARDS).collect(), |_, i| lock(&self.shards[i]).relist(lists));
    }
}
