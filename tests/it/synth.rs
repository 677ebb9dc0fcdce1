//! The generator keeps its word: the same bytes for the same seed, labels that a recount confirms, a world with nights.

use std::collections::{BTreeSet, HashMap};

use deguchi::run::synth::{Attacks, Labels, SynthOptions, generate, run, scenarios};

fn made(options: &SynthOptions) -> (String, Labels) {
    let mut log = Vec::new();
    let labels = generate(options, &mut log).expect("valid options");
    (String::from_utf8(log).expect("ASCII"), labels)
}

fn small(seed: u64) -> SynthOptions {
    SynthOptions { seed, clients: Some(40), days: Some(1), ..SynthOptions::default() }
}

/// FNV-1a, 64 bits.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Time, client, status field, host and whether it was refused.
fn fields(line: &str) -> (f64, &str, &str, &str) {
    let mut fields = line.split_ascii_whitespace();
    let time = fields.next().and_then(|time| time.parse().ok()).expect("a time");
    let client = fields.nth(1).expect("a client");
    let tag = fields.next().expect("a tag");
    let method = fields.nth(1).expect("a method");
    let url = fields.next().expect("a URL");
    let authority = match method {
        "CONNECT" => url,
        _ => url.split('/').nth(2).expect("an absolute URL"),
    };
    (time, client, tag, authority.split(':').next().expect("a host"))
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_machine() {
    let (log, labels) = made(&small(7));
    assert_eq!(log, made(&small(7)).0);
    assert_ne!(digest(&log), digest(&made(&small(8)).0));
    // A change here changes every log ever made with a seed: say so in the changelog.
    assert_eq!((labels.lines, digest(&log)), PINNED, "the pinned log has changed");
}

const PINNED: (u64, u64) = (116_798, 9_678_754_697_453_579_386);

#[test]
fn a_recount_of_the_log_confirms_the_labels() {
    let options = SynthOptions { clients: Some(120), days: Some(2), ..small(11) };
    let (log, labels) = made(&options);
    assert_eq!(labels.lines, log.lines().count() as u64);
    let mut count: HashMap<(&str, &str), (u64, u64)> = HashMap::new();
    let domains: BTreeSet<&str> =
        labels.attacks.iter().flat_map(|attack| attack.domains.iter().map(String::as_str)).collect();
    for line in log.lines() {
        let (_, client, tag, host) = fields(line);
        let starts = std::iter::once(0).chain(host.match_indices('.').map(|(at, _)| at + 1));
        for domain in starts.filter_map(|start| domains.get(&host[start..])) {
            let seen = count.entry((client, domain)).or_default();
            if tag != "TCP_DENIED/407" {
                seen.0 += 1;
                seen.1 += u64::from(tag.starts_with("TCP_DENIED"));
            }
        }
    }
    let mut kinds = BTreeSet::new();
    for attack in &labels.attacks {
        kinds.insert(attack.kind.as_str());
        assert_eq!(attack.requests, attack.pairs.iter().map(|pair| pair.requests).sum::<u64>());
        assert_eq!(attack.denied, attack.pairs.iter().map(|pair| pair.denied).sum::<u64>());
        for pair in &attack.pairs {
            let found = count[&(pair.client.as_str(), pair.domain.as_str())];
            // Where others go as well, the victim's own visits come on top.
            if matches!(attack.kind.as_str(), "legit-site" | "download" | "ip-literal") {
                assert!(found.0 >= pair.requests, "{}: {pair:?} found {found:?}", attack.id);
            } else {
                assert_eq!(found, (pair.requests, pair.denied), "{}: {pair:?}", attack.id);
            }
        }
    }
    // One scenario is a story of its own, and two are walks, in no world but their own.
    assert_eq!(kinds.len(), scenarios().len() / 2 - 3, "every kind of attack occurs: {kinds:?}");
}

#[test]
fn every_benign_look_alike_occurs() {
    let wanted = [
        "feed_reader",
        "monitoring_probe",
        "niche_software",
        "file_sharing_upload",
        "log_shipper",
        "crash_reporter",
        "ticker",
        "long_polling",
        "video_call",
        "software_update",
        "signature_update",
        "webmail_refresh",
        "dashboard_refresh",
        "denied_ads",
        "denied_telemetry",
        "dead_service",
        "dynamic_dns",
        "ip_literal_appliance",
        "sso_long_query",
        "hashed_cdn",
        "captive_portal",
        "office_hours_habit",
    ];
    for seed in 1..4 {
        let options = SynthOptions { clients: Some(80), days: Some(2), attacks: Attacks::None, ..small(seed) };
        let (_, labels) = made(&options);
        let kinds: BTreeSet<&str> = labels.lookalikes.iter().map(|story| story.kind.as_str()).collect();
        let missing: Vec<_> = wanted.iter().filter(|kind| !kinds.contains(**kind)).collect();
        assert!(missing.is_empty(), "seed {seed} lacks {missing:?}");
        assert!(labels.attacks.is_empty());
    }
}

#[test]
fn a_walk_and_harmless_ones_beside_it() {
    for (kind, failed) in [("dga", true), ("site-list", false)] {
        let of = |name: &str| made(&SynthOptions { scenario: Some(name.into()), ..small(5) });
        let ((log, labels), (_, quiet)) = (of(kind), of(&format!("quiet-{kind}")));
        let attack = &labels.attacks[0];
        assert_eq!((attack.kind.as_str(), attack.clients.len(), quiet.attacks.len()), (kind, 1, 0));
        assert!(attack.domains.len() >= 20, "{kind}: {} domains", attack.domains.len());
        let ends = |host: &str| attack.domains.iter().any(|domain| host.ends_with(domain.as_str()));
        let rows: Vec<_> = log.lines().map(fields).filter(|row| ends(row.3)).collect();
        let silent = rows.iter().filter(|row| row.2.ends_with("/503")).count();
        assert_eq!(silent * 2 > rows.len(), failed, "{kind}: {silent} of {}", rows.len());
        for labels in [&labels, &quiet] {
            let harmless = |kind: &str| labels.lookalikes.iter().any(|l| l.kind == kind && l.domain_count >= 30);
            assert!(harmless("feed_list") || harmless("link_checker"));
        }
    }
}

#[test]
fn lines_are_in_order_and_people_sleep() {
    let options = SynthOptions { clients: Some(60), days: Some(7), offset_minutes: 540, ..small(3) };
    let (log, _) = made(&options);
    let mut last = 0.0;
    let mut hours = [0u32; 7 * 24];
    let start = 1_767_571_200.0 - 9.0 * 3600.0;
    for line in log.lines() {
        let (time, ..) = fields(line);
        assert!(time >= last, "{line}");
        last = time;
        hours[((time - start) / 3600.0) as usize] += 1;
    }
    let sum = |days: std::ops::Range<usize>, from: usize, to: usize| -> u32 {
        days.map(|day| hours[day * 24 + from..day * 24 + to].iter().sum::<u32>()).sum()
    };
    let (day, night) = (sum(0..5, 9, 17), sum(0..5, 0, 6));
    let weekend = sum(5..7, 9, 17);
    assert!(night * 4 < day, "night {night}, day {day}");
    assert!(weekend * 4 < day, "weekend {weekend}, working days {day}");
    assert!(night > 0 && weekend > 0, "machines do not sleep");
}

#[test]
fn exactly_as_many_lines_as_asked_for() {
    for lines in [0, 1, 9_999, 60_000] {
        let options = SynthOptions { lines: Some(lines), clients: None, days: None, ..small(5) };
        let (log, labels) = made(&options);
        assert_eq!((log.lines().count() as u64, labels.lines), (lines, lines));
    }
}

#[test]
fn formats_tell_the_same_story() {
    let squid = made(&small(9)).0;
    let as_string = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt";
    assert_eq!(squid, made(&SynthOptions { logformat: as_string.to_owned(), ..small(9) }).0);
    let rich = made(&SynthOptions { logformat: "rich".to_owned(), ..small(9) }).0;
    assert_eq!(squid.lines().count(), rich.lines().count());
    assert!(rich.lines().all(|line| line.ends_with('"') && line.contains(" \"")));
    assert!(rich.contains("\"http://") && rich.contains("\"Mozilla/5.0"));
    let common = made(&SynthOptions { logformat: "common".to_owned(), ..small(9) }).0;
    assert!(common.lines().all(|line| line.contains(" - - [05/Jan/2026:") || line.contains("[05/Jan/2026:")));
    assert!(common.contains(" +0900] \"CONNECT "));
    let stripped = made(&SynthOptions { strip_queries: true, ..small(9) }).0;
    assert!(squid.contains("?q=") && !stripped.contains("?q="));
    assert!(stripped.contains("/search? "), "the question mark stays");
}

#[test]
fn scenarios_are_small_and_hold_their_attack() {
    for name in scenarios().into_iter().filter(|name| !name.ends_with(STORY)) {
        let options = SynthOptions { scenario: Some(name.clone()), clients: None, days: None, ..small(2) };
        let (log, labels) = made(&options);
        assert!(log.len() < 40_000_000, "{name}: {} bytes", log.len());
        match name.strip_prefix("quiet-") {
            Some(_) => assert!(labels.attacks.is_empty(), "{name}"),
            None => {
                let kinds: Vec<_> = labels.attacks.iter().map(|attack| attack.kind.as_str()).collect();
                assert_eq!(kinds, [name.as_str()]);
                let enough = if name == "download" { 1 } else { 5 };
                assert!(labels.attacks[0].requests >= enough, "{name}: {} requests", labels.attacks[0].requests);
            }
        }
    }
}

/// The scenario that is told by its dates.
const STORY: &str = "incident-2015";

fn story(logformat: &str) -> SynthOptions {
    let (scenario, logformat) = (Some(STORY.to_owned()), logformat.to_owned());
    SynthOptions { scenario, logformat, ..SynthOptions::default() }
}

#[test]
fn the_shipped_story_is_what_the_seed_gives() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").join(STORY);
    let shipped = std::fs::File::open(folder.join("access.log.zst")).expect("the shipped log");
    assert!(shipped.metadata().expect("a size").len() <= 5_000_000);
    let shipped = zstd::stream::decode_all(shipped).expect("zstd");
    let directory = tempfile::tempdir().expect("a directory");
    run(&SynthOptions { output: directory.path().to_owned(), ..story("squid") }).expect("written");
    let read = |folder: &std::path::Path, name: &str| std::fs::read(folder.join(name)).expect(name);
    assert!(shipped == read(directory.path(), "access.log"), "the log differs: make the sample anew, see its README");
    for name in ["labels.json", "sites.toml"] {
        assert!(read(&folder, name) == read(directory.path(), name), "{name} differs: make the sample anew");
    }
}

