//! One client and the domains it is the first to ask for: those that no page led it to. A fan of one meeting each, where a
//! pair that comes back has a clock.

use crate::event::{Contact, Method, Millis};
use crate::window::{Majority, PANE, Watched, pane_of, room};
use serde::{Deserialize, Serialize};

/// Meetings kept; one more takes the place of the oldest. As many as a record names.
pub const MEETINGS: usize = 100;
/// Meetings are forgotten after so many minutes: a day.
pub const LONGEST: u32 = 24 * 60;

/// Meetings in an hour from which it counts as one of them: a stray one is not the program at work.
const BUSY: u32 = 5;

/// The first minute of one client with one domain that is new to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Keyed hash of the domain.
    pub domain: u64,
    /// When, minutes since 1970.
    pub minute: u32,
    /// How long before the end of that minute it began, ms, saturating at 49 days.
    pub lead: u32,
    /// Domains of any kind that the client had met before that minute.
    pub met: u32,
    /// Bytes from the client, where logged, saturating at 4 GiB.
    pub up: u32,
    /// Bytes to the client, likewise.
    pub down: u32,
    /// Bytes of paths and queries, saturating.
    pub url_bytes: u16,
    /// Low half of what its requests have in common.
    pub shape: u16,
    /// Domains in use that had failed by then, counted around; set by [`Fan::add`].
    pub failing: u16,
    /// Contacts, saturating.
    pub requests: u8,
    /// Refused by the proxy, saturating.
    pub denied: u8,
    /// Their method.
    pub method: Method,
    /// No server was reached: the name does not exist, or nobody answers.
    pub failed: bool,
    /// The label looks like letters at random.
    pub strange: bool,
    /// A request or two without a referer: no page led to it.
    pub alone: bool,
}

const _: () = assert!(size_of::<Meeting>() == 40);

impl Meeting {
    /// Start of its first contact, ms UTC.
    pub fn start(&self) -> Millis {
        (Millis::from(self.minute) + 1) * PANE - Millis::from(self.lead)
    }
}

/// What a fan is told of: what its meetings have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Story {
    /// Names that fail, or look like letters at random: an algorithm makes them up.
    #[default]
    Names,
    /// Bodies sent to one place after the other: a list of controllers.
    Posts,
    /// Requests to one place after the other: a list of sites.
    Visits,
}

impl Story {
    /// All of them.
    pub const ALL: [Story; 3] = [Story::Names, Story::Posts, Story::Visits];

    /// Whether a meeting is part of it.
    pub fn has(self, meeting: &Meeting) -> bool {
        match self {
            Story::Names => meeting.failed || meeting.strange,
            Story::Posts => meeting.alone && meeting.method == Method::Post,
            Story::Visits => meeting.alone && meeting.method == Method::Get,
        }
    }
}

/// Meetings of one story in a span that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Which.
    pub story: Story,
    /// Minutes that are looked at.
    pub span: u32,
    /// Meetings of the story.
    pub count: u32,
    /// Of them failed.
    pub failed: u32,
    /// Of them with a strange label.
    pub strange: u32,
    /// Hours of the clock in which at least five lie.
    pub hours: u32,
    /// Lower bound of the share that have one shape, 0–1.
    pub shape: f64,
    /// Minutes from the first to the last, 1 at least.
    pub lasted: u32,
    /// Domains of any kind that the client had met before the first of them.
    pub met: u32,
    /// The same before the last of them.
    pub met_last: u32,
    /// Domains in use that failed since.
    pub failing: u32,
    /// Meetings of the story before the span, as long as the fan is remembered.
    pub before: u32,
}

/// The meetings of one client.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Fan {
    /// Keyed hash of the client.
    pub client: u64,
    /// Meetings at which it is judged next.
    pub judge_at: u32,
    /// Meetings of each story so far.
    counts: [u32; 3],
    /// Oldest first, at most [`MEETINGS`].
    meetings: Vec<Meeting>,
    /// Domains in use that failed, counted around: each once while it is among the latest.
    failing: u16,
    /// The latest of them, by their low bits.
    latest: [u16; 8],
    /// Latest contact.
    pub last: Millis,
    /// Only for candidates.
    pub watched: Option<Box<Watched>>,
}

impl Fan {
    /// A fan before its first meeting.
    pub fn new(client: u64) -> Fan {
        Fan { client, ..Fan::default() }
    }

