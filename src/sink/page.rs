//! The incident page: one HTML file that needs nothing else and asks nobody for anything. It is a picture of records: what
//! a replay found, what a file of them holds, or what a live run told last.
//!
//! The templates beside `page/` are checked when this is compiled and escape every value; what comes from records is
//! [`Html`](super::Html) besides. A Content-Security-Policy lets the browser run only the script and the style of the page, by
//! their hashes, and load nothing.

mod chart;
mod hours;
mod incident;
mod pictures;
mod reasons;
mod rows;
mod sentences;
mod when;
mod words;

use super::{Html, Output, Sink, SinkError, thousands};
use crate::alert::{Dossier, Dossiers, Record, Severity};
use askama::Template;
use base64::Engine as _;
use incident::{IncidentView, Index};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use when::When;
pub use words::Lang;
use words::Words;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");
/// Bytes of incidents that are shown whole; of further ones there is a line each.
const WHOLE: usize = 3 << 20;
/// Incidents that have at least a line.
const LINES: usize = 2_000;
/// Incidents that are open when the page is.
const OPEN: usize = 3;
/// Names a filter offers.
const OFFERED: usize = 200;

/// What a browser may do with the page. As a header it also holds `frame-ancestors`, which a page cannot say of itself.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// How the page looks.
#[derive(Clone, Debug)]
pub struct PageOptions {
    /// Its language.
    pub lang: Lang,
    /// Zone the times are shown in.
    pub zone: TimeZone,
}

/// Collects records and writes the page at the end.
#[derive(Debug)]
pub struct Page {
    output: Output,
    options: PageOptions,
    dossiers: Dossiers,
}

impl Page {
    /// Writes to `output`.
    pub fn new(output: Output, options: PageOptions) -> Page {
        Page { output, options, dossiers: Dossiers::default() }
    }
}

impl Sink for Page {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        self.dossiers.take(record.clone());
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        let text = page(&self.dossiers.ranked(), self.dossiers.last(), &self.options);
        self.output.line(text.as_bytes())?;
        self.output.finish()
    }
}

#[derive(Template)]
#[template(path = "page.html", config = "src/sink/page/askama.toml")]
struct PageView {
    w: &'static Words,
    code: &'static str,
    policy: &'static str,
    style: &'static str,
    script: &'static str,
    counts: Vec<(&'static str, &'static str, String)>,
    incidents: String,
    alerts: String,
    period: Html,
    zone: Html,
    last: Html,
    sites: Vec<Html>,
    detectors: Vec<(Html, Html)>,
    severities: Vec<(&'static str, &'static str)>,
    whole: Vec<String>,
    brief: Vec<Brief>,
    further: usize,
}

/// An incident in a line.
struct Brief {
    level: &'static str,
    severity: &'static str,
    score: u8,
    verdict: Html,
    period: Html,
}

