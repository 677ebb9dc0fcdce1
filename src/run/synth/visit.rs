//! A page visit: the page, its files, its third parties.

use super::ask::Reply;
use super::dice::{self, Dice, Size};
use super::row::{Method, Mime, Row, Tag, Url};
use super::web::{Domain, Role};
use super::world::World;

/// Who is visiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    pub(super) client: u32,
    pub(super) agent: u16,
    /// Tunnels do not outlast this.
    pub(super) until: i64,
}

impl Visitor {
    /// Visits a page of `site`: pushes its rows and gives back the page's URL.
    pub(super) fn page(
        &self,
        world: &World,
        site: u32,
        now: i64,
        before: Url,
        dice: &mut Dice,
        rows: &mut Vec<Row>,
    ) -> Url {
        let domain = &world.web.domains[site as usize];
        let host = world.web.host_of(site, dice);
        let path = match dice.below(8) {
            0 | 1 => world.paths.front,
            2 => world.paths.query,
            _ => world.paths.page,
        };
        // Some pages of a site are read by many.
        let seed = (u64::from(site) << 20) + dice.zipf(4000) as u64;
        let page = Url { host, sub: 0, path, seed };
        if domain.tls {
            for _ in 0..dice.range(1, 2) {
                self.connect(world, host, 0, 0, now + dice.below(120) as i64, dice, rows);
            }
            if domain.hosts > 1 {
                for _ in 0..dice.below(4) {
                    let host = world.web.host_of(site, dice);
                    self.connect(world, host, 0, 0, now + dice.range(80, 1500) as i64, dice, rows);
                }
            }
        } else {
            self.html(world, page, before, now, dice, rows);
            let files = 1 + dice.exponential(f64::from(domain.weight)).min(160.0) as u64;
            let mut time = now + 60;
            for _ in 0..files {
                time += dice.exponential(45.0) as i64 + 1;
                self.file(world, site, domain, page, time, dice, rows);
            }
        }
        let (start, count) = domain.parts;
        for part in 0..u32::from(count) {
            if dice.chance(0.55) {
                let part = world.web.parts[(start + part) as usize];
                self.third_party(world, site, part, page, now + dice.range(90, 4200) as i64, dice, rows);
            }
        }
        page
    }