    /// Takes in a meeting that began with `contact`, in order; those that are a day old make room.
    pub fn add(&mut self, meeting: Meeting, contact: &Contact) {
        let old = self.meetings.partition_point(|m| m.minute + LONGEST <= meeting.minute);
        let full = usize::from(self.meetings.len() - old >= MEETINGS);
        self.meetings.drain(..old + full);
        if self.meetings.len() == self.meetings.capacity() {
            self.meetings.reserve_exact(self.meetings.len().clamp(1, 32));
        }
        self.meetings.push(Meeting { failing: self.failing, ..meeting });
        for (story, count) in Story::ALL.into_iter().zip(&mut self.counts) {
            *count += u32::from(story.has(&meeting));
        }
        self.last = self.last.max(contact.start());
        if let Some(watched) = &mut self.watched {
            watched.look(contact);
        }
    }

    /// A domain that had answered before does not now.
    pub fn add_failing(&mut self, domain: u64) {
        let latest = &mut self.latest[domain as usize % 8];
        if std::mem::replace(latest, (domain >> 8) as u16 | 1) != (domain >> 8) as u16 | 1 {
            self.failing = self.failing.wrapping_add(1);
        }
    }

    /// Meetings so far, of all stories.
    pub fn seen(&self) -> u32 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Meetings of a story in the `span` minutes before `end`, oldest first.
    pub fn within(&self, story: Story, span: u32, end: Millis) -> impl Iterator<Item = &Meeting> {
        let from = pane_of(end).saturating_sub(span);
        self.meetings.iter().filter(move |m| m.minute >= from && story.has(m))
    }

    /// The same, summed up; `None` if there are none.
    pub fn burst(&self, story: Story, span: u32, end: Millis) -> Option<Burst> {
        let first = self.within(story, span, end).next()?;
        let mut burst = Burst { story, span, met: first.met, ..Burst::default() };
        burst.failing = u32::from(self.failing.wrapping_sub(first.failing));
        let (mut shape, mut hour, mut last) = (Majority::default(), (0, 0), first.minute);
        for meeting in self.within(story, span, end) {
            burst.count += 1;
            burst.failed += u32::from(meeting.failed);
            burst.strange += u32::from(meeting.strange);
            shape.add(u32::from(meeting.shape));
            let before = if hour.0 == meeting.minute / 60 { hour.1 } else { 0 };
            hour = (meeting.minute / 60, before + 1);
            burst.hours += u32::from(hour.1 == BUSY);
            (last, burst.met_last) = (meeting.minute, meeting.met);
        }
        burst.shape = shape.at_least(burst.count);
        burst.lasted = last - first.minute + 1;
        burst.before = self.counts[story as usize] - burst.count;
        Some(burst)
    }

    /// An episode is over: what comes next is a new story. How much there was before stays known.
    pub fn forget(&mut self) {
        self.meetings = Vec::new();
        self.watched = None;
    }

    /// Heap bytes behind the row.
    pub fn heap_bytes(&self) -> usize {
        room(self.meetings.len()) * size_of::<Meeting>() + self.watched.as_ref().map_or(0, |w| w.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fan(meetings: impl IntoIterator<Item = Meeting>) -> Fan {
        let mut fan = Fan::new(1);
        meetings.into_iter().for_each(|m| fan.add(m, &Contact::default()));
        fan
    }

    fn failed(i: u32) -> Meeting {
        Meeting { domain: u64::from(i), minute: 1000 + i, met: 2 * i, failed: true, shape: 7, ..Meeting::default() }
    }

    #[test]
    fn a_burst_is_what_lies_in_the_span() {
        let fan = fan((0..90).map(failed));
        let end = Millis::from(1000 + 90) * 60_000;
        let burst = fan.burst(Story::Names, 60, end).unwrap();
        assert_eq!((burst.count, burst.failed, burst.strange, burst.before), (60, 60, 0, 30));
        assert_eq!((burst.met, burst.lasted, burst.shape), (60, 60, 1.0));
        assert_eq!(fan.burst(Story::Posts, LONGEST, end), None);
    }

    #[test]
    fn the_oldest_make_room_and_a_day_is_the_longest() {
        let mut fan = fan((0..3 * MEETINGS as u32).map(failed));
        assert_eq!(fan.meetings.len(), MEETINGS);
        assert!(fan.heap_bytes() <= 2 * MEETINGS * size_of::<Meeting>());
        fan.add(Meeting { minute: 1000 + 300 + LONGEST, ..failed(0) }, &Contact::default());
        assert_eq!(fan.meetings.len(), 1);
        assert_eq!(fan.seen(), 301);
    }

    #[test]
    fn a_domain_that_fails_again_and_again_counts_once() {
        let mut fan = fan([failed(0)]);
        (0..20).for_each(|_| fan.add_failing(0x1234_5678));
        (0..5).for_each(|i| fan.add_failing(i << 8 | i));
        assert_eq!(fan.burst(Story::Names, LONGEST, 1001 * 60_000).unwrap().failing, 6);
    }
}
