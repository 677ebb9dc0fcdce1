//! A routine: what software does by the clock, benign or not.
//!
//! The same mechanism drives updaters, pollers and intruders' agents: a clock says when, asks say what. Only the numbers
//! drawn differ, and their ranges overlap on purpose.

use super::client::Client;
use super::dice::{Dice, Size};
use super::presence::{Gate, Stretch};
use super::row::{Method, Mime, Row, Tag, Url};
use super::world::World;

/// How a clock strays from its period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Jitter {
    /// Not at all.
    None,
    /// period × (1 ± share), uniform.
    Uniform,
    /// period × (1 − share … 1), uniform: how several frameworks sleep.
    Shorter,
    /// period × (1 … 1 + share), uniform.
    Longer,
    /// Normal with standard deviation period × share.
    Gaussian,
    /// Exponential: no clock at all.
    Random,
}

impl Jitter {
    /// As written to the labels.
    pub(super) fn text(self) -> &'static str {
        match self {
            Jitter::None => "none",
            Jitter::Uniform => "uniform",
            Jitter::Shorter => "one-sided-shorter",
            Jitter::Longer => "one-sided-longer",
            Jitter::Gaussian => "gaussian",
            Jitter::Random => "random",
        }
    }
}

/// When a routine acts.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Milliseconds.
    pub(super) period: f64,
    /// How it strays.
    pub(super) jitter: Jitter,
    /// By how much, as a share of the period.
    pub(super) share: f64,
    /// While what.
    pub(super) gate: Gate,
    /// The period is counted from the end of the last answer, not from its start.
    pub(super) after_answer: bool,
    /// Mean delay between the gate's opening and the first act, milliseconds.
    pub(super) warm_up: f64,
    /// Share of acts left out.
    pub(super) skip: f64,
    /// The first act comes at once, not somewhere in the period.
    pub(super) prompt: bool,
}

impl Clock {
    /// A clock of `seconds` with some jitter, while `gate`.
    pub(super) fn every(seconds: f64, jitter: Jitter, share: f64, gate: Gate) -> Self {
        Clock {
            period: seconds * 1000.0,
            jitter,
            share,
            gate,
            after_answer: false,
            warm_up: 60_000.0,
            skip: 0.0,
            prompt: false,
        }
    }

    fn wait(&self, dice: &mut Dice) -> i64 {
        let factor = match self.jitter {
            Jitter::None => 1.0,
            Jitter::Uniform => 1.0 + self.share * (2.0 * dice.unit() - 1.0),
            Jitter::Shorter => 1.0 - self.share * dice.unit(),
            Jitter::Longer => 1.0 + self.share * dice.unit(),
            Jitter::Gaussian => (1.0 + self.share * dice.gauss()).max(0.05),
            Jitter::Random => dice.exponential(1.0),
        };
        // A timer of an operating system is late by some milliseconds, never early.
        (self.period * factor) as i64 + dice.below(18) as i64 + 1
    }
}

/// Which host is asked.
#[derive(Clone, Debug)]
pub(super) enum Hosts {
    /// Always this one.
    One(u32),
    /// One of them at random.
    Any(Box<[u32]>),
    /// One after the other, each for some acts.
    Turn(Box<[u32]>, u32),
    /// A label never used before, below this one.
    Fresh(u32),
}

/// What the blanks of the path are filled from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fill {
    /// The same for everybody, always.
    Fixed(u64),
    /// The same for one client, always.
    Client(u64),
    /// One of so many.
    Few(u64),
    /// Always new.
    Fresh,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reply {
    /// A server's answer with this status.
    Status(u16),
    /// Policy refuses.
    Denied,
    /// The name does not resolve.
    NoName,
    /// Nobody answers.
    Unreachable,
    /// From the cache.
    Cached,
}

/// The browser of whoever runs the routine, as its user agent.
pub(super) const BROWSER: u16 = u16::MAX;

/// One kind of request of a routine.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Method.
    pub(super) method: Method,
    /// Port.
    pub(super) port: u16,
    /// Whom.
    pub(super) hosts: Hosts,
    /// What: a template …
    pub(super) path: u16,
    /// … and its blanks.
    pub(super) fill: Fill,
    /// User agent, or [`BROWSER`].
    pub(super) agent: u16,
    /// Content type of a good answer.
    pub(super) mime: Mime,
    /// Bytes from the client.
    pub(super) up: Size,
    /// Bytes to the client.
    pub(super) down: Size,
    /// Milliseconds.
    pub(super) took: Size,
    /// Answers and their weights.
    pub(super) replies: Box<[(f64, Reply)]>,
    /// How often in a row, at least and at most.
    pub(super) repeat: (u32, u32),
    /// Milliseconds between repeats.
    pub(super) gap: Size,
    /// Share of acts in which this is asked at all.
    pub(super) chance: f64,
}

impl Ask {
    /// A plain request answered 200.
    pub(super) fn new(method: Method, host: u32, path: u16) -> Self {
        let tunnel = method == Method::Connect;
        Ask {
            method,
            port: if tunnel { 443 } else { 80 },
            hosts: Hosts::One(host),
            path,
            fill: Fill::Fixed(1),
            agent: 0,
            mime: if tunnel { Mime::None } else { Mime::Bytes },
            up: Size::spread(if tunnel { 1500.0 } else { 320.0 }, if tunnel { 0.4 } else { 0.05 }, 1e9),
            down: Size::spread(if tunnel { 4600.0 } else { 700.0 }, 0.4, 1e10),
            took: Size::spread(if tunnel { 900.0 } else { 70.0 }, 1.2, 9e5),
            replies: Box::new([(1.0, Reply::Status(200))]),
            repeat: (1, 1),
            gap: Size::spread(300.0, 1.0, 6e4),
            chance: 1.0,
        }
    }
}