/// The page of incidents that are ranked already; `last` is the time of the last record.
pub fn page(dossiers: &[Dossier], last: &str, options: &PageOptions) -> String {
    let (lang, when) = (options.lang, When { zone: options.zone.clone() });
    let offered = |names: BTreeSet<String>| names.into_iter().take(OFFERED).collect::<BTreeSet<_>>();
    let sites = dossiers.iter().flat_map(|dossier| dossier.clients.values().filter_map(|party| party.site.clone()));
    let sites = offered(sites.collect());
    let detectors = offered(dossiers.iter().flat_map(|dossier| dossier.detectors.keys().cloned()).collect());
    let index = Index { sites: &sites, detectors: &detectors };
    let (mut whole, mut bytes) = (Vec::new(), 0);
    for (at, dossier) in dossiers.iter().enumerate() {
        if bytes >= WHOLE {
            break;
        }
        let open = at < OPEN && (at == 0 || dossier.severity() >= Severity::High);
        let view = IncidentView::new(at + 1, open, dossier, lang, &when, &index);
        // A string takes all that is written, and the templates have no errors of their own.
        let text = view.render().unwrap_or_default();
        bytes += text.len();
        whole.push(text);
    }
    let brief = |dossier: &Dossier| Brief {
        level: dossier.severity().as_str(),
        severity: lang.severity(dossier.severity()),
        score: dossier.score(),
        verdict: Html::name(&sentences::verdict(dossier, lang)),
        period: Html::text(&when.period(dossier.first_seen(), dossier.last_seen())),
    };
    let rest = dossiers.iter().skip(whole.len());
    let count = |severity: Severity| dossiers.iter().filter(|dossier| dossier.severity() == severity).count();
    let alerts: u64 = dossiers.iter().map(|dossier| dossier.stories.len() as u64 + dossier.dropped).sum();
    let first = dossiers.iter().map(Dossier::first_seen).min().unwrap_or_default();
    let until = dossiers.iter().map(Dossier::last_seen).max().unwrap_or_default();
    let view = PageView {
        w: lang.words(),
        code: lang.code(),
        policy: &POLICY,
        style: STYLE,
        script: SCRIPT,
        counts: Severity::ALL
            .into_iter()
            .rev()
            .map(|severity| (severity.as_str(), lang.severity(severity), thousands(count(severity) as u64)))
            .collect(),
        incidents: thousands(dossiers.len() as u64),
        alerts: thousands(alerts),
        period: Html::text(&if dossiers.is_empty() { String::new() } else { when.period(first, until) }),
        zone: Html::text(&when.name(until)),
        last: Html::text(&if last.is_empty() { String::new() } else { when.minute(last) }),
        sites: sites.iter().map(|site| Html::name(site)).collect(),
        detectors: detectors.iter().map(|name| (Html::text(name), Html::text(lang.detector(name)))).collect(),
        severities: Severity::ALL.into_iter().rev().map(|s| (s.as_str(), lang.severity(s))).collect(),
        brief: rest.clone().take(LINES).map(brief).collect(),
        further: rest.count().saturating_sub(LINES),
        whole,
    };
    view.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{IntervalBin, RecordKind, SeriesPoint, record};

    /// An incident of two clients, one of them refused, from its article on.
    fn shown(lang: Lang) -> String {
        let hour = |hour: &str, requests, denied| SeriesPoint {
            hour: hour.into(),
            requests,
            denied,
            bytes_down: 60_000,
            bytes_up: Some(900),
        };
        let one = record("1", 86, "192.0.2.17", "evil.example");
        let one = Record {
            record: RecordKind::End,
            site: Some("Site A".into()),
            series: Some(vec![hour("2015-05-08T01:00:00Z", 150, 0), hour("2015-05-08T02:00:00Z", 8, 0)]),
            interval_histogram: Some(vec![IntervalBin { from: 2.048, to: 4.096, count: 140 }]),
            ..one
        };
        let two = record("2", 61, "192.0.2.18", "evil.example");
        let two = Record { denied: two.requests, series: Some(vec![hour("2015-05-08T01:00:00Z", 158, 158)]), ..two };
        let mut dossiers = Dossiers::default();
        [one, two].into_iter().for_each(|record| dossiers.take(record));
        let options = PageOptions { lang, zone: TimeZone::fixed(jiff::tz::offset(9)) };
        let page = page(&dossiers.ranked(), dossiers.last(), &options);
        page[page.find("<article").unwrap()..page.find("</main>").unwrap()].to_owned()
    }

    #[test]
    fn an_incident_in_english_and_japanese() {
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, {
            insta::assert_snapshot!("english", shown(Lang::En));
            insta::assert_snapshot!("japanese", shown(Lang::Ja));
        });
    }

    #[test]
    fn without_records_the_page_says_so() {
        let page = page(&[], "", &PageOptions { lang: Lang::En, zone: TimeZone::UTC });
        assert!(page.contains("No incidents: nothing in these records") && page.len() < 20_000);
    }
}
