//! Making a world: the web, the people, what is installed, who is attacked.

use super::ask::Ask;
use super::attack;
use super::client::{self, Client};
use super::clock::Clock;
use super::dice::{Dice, exp2, mix};
use super::incident::{self, Scene};
use super::label::Story;
use super::niche;
use super::options::Plan;
use super::person::Person;
use super::presence::{Calendar, DAY};
use super::product;
use super::routine::{Routine, Spec};
use super::stream::Actors;
use super::walk;
use super::web::{Role, Web};
use super::world::{HabitStories, PagePaths, Services, World};

/// A world under construction.
#[derive(Debug)]
pub(super) struct Build {
    /// What was asked for.
    pub(super) plan: Plan,
    /// Local time.
    pub(super) calendar: Calendar,
    /// Chance.
    pub(super) dice: Dice,
    /// Outside.
    pub(super) web: Web,
    /// Inside.
    pub(super) clients: Vec<Client>,
    /// Services everybody knows.
    pub(super) services: Services,
    /// What a scenario leaves out of the log, and what it tells.
    pub(super) scene: Option<Scene>,
    specs: Vec<Spec>,
    stories: Vec<Story>,
    routines: Vec<(Routine, i64)>,
}

impl Build {
    /// End of the span asked for.
    pub(super) fn end(&self) -> i64 {
        self.plan.from + i64::from(self.plan.days) * DAY
    }

    /// Adds a story and gives back its number.
    pub(super) fn story(&mut self, kind: &'static str, attack: bool, clock: Option<&Clock>) -> u16 {
        self.stories.push(Story {
            kind,
            attack,
            period: clock.map(|clock| clock.period / 1000.0),
            jitter: clock.map(|clock| (clock.share, clock.jitter.text())),
        });
        (self.stories.len() - 1) as u16
    }

    /// Adds a spec and gives back its number.
    pub(super) fn spec(&mut self, story: u16, clock: Clock, asks: Vec<Ask>) -> u32 {
        self.specs.push(Spec { story, clock, asks });
        (self.specs.len() - 1) as u32
    }

    /// `client` runs a spec all the time.
    pub(super) fn install(&mut self, spec: u32, client: u32) {
        let from = self.plan.from;
        self.install_during(spec, client, from, i64::MAX);
    }

    /// `client` runs a spec from `from` until `until`.
    pub(super) fn install_during(&mut self, spec: u32, client: u32, from: i64, until: i64) {
        let seed = self.dice.next();
        let Spec { story, clock, .. } = &self.specs[spec as usize];
        if self.plan.incident && !self.stories[usize::from(*story)].attack {
            // A thin background: of what is chatty, little.
            if !Dice::new(!seed).chance(clock.period / incident::CHATTY) {
                return;
            }
        }
        self.routines.push((Routine::new(spec, client, seed, until), from));
    }

    /// A PC.
    pub(super) fn any_pc(&mut self) -> u32 {
        self.dice.below(self.plan.clients.into()) as u32
    }

    /// A server or appliance.
    pub(super) fn any_server(&mut self) -> u32 {
        self.dice.range(self.plan.clients.into(), self.clients.len() as u64 - 1) as u32
    }
}

/// Makes the world of a plan and those who act in it.
pub(super) fn build(plan: Plan) -> (World, Actors) {
    let seed = plan.seed;
    let mut web = Web::default();
    web.agent("-");
    let agents: Vec<u16> = client::BROWSERS.iter().map(|browser| web.agent(browser)).collect();
    let mut dice = Dice::named(seed, "clients", 0);
    let clients = if plan.incident {
        incident::populate(&mut dice, |text| web.agent(text))
    } else {
        client::populate(&mut dice, plan.clients, plan.sites, &agents)
    };
    let mut build = Build {
        calendar: Calendar { offset: plan.offset },
        dice: Dice::named(seed, "services", 0),
        services: Services::default(),
        scene: plan.incident.then(incident::scene),
        web,
        clients,
        specs: Vec::new(),
        stories: vec![Story { kind: "", attack: false, period: None, jitter: None }],
        routines: Vec::new(),
        plan,
    };
    let paths = page_paths(&mut build.web);
    services(&mut build);
    let habits = HabitStories {
        denied_ads: build.story("denied_ads", false, None),
        hashed_cdn: build.story("hashed_cdn", false, None),
        upload: build.story("file_sharing_upload", false, None),
        call: build.story("video_call", false, None),
        sso: build.story("sso_long_query", false, None),
    };
    build.dice = Dice::named(seed, "products", 0);
    product::install(&mut build);
    let blocked = build.dice.between(0.02, 0.12);
    // What single clients use comes on top: leave room for it.
    let room = niche::domains(build.plan.clients) + build.plan.attacks.len();
    let count = (build.plan.domains as usize).saturating_sub(room).max(200);
    build.web.fill(&mut Dice::named(seed, "web", 0), count, blocked);
    build.dice = Dice::named(seed, "niches", 0);
    niche::install(&mut build);
    if build.plan.walks {
        build.dice = Dice::named(seed, "walks", 0);
        walk::install(&mut build);
    }
    build.dice = Dice::named(seed, "attacks", 0);
    for kind in build.plan.attacks.clone() {
        match kind {
            incident::NAME => incident::plant(&mut build),
            kind => attack::plant(&mut build, kind),
        }
    }
    finish(build, paths, habits)
}