#[test]
fn the_story_keeps_to_its_dates_and_counts() {
    let (log, labels) = made(&story("squid"));
    let part = |row: &str| labels.stages.iter().find(|stage| stage.row == row).expect(row);
    let at = |row: &str, site: &str| part(row).clients.iter().filter(|client| client.site == site).count();
    assert_eq!((at("S1", "Ministry"), at("S1", "Site A")), (1, 1));
    assert_eq!((at("S3", "Site C"), part("S3").clients.len()), (3, 3));
    for row in ["S4", "S11"] {
        assert_eq!((at(row, "Site B"), at(row, "Site A"), part(row).clients.len()), (25, 2, 27));
    }
    assert_eq!((at("S6", "Site B"), part("S6").clients.len()), (2, 2));
    let of = |kind: &str| labels.attacks.iter().find(|attack| attack.kind == kind).expect(kind);
    let drop = &of("incident-post-burst").domains;
    let users: BTreeSet<&String> =
        of("incident-drop-url").clients.iter().chain(&of("incident-post-burst").clients).collect();
    assert_eq!((users.len(), drop), (19, &of("incident-drop-url").domains));
    let (ministry, flood, denied) = (of("incident-ministry"), of("incident-flood"), of("incident-denied"));
    assert!(ministry.domains == flood.domains && flood.domains == denied.domains && ministry.hosts != flood.hosts);
    assert!(ministry.denied > 0 && flood.denied == 0 && denied.denied == denied.requests);
    assert_eq!(
        (&*of("incident-download").first_seen, &flood.first_seen[..16]),
        ("2015-05-08T01:49:12Z", "2015-05-08T01:50")
    );
    let cut = [("198.51.100.", 1_432_276_200.0), ("203.0.113.", 1_432_375_800.0)];
    for line in log.lines() {
        let (time, client, ..) = fields(line);
        assert!(cut.iter().all(|(site, until)| !client.starts_with(site) || time < *until), "{line}");
    }
}

