//! A routine: what software does by the clock, benign or not.
//!
//! The same mechanism drives updaters, pollers and intruders' agents: a clock says when, asks say what. Only the numbers
//! drawn differ, and their ranges overlap on purpose.

use super::ask::{Ask, BROWSER, Fill, Hosts};
use super::client::Client;
use super::clock::Clock;
use super::dice::Dice;
use super::presence::Stretch;
use super::row::{Method, Row, Tag, Url};
use super::world::World;

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
