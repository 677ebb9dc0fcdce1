//! What is said of a client that is not told of, or asked for by `--why`.

use super::{Fans, Share, gather, say};
use crate::detect::fanout::{FEWEST, SPANS};
use crate::engine::shard::Shard;
use crate::engine::why::{At, Said};
use crate::window::{LONGEST, Story, pane_of};
use std::sync::Mutex;

impl Fans {
    /// What is said of a client, as of the last domain that it was the first to ask for; else why nothing is. `domain`: the
    /// one that is asked for, which may be none of those.
    pub fn why(&self, client: u64, domain: u64, at: &At<'_>, shards: &[Mutex<Shard>]) -> Result<Said, String> {
        self.look(client, |share| share.why(client, domain, at, shards))
    }
}

impl Share {
    fn why(&self, client: u64, domain: u64, at: &At<'_>, shards: &[Mutex<Shard>]) -> Result<Said, String> {
        let row = self.table.find(client, |fan| fan.client == client);
        let fan = row.map(|row| self.table.get(row)).ok_or_else(|| too_few(0))?;
        let meetings = || Story::ALL.into_iter().flat_map(|story| fan.within(story, LONGEST, fan.last));
        let pane = at(meetings().map(|meeting| meeting.minute).max().unwrap_or(pane_of(fan.last)));
        let bursts = Story::ALL.into_iter().flat_map(|story| SPANS.map(|span| fan.burst(story, span, pane.end())));
        let bursts: Vec<_> = bursts.flatten().collect();
        let most = bursts.iter().map(|burst| burst.count).max().unwrap_or(0);
        let judged = bursts.into_iter().filter(|burst| burst.count >= FEWEST).filter_map(|burst| {
            let gathered = gather(fan, burst, &pane, shards)?;
            Some((say(&pane, client, &gathered, true)?, burst))
        });
        // Of equal ones the first.
        let best = judged.reduce(|best, next| if next.0.card.score() > best.0.card.score() { next } else { best });
        let Some((finding, burst)) = best else { return Err(too_few(most)) };
        let is_one = fan.within(burst.story, burst.span, pane.end()).any(|meeting| meeting.domain == domain);
        let note = match is_one {
            true => "judged for the client: this domain is one of those",
            false => "judged for the client: this domain is none of those",
        };
        let hidden = self.told.get(&client).is_some_and(|told| told.episode.hidden);
        let note = if hidden { format!("{note}; hidden by an allow rule") } else { note.into() };
        Ok(Said { note: Some(note), ..Said::now(finding) })
    }
}

/// Why nothing is said of a client with so many meetings of one story in a day.
fn too_few(most: u32) -> String {
    format!(
        "of new domains that fail, look made up or had no page before them, the client met {most} in a day; {FEWEST} are judged"
    )
}
