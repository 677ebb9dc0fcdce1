//! A person at a desk: sessions of page visits, and now and then something larger.

use super::dice::{Dice, Size};
use super::presence::{Gate, MINUTE, Stretch};
use super::row::{Method, Mime, Row, Tag, Url};
use super::visit;
use super::world::World;

/// Somebody using a browser.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Number of the client.
    pub(super) client: u32,
    /// Where the favourites start in the world's list, and how many.
    pub(super) favourites: (u32, u16),
    /// Pages a day, as a multiple of the average.
    pub(super) pace: f64,
    dice: Dice,
    open: Stretch,
    /// Pages left in this session.
    left: u32,
    /// What is being read.
    site: u32,
    /// The page before.
    before: Url,
}

impl Person {
    /// Somebody at `client`.
    pub(super) fn new(client: u32, seed: u64, favourites: (u32, u16), pace: f64) -> Self {
        let open = Stretch { from: 0, to: 0 };
        Person { client, favourites, pace, dice: Dice::new(seed), open, left: 0, site: 0, before: Url::NONE }
    }

    /// When the browser is used for the first time at or after `from`.
    pub(super) fn first(&mut self, world: &World, from: i64) -> i64 {
        self.admit(world, from)
    }

    fn admit(&mut self, world: &World, time: i64) -> i64 {
        if time < self.open.to {
            return time;
        }
        self.open = world.clients[self.client as usize].habit.open(Gate::Desk, &world.calendar, time);
        if self.open.from == i64::MAX {
            return i64::MAX;
        }
        self.left = 0;
        time.max(self.open.from) + self.dice.exponential(4.0 * MINUTE as f64) as i64
    }

    /// Does one thing at `now`: pushes rows and says when the next is done.
    pub(super) fn step(&mut self, world: &World, now: i64, tempo: f64, rows: &mut Vec<Row>) -> i64 {
        if self.left == 0 {
            self.left = 1 + self.dice.exponential(5.0).min(60.0) as u32;
            self.before = Url::NONE;
            self.site = self.choose(world);
            let draw = self.dice.unit();
            match draw {
                d if d < 0.20 => self.search(world, now, rows),
                d if d < 0.235 => self.watch(world, now, rows),
                d if d < 0.243 => self.upload(world, now, rows),
                d if d < 0.255 => self.call(world, now, rows),
                d if d < 0.285 => self.sign_on(world, now, rows),
                d if d < 0.295 => self.download(world, now, rows),
                _ => {}
            }
        } else if self.dice.chance(0.4) {
            self.site = self.choose(world);
        }
        self.left -= 1;
        let agent = world.clients[self.client as usize].agent;
        let visitor = visit::Visitor { client: self.client, agent, until: self.open.to };
        let page = visitor.page(world, self.site, now, self.before, &mut self.dice, rows);
        self.before = if self.dice.chance(0.8) { page } else { Url::NONE };
        let wait = if self.left > 0 {
            Size::spread(24_000.0, 1.4, 9e5).draw(&mut self.dice)
        } else {
            self.dice.exponential(19.0 * MINUTE as f64)
        };
        let next = now + (wait / (self.pace * tempo)) as i64 + 400;
        self.admit(world, next)
    }

    /// A favourite, something popular, or something from the long tail.
    fn choose(&mut self, world: &World) -> u32 {
        let draw = self.dice.unit();
        let sites = &world.web.sites;
        if draw < 0.35 && self.favourites.1 > 0 {
            let at = self.favourites.0 as usize + self.dice.zipf(self.favourites.1.into());
            world.favourites[at]
        } else if draw < 0.70 {
            sites[self.dice.zipf(sites.len())]
        } else {
            sites[self.dice.index(sites.len())]
        }
    }

    fn row(&mut self, world: &World, start: i64, host: u32, path: u16, method: Method) -> Row {
        let client = &world.clients[self.client as usize];
        let tunnel = method == Method::Connect;
        Row {
            end: start,
            took: 0,
            client: self.client,
            url: Url { host, sub: 0, path, seed: self.dice.next() },
            referer: Url::NONE,
            down: 600,
            up: 500,
            agent: client.agent,
            story: 0,
            port: if tunnel { 443 } else { 80 },
            status: 200,
            method,
            tag: if tunnel { Tag::Tunnel } else { Tag::Miss },
            mime: if tunnel { Mime::None } else { Mime::Html },
            named: client.named,
        }
    }

    fn finish(&self, mut row: Row, start: i64, took: f64, rows: &mut Vec<Row>) {
        row.took = (took as i64).min((self.open.to + 3 * MINUTE - start).max(1)) as u32;
        row.end = start + i64::from(row.took);
        rows.push(row);
    }