fn finish(build: Build, paths: PagePaths, habits: HabitStories) -> (World, Actors) {
    let seed = build.plan.seed;
    let mut dice = Dice::named(seed, "people", 0);
    let mut favourites = Vec::new();
    let mut people = Vec::new();
    let sites = &build.web.sites;
    for number in 0..build.plan.clients {
        let start = favourites.len() as u32;
        let count = dice.range(6, 45) as u16;
        let taste = mix(u64::from(build.clients[number as usize].site) + 1) as usize;
        for _ in 0..count {
            let rank = match dice.below(4) {
                0 => dice.index(sites.len()),
                // What is popular at one location is not at another.
                1 => (dice.zipf(sites.len()) + taste % sites.len()) % sites.len(),
                _ => dice.zipf(sites.len()),
            };
            favourites.push(sites[rank]);
        }
        let pace = exp2(dice.gauss() * 0.75);
        people.push(Person::new(number, dice.next(), (start, count), pace));
    }
    let error_page = dice.range(3200, 4300);
    let challenged = dice.between(0.01, 0.12);
    let world = World {
        calendar: build.calendar,
        web: build.web,
        clients: build.clients,
        specs: build.specs,
        stories: build.stories,
        paths,
        services: build.services,
        habits,
        favourites,
        error_page,
        challenged,
        scene: build.scene,
    };
    (world, Actors { people, routines: build.routines })
}

fn page_paths(web: &mut Web) -> PagePaths {
    PagePaths {
        front: web.path("/"),
        page: web.path("/{word}/{dec 4 6}/{slug 2 6}{|/|.html|.php|.aspx}"),
        query: web.path("/{word}/{list|view|show|item}?{id|p|no|cat}={dec 1 7}&{ref|from|s}={word}"),
        image: web.path("/{img|images|media|upload|thumbs}/{dec 2 4}/{hex 2}/{slug 1 4}_{hex 8 24}.{jpg|png|gif}{||?w=640&q=80|?v=3}"),
        script: web.path("/{js|static|assets|lib}/{word}/{slug 1 2}.{hex 8 20}{.min|}.js"),
        style: web.path("/{css|static|assets|theme}/{word}{-|.}{dec 1 3}.css?v={dec 2 8}"),
        data: web.path("/api/{v1|v2}/{word}/{dec 2 6}?fields={word}&t={dec 10}"),
        font: web.path("/fonts/{word}-{regular|bold|light}.woff2"),
        banner: web.path("/{ad|adx|serve|bid|render}?{z|slot|pid}={dec 4 8}&{u|cb|rnd}={hex 8 32}&sz={dec 3}x{dec 2 3}&loc={slug 1 3}&v={dec 1 3}"),
        pixel: web.path(
            "/{p|px|collect|count|b}.gif?{tid|id|site}={dec 4 7}&uid={hex 16 32}&e={view|load|scroll}&r={dec 6 10}",
        ),
        search: web.path("/search?q={slug 1 5}&hl=ja&src={box|nav|home}"),
        segment: web.path("/vod/{hex 12}/seg-{dec 1 3}.m4s?token={b64 20 60}"),
        upload: web.path("/upload/{uuid}?part={dec 1 2}"),
        sso: web.path("/adfs/ls/?SAMLRequest={esc 280 1400}&RelayState={esc 20 120}&client-request-id={uuid}"),
        file: web.path("/download/{word}/{slug 1 3}-{dec 1 2}.{dec 1 2}.{zip|exe|msi|pdf|cab}"),
    }
}

fn services(build: &mut Build) {
    let mut dice = build.dice.clone();
    let web = &mut build.web;
    let mut service = |trade: &'static str, labels: &[&str], tls: f64| {
        let host = web.service(&mut dice, |dice| super::names::third_party(dice, trade), labels);
        let domain = web.domain_of(host) as usize;
        web.domains[domain].tls = dice.chance(tls);
        host
    };
    let services = Services {
        search: (0..4).map(|i| service("search", &["www", "suggest"], if i == 2 { 0.0 } else { 0.9 })).collect(),
        video: (0..5).map(|i| service("video", &["", "www"], if i == 3 { 0.0 } else { 0.8 })).collect(),
        sharing: (0..7).map(|i| service("share", &["www", "dl", "up"], if i == 1 { 0.0 } else { 0.7 })).collect(),
        meeting: (0..3).map(|_| service("meet", &["media", "signal"], 1.0)).collect(),
        sso: (0..3).map(|_| service("login", &["sso"], 0.0)).collect(),
    };
    debug_assert!(web.domains.iter().all(|domain| domain.role == Role::Service));
    build.services = services;
    build.dice = dice;
}