/// What a routine is: shared by all who run it.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// Whose rows these are.
    pub(super) story: u16,
    /// When.
    pub(super) clock: Clock,
    /// What, in order.
    pub(super) asks: Vec<Ask>,
}

/// One client running a spec.
#[derive(Clone, Debug)]
pub(super) struct Routine {
    /// Number of the spec.
    pub(super) spec: u32,
    /// Number of the client.
    pub(super) client: u32,
    /// Not acting after this.
    pub(super) until: i64,
    dice: Dice,
    open: Stretch,
    acts: u32,
}

impl Routine {
    /// `client` running `spec` until `until`.
    pub(super) fn new(spec: u32, client: u32, seed: u64, until: i64) -> Self {
        Routine { spec, client, until, dice: Dice::new(seed), open: Stretch { from: 0, to: 0 }, acts: 0 }
    }

    /// When it acts for the first time at or after `from`: somewhere in its period.
    pub(super) fn first(&mut self, world: &World, from: i64) -> i64 {
        let clock = &world.specs[self.spec as usize].clock;
        let phase = if clock.prompt { 0 } else { (self.dice.unit() * clock.period) as i64 };
        self.admit(world, from + phase)
    }

    /// Moves a time into the hours in which it may act.
    pub(super) fn admit(&mut self, world: &World, time: i64) -> i64 {
        if time < self.open.to && time >= self.open.from {
            return time;
        }
        let clock = &world.specs[self.spec as usize].clock;
        self.open = world.clients[self.client as usize].habit.open(clock.gate, &world.calendar, time);
        if self.open.from == i64::MAX {
            return i64::MAX;
        }
        if time >= self.open.from {
            return time;
        }
        let delay = 2000 + self.dice.exponential(clock.warm_up) as i64;
        self.open.from + delay.min((self.open.to - self.open.from) / 2)
    }

    /// Acts at `now`: pushes rows and says when to act next.
    pub(super) fn step(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) -> i64 {
        if now >= self.until {
            return i64::MAX;
        }
        let spec = &world.specs[self.spec as usize];
        let client = &world.clients[self.client as usize];
        let mut end = now;
        if spec.clock.skip == 0.0 || !self.dice.chance(spec.clock.skip) {
            let mut time = now;
            for ask in &spec.asks {
                if ask.chance < 1.0 && !self.dice.chance(ask.chance) {
                    continue;
                }
                for i in 0..self.dice.range(ask.repeat.0.into(), ask.repeat.1.into()) {
                    if i > 0 {
                        time = time.max(end) + 1 + ask.gap.draw(&mut self.dice) as i64;
                    }
                    if time >= self.open.to.min(self.until) {
                        break;
                    }
                    end = end.max(self.ask(ask, client, spec.story, time, world, rows));
                }
                time = end + 5 + self.dice.below(90) as i64;
            }
            self.acts = self.acts.wrapping_add(1);
        }
        let base = if spec.clock.after_answer || end > now + spec.clock.period as i64 { end } else { now };
        let next = base + spec.clock.wait(&mut self.dice);
        self.admit(world, next)
    }

    fn ask(&mut self, ask: &Ask, client: &Client, story: u16, start: i64, world: &World, rows: &mut Vec<Row>) -> i64 {
        let dice = &mut self.dice;
        let (host, sub) = match &ask.hosts {
            Hosts::One(host) => (*host, 0),
            Hosts::Any(hosts) => (*dice.pick(hosts), 0),
            Hosts::Turn(hosts, stay) => (hosts[(self.acts / (*stay).max(1)) as usize % hosts.len()], 0),
            Hosts::Fresh(host) => (*host, dice.next() as u32 | 1),
        };
        let seed = match ask.fill {
            Fill::Fixed(seed) => seed,
            Fill::Client(seed) => seed ^ super::dice::mix(u64::from(self.client) + 1),
            Fill::Few(count) => 1 + dice.below(count),
            Fill::Fresh => dice.next(),
        };
        let agent = if ask.agent == BROWSER { client.agent } else { ask.agent };
        let mut row = Row {
            end: start,
            took: ask.took.draw(dice) as u32,
            client: self.client,
            url: Url { host, sub, path: ask.path, seed },
            referer: Url::NONE,
            down: ask.down.draw(dice) as u64,
            up: ask.up.draw(dice) as u64,
            agent,
            story,
            port: ask.port,
            status: 200,
            method: ask.method,
            tag: if ask.method == Method::Connect { Tag::Tunnel } else { Tag::Miss },
            mime: ask.mime,
            named: client.named,
        };
        let mut reply = ask.replies[0].1;
        if ask.replies.len() > 1 {
            let mut left = dice.unit() * ask.replies.iter().map(|r| r.0).sum::<f64>();
            for (weight, candidate) in &ask.replies {
                reply = *candidate;
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        world.answer(&mut row, reply, dice);
        // What is under way when the machine goes off ends with it.
        row.took = i64::from(row.took).min((self.open.to - start).max(1)) as u32;
        row.end = start + i64::from(row.took);
        world.challenge(&row, start, dice, rows);
        rows.push(row);
        row.end
    }
}