#[test]
fn the_story_has_a_quiet_twin_and_other_formats() {
    let rich = made(&story("rich"));
    assert!(
        rich.1.attacks.iter().any(|attack| attack.kind == "incident-post-burst" && attack.bytes_up > 1_000_000_000)
    );
    let quiet = SynthOptions { scenario: Some(format!("quiet-{STORY}")), ..story("squid") };
    let quiet = made(&quiet).1;
    assert!(quiet.attacks.is_empty() && quiet.stages.is_empty() && quiet.lines > 10_000);
    let days = SynthOptions { days: Some(2), ..story("squid") };
    assert!(generate(&days, &mut Vec::new()).expect_err("refused").to_string().contains("--days"));
}

#[test]
fn files_are_written_where_asked() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = directory.path().join("new");
    let report = run(&SynthOptions { output: output.clone(), ..small(4) }).expect("written");
    let log = std::fs::read_to_string(output.join("access.log")).expect("a log");
    assert_eq!(report.bytes, log.len() as u64);
    let labels: serde_json::Value =
        serde_json::from_slice(&std::fs::read(output.join("labels.json")).expect("labels")).expect("JSON");
    assert_eq!(labels["lines"].as_u64(), Some(log.lines().count() as u64));
    assert_eq!(labels["seed"].as_u64(), Some(4));
}

#[test]
fn nonsense_is_refused_with_what_to_do() {
    let refused = |options: SynthOptions| format!("{:#}", generate(&options, &mut Vec::new()).expect_err("refused"));
    assert!(refused(SynthOptions { scenario: Some("bacon".into()), ..small(1) }).contains("beacon"));
    assert!(refused(SynthOptions { logformat: "%zz".into(), ..small(1) }).contains("%zz"));
    assert!(refused(SynthOptions { attacks: Attacks::Kinds(vec!["x".into()]), ..small(1) }).contains("post-burst"));
}
