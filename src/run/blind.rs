//! What a format cannot know, told as what that blinds, with the setting of the proxy that mends it: the codes of
//! `squid.conf` for the formats of Squid, the manual page for those of others.

use crate::engine::{InputSummary, Summary};
use crate::event::Fields;
use crate::parse::FORMATS;
use crate::sink::{Terminal, thousands};

/// One thing that is not in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What is missing and what it blinds.
    pub blinds: &'static str,
    /// What mends it.
    pub mend: Mend,
}

/// What mends a lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// The `logformat` code of Squid that writes it.
    Code(&'static str),
    /// A line in `squid.conf`.
    Setting(&'static str),
    /// What the manual page of this format says.
    Page(&'static str),
}

const fn logged(blinds: &'static str, code: &'static str) -> Lack {
    Lack { blinds, mend: Mend::Code(code) }
}

const STRIPPED: Lack = Lack {
    blinds: "queries (stripped): data carried out in them cannot be measured",
    mend: Mend::Setting("strip_query_terms off"),
};

/// What a format lacks, the worst first.
pub fn lacks(carries: Fields) -> Vec<Lack> {
    let rows = [
        (carries.action, logged("the proxy's verdict: refused requests look like any other", "%Ss/%03>Hs")),
        (carries.bytes_up, logged("upload bytes: POST bursts are judged by count, not volume", "%>st")),
        (carries.bytes_down, logged("reply bytes: replies of one size cannot be told", "%<st")),
        (carries.duration, logged("durations: long tunnels look like short ones", "%tr")),
        (carries.subsecond, logged("fractions of seconds: short intervals look irregular", "%ts.%03tu")),
        (carries.agent, logged("user agents: a program that poses as no browser cannot be told", "%{User-Agent}>h")),
        (carries.referer, logged("referers: requests that no page led to cannot be told", "%{Referer}>h")),
        (carries.user, logged("users: alerts name the client only", "%un")),
    ];
    rows.into_iter().filter(|(carried, _)| !carried).map(|(_, lack)| lack).collect()
}

/// Every format that lines were read as, in words, with what it lacks.
pub fn formats(s: &Summary) -> Vec<(String, Vec<Lack>)> {
    let mut formats: Vec<(&str, Fields, Vec<&InputSummary>)> = Vec::new();
    for input in s.inputs.iter().filter(|i| i.lines > 0 && !i.format.is_empty()) {
        match formats.iter_mut().find(|(name, carries, _)| *name == input.format && *carries == input.carries) {
            Some((_, _, files)) => files.push(input),
            None => formats.push((&input.format, input.carries, vec![input])),
        }
    }
    let told = formats.into_iter().map(|(name, carries, files)| {
        let how = match files.iter().filter_map(|input| input.confidence).min() {
            Some(least) => format!("detected, {least} %"),
            None => "as given".to_owned(),
        };
        let many = match files.len() {
            1 => String::new(),
            n => format!(", {} files", thousands(n as u64)),
        };
        let others = match files.iter().map(|input| input.foreign).sum() {
            0 => String::new(),
            1 => "; 1 line was in another".to_owned(),
            n => format!("; {} lines were in others", thousands(n)),
        };
        let mut lacks = lacks(carries);
        if s.queries_stripped && s.events > 0 {
            lacks.insert(0, STRIPPED);
        }
        if let Some(page) = page(name) {
            lacks.iter_mut().for_each(|lack| lack.mend = Mend::Page(page));
        }
        (format!("format: {} ({how}{many}{others})", Terminal::text(name)), lacks)
    });
    told.collect()
}

/// The manual page of a format that is none of Squid's.
fn page(format: &str) -> Option<&'static str> {
    let format = format.strip_prefix("syslog+").unwrap_or(format);
    let entry = FORMATS.iter().find(|entry| entry.name == format)?;
    entry.manual().contains("# To make it complete").then_some(entry.name)
}

/// The settings that mend all of it; `None` where nothing is lacking.
pub fn remedy<'a>(lacks: impl IntoIterator<Item = &'a Lack>) -> Option<String> {
    let (mut codes, mut settings, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for lack in lacks {
        let (list, word) = match lack.mend {
            Mend::Code(code) => (&mut codes, code),
            Mend::Setting(setting) => (&mut settings, setting),
            Mend::Page(page) => (&mut pages, page),
        };
        if !list.contains(&word) {
            list.push(word);
        }
    }
    if !codes.is_empty() {
        settings.push("logformat with");
    }
    let squid = [settings.join("; "), codes.join(" ")].join(" ");
    let squid = Some(format!("in squid.conf: {}", squid.trim())).filter(|_| !settings.is_empty());
    let pages = pages.into_iter().map(|page| format!("as `deguchi explain {page}` says"));
    let all: Vec<String> = squid.into_iter().chain(pages).collect();
    (!all.is_empty()).then(|| format!("to see them, {}", all.join("; ")))
}