    fn row(&self, world: &World, start: i64, took: f64, url: Url, method: Method) -> Row {
        let tunnel = method == Method::Connect;
        let took = (took as i64).min((self.until + 60_000 - start).max(1)) as u32;
        Row {
            end: start + i64::from(took),
            took,
            client: self.client,
            url,
            referer: Url::NONE,
            down: 0,
            up: 0,
            agent: self.agent,
            story: 0,
            port: if tunnel { 443 } else { 80 },
            status: 200,
            method,
            tag: if tunnel { Tag::Tunnel } else { Tag::Miss },
            mime: Mime::None,
            named: world.clients[self.client as usize].named,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a request has that many sides")]
    fn connect(&self, world: &World, host: u32, sub: u32, story: u16, now: i64, dice: &mut Dice, rows: &mut Vec<Row>) {
        let took = Size::spread(11_000.0, 2.5, 1.8e6).draw(dice);
        let mut row = self.row(world, now, took, Url { host, sub, path: 0, seed: 0 }, Method::Connect);
        row.story = story;
        let wild = if dice.chance(0.03) { 40.0 } else { 1.0 };
        row.down = (Size::spread(6200.0, 1.9, 4e9).draw(dice) * wild) as u64;
        row.up = (Size::spread(1800.0, 1.0, 1e8).draw(dice) + row.down as f64 * 0.02) as u64;
        world.challenge(&row, now, dice, rows);
        rows.push(row);
    }

    fn html(&self, world: &World, page: Url, before: Url, now: i64, dice: &mut Dice, rows: &mut Vec<Row>) {
        let mut row = self.row(world, now, Size::spread(160.0, 1.4, 6e4).draw(dice), page, Method::Get);
        row.referer = before;
        row.mime = Mime::Html;
        row.down = Size::spread(16_000.0, 1.5, 4e6).draw(dice) as u64;
        row.up = 380 + dice.below(900);
        let status = match dice.below(100) {
            0..82 => 200,
            82..90 => 302,
            90..94 => 301,
            94..97 => 304,
            97..99 => 404,
            _ => 500,
        };
        world.answer(&mut row, Reply::Status(status), dice);
        world.challenge(&row, now, dice, rows);
        rows.push(row);
    }

    #[expect(clippy::too_many_arguments, reason = "a request has that many sides")]
    fn file(
        &self,
        world: &World,
        site: u32,
        domain: &Domain,
        page: Url,
        now: i64,
        dice: &mut Dice,
        rows: &mut Vec<Row>,
    ) {
        let host = if domain.hosts > 1 { world.web.host_of(site, dice) } else { page.host };
        let (path, mime, median) = match dice.below(20) {
            0..11 => (world.paths.image, if dice.chance(0.6) { Mime::Jpeg } else { Mime::Png }, 7200.0),
            11..14 => (world.paths.script, Mime::Script, 14_000.0),
            14..16 => (world.paths.style, Mime::Style, 8000.0),
            16 => (world.paths.font, Mime::Font, 24_000.0),
            17 => (world.paths.data, Mime::Json, 900.0),
            _ => (world.paths.image, Mime::Gif, 800.0),
        };
        // A site's files are the same for all its readers: that is what a cache lives on.
        let seed = (u64::from(site) << 16) + dice.zipf(400) as u64;
        let url = Url { host, sub: 0, path, seed };
        let mut row = self.row(world, now, Size::spread(55.0, 1.5, 6e4).draw(dice), url, Method::Get);
        row.referer = page;
        row.mime = mime;
        row.down = Size::spread(median, 1.9, 2e7).draw(dice) as u64 + 220;
        row.up = 330 + dice.below(600);
        self.cached(world, &mut row, now, dice);
        rows.push(row);
    }

    fn cached(&self, world: &World, row: &mut Row, start: i64, dice: &mut Dice) {
        match dice.below(100) {
            0..60 => {}
            60..82 => world.answer(row, Reply::Cached, dice),
            82..92 => {
                row.status = 304;
                row.mime = Mime::None;
                row.down = 200 + dice.below(150);
                row.tag = *dice.pick(&[Tag::ImsHit, Tag::Unmodified, Tag::Miss]);
                row.took = if row.tag == Tag::ImsHit { 0 } else { row.took };
            }
            92..95 => row.tag = Tag::Unmodified,
            95..97 => world.answer(row, Reply::Status(404), dice),
            97..98 => world.answer(row, Reply::Status(204), dice),
            98 => world.answer(row, Reply::Status(302), dice),
            _ => {
                row.tag = Tag::Aborted;
                row.status = if dice.chance(0.5) { 0 } else { 200 };
                row.mime = Mime::None;
                row.down = if row.status == 0 { 0 } else { row.down / 3 };
            }
        }
        row.end = start + i64::from(row.took);
    }

    #[expect(clippy::too_many_arguments, reason = "a request has that many sides")]
    fn third_party(
        &self,
        world: &World,
        site: u32,
        part: u32,
        page: Url,
        now: i64,
        dice: &mut Dice,
        rows: &mut Vec<Row>,
    ) {
        let domain = &world.web.domains[part as usize];
        let host = world.web.host_of(part, dice);
        let hashed = domain.role == Role::Delivery && dice::mix(u64::from(part)).is_multiple_of(5);
        let (sub, story) =
            if hashed { (dice::mix(u64::from(site)) as u32 | 1, world.habits.hashed_cdn) } else { (0, 0) };
        if domain.tls {
            let before = rows.len();
            self.connect(world, host, sub, story, now, dice, rows);
            if domain.blocked {
                self.refuse(world, &mut rows[before..], now, dice);
            }
            return;
        }
        let before = rows.len();
        for _ in 0..dice.range(1, 2) {
            let (path, mime, median) = match domain.role {
                Role::Ads => (world.paths.banner, if dice.chance(0.5) { Mime::Html } else { Mime::Jpeg }, 5200.0),
                Role::Tracker => (world.paths.pixel, Mime::Gif, 43.0),
                _ => (world.paths.script, Mime::Script, 12_000.0),
            };
            let varies = domain.role != Role::Delivery;
            let seed = if varies { dice.next() } else { (u64::from(part) << 16) + dice.zipf(60) as u64 };
            let url = Url { host, sub, path, seed };
            let mut row = self.row(world, now, Size::spread(70.0, 1.4, 6e4).draw(dice), url, Method::Get);
            row.story = story;
            row.referer = page;
            row.mime = mime;
            row.down = Size::spread(median, 1.5, 4e6).draw(dice) as u64 + 300;
            row.up = 420 + dice.below(900);
            if !varies {
                self.cached(world, &mut row, now, dice);
            }
            rows.push(row);
        }
        if domain.blocked {
            self.refuse(world, &mut rows[before..], now, dice);
        }
    }

    fn refuse(&self, world: &World, rows: &mut [Row], start: i64, dice: &mut Dice) {
        for row in rows.iter_mut().filter(|row| row.status != 407) {
            row.story = world.habits.denied_ads;
            world.answer(row, Reply::Denied, dice);
            row.end = start + i64::from(row.took);
        }
    }
}