    fn search(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let engines = &world.services.search;
        let host = engines[self.dice.zipf(engines.len())];
        let tls = world.web.domains[world.web.domain_of(host) as usize].tls;
        let mut row = self.row(world, now, host, world.paths.search, if tls { Method::Connect } else { Method::Get });
        row.down = Size::spread(42_000.0, 0.7, 1e6).draw(&mut self.dice) as u64;
        row.up = 700 + self.dice.below(1500);
        self.before = row.url;
        let took = Size::spread(if tls { 60_000.0 } else { 260.0 }, 1.2, 6e5).draw(&mut self.dice);
        self.finish(row, now, took, rows);
        // What is found is mostly the long tail.
        if self.dice.chance(0.7) {
            self.site = world.web.sites[self.dice.index(world.web.sites.len())];
        }
    }

    fn watch(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let hosts = &world.services.video;
        let host = hosts[self.dice.zipf(hosts.len())];
        let tls = world.web.domains[world.web.domain_of(host) as usize].tls;
        // A delivery host is picked for each film, under a label that says nothing.
        let sub = self.dice.next() as u32 | 1;
        let pieces = if tls { self.dice.range(1, 4) } else { self.dice.range(8, 70) };
        let film = self.dice.next();
        let mut time = now;
        for piece in 0..pieces {
            let mut row =
                self.row(world, time, host, world.paths.segment, if tls { Method::Connect } else { Method::Get });
            row.url.sub = sub;
            row.url.seed = film.wrapping_add(piece);
            row.story = world.habits.hashed_cdn;
            row.mime = if tls { Mime::None } else { Mime::Video };
            row.status = if tls { 200 } else { 206 };
            let median = if tls { 1.6e7 } else { 9e5 };
            row.down = Size::spread(median, if tls { 1.8 } else { 0.3 }, 3e9).draw(&mut self.dice) as u64;
            row.up = 900 + row.down / 700;
            let took = Size::spread(if tls { 2e5 } else { 900.0 }, 1.0, 5.4e6).draw(&mut self.dice);
            self.finish(row, time, took, rows);
            time += self.dice.range(3000, 11_000) as i64;
        }
    }

    fn upload(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let hosts = &world.services.sharing;
        let host = hosts[self.dice.zipf(hosts.len())];
        let tls = world.web.domains[world.web.domain_of(host) as usize].tls;
        let mut time = now;
        for _ in 0..1 + self.dice.exponential(2.0).min(30.0) as u32 {
            let method = if tls {
                Method::Connect
            } else if self.dice.chance(0.7) {
                Method::Post
            } else {
                Method::Put
            };
            let mut row = self.row(world, time, host, world.paths.upload, method);
            row.story = world.habits.upload;
            row.up = Size::spread(2.5e6, 2.6, 2e9).draw(&mut self.dice) as u64 + 900;
            row.down = Size::spread(1200.0, 1.0, 1e6).draw(&mut self.dice) as u64;
            row.mime = if tls { Mime::None } else { Mime::Json };
            let rate = self.dice.log_uniform(300.0, 9000.0);
            let took = row.up as f64 / rate + 200.0;
            self.finish(row, time, took, rows);
            time += took.min(9e5) as i64 + self.dice.range(300, 20_000) as i64;
        }
    }

    fn call(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let hosts = &world.services.meeting;
        let host = hosts[self.dice.zipf(hosts.len())];
        let took = self.dice.log_uniform(6.0, 100.0) * MINUTE as f64;
        for share in [1.0, 0.03] {
            let mut row = self.row(world, now, host + u32::from(share < 1.0), world.paths.front, Method::Connect);
            row.story = world.habits.call;
            let rate = self.dice.log_uniform(8.0, 300.0) * share;
            row.up = (took * rate * self.dice.between(0.4, 1.1)) as u64 + 2000;
            row.down = (took * rate) as u64 + 4000;
            let start = now + self.dice.below(900) as i64;
            self.finish(row, start, took, rows);
        }
    }

    fn sign_on(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let hosts = &world.services.sso;
        let host = hosts[self.dice.zipf(hosts.len())];
        for i in 0..self.dice.range(2, 5) {
            let mut row = self.row(world, now, host, world.paths.sso, Method::Get);
            row.story = world.habits.sso;
            row.status = if self.dice.chance(0.7) { 302 } else { 200 };
            row.up = 2200 + self.dice.below(2500);
            row.down = 700 + self.dice.below(2600);
            let took = Size::spread(120.0, 0.8, 9e3).draw(&mut self.dice);
            self.finish(row, now + i as i64 * 350, took, rows);
        }
    }

    fn download(&mut self, world: &World, now: i64, rows: &mut Vec<Row>) {
        let site = world.web.sites[self.dice.zipf(world.web.sites.len())];
        let host = world.web.host_of(site, &mut self.dice);
        let mut row = self.row(world, now, host, world.paths.file, Method::Get);
        row.mime = *self.dice.pick(&[Mime::Zip, Mime::Exe, Mime::Bytes, Mime::Zip, Mime::Cab]);
        row.down = Size::spread(3e6, 2.4, 4e9).draw(&mut self.dice) as u64;
        row.referer = self.before;
        let took = row.down as f64 / self.dice.log_uniform(400.0, 12_000.0) + 80.0;
        self.finish(row, now, took, rows);
    }
}
