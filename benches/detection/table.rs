//! The measurement as Markdown.

use crate::learned::{DAYS, Half};
use crate::score::{Score, median, share};

/// A time in minutes or hours.
pub fn time(minutes: Option<f64>) -> String {
    match minutes {
        None => "–".into(),
        Some(minutes) if minutes < 120.0 => format!("{minutes:.0} min"),
        Some(minutes) => format!("{:.1} h", minutes / 60.0),
    }
}

/// Recall and time of each kind of attack.
pub fn kinds(ours: &Score, rita: &Score) {
    println!("\n| kind | pairs | ≥ low | ≥ medium | ≥ high | median time | RITA ≥ low | RITA ≥ medium | RITA time |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, kind) in &ours.kinds {
        let [low, medium, high] = kind.found.map(|found| share(found, kind.pairs));
        let other = &rita.kinds[name];
        println!(
            "| {name} | {} | {low:.2} | {medium:.2} | {high:.2} | {} | {:.2} | {:.2} | {} |",
            kind.pairs,
            time(median(&kind.minutes)),
            share(other.found[0], other.pairs),
            share(other.found[1], other.pairs),
            time(median(&other.minutes)),
        );
    }
}

/// Pairs that are no attack, by what they are.
pub fn wrong(ours: &Score, rita: &Score) {
    println!("\n| false pairs by look-alike | low | medium | high | RITA low | RITA medium | RITA high |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut names: Vec<&String> = ours.wrong.keys().chain(rita.wrong.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let [mine, other] = [ours, rita].map(|score| score.wrong.get(name).copied().unwrap_or_default());
        let cells = mine.iter().chain(&other).map(u32::to_string).collect::<Vec<_>>().join(" | ");
        println!("| {name} | {cells} |");
    }
}

/// Alerts and incidents per 1,000 clients and day where there is no attack.
pub struct Quiet {
    /// Alerts of medium severity or more.
    pub alerts: f64,
    /// Incidents with one.
    pub incidents: f64,
}

/// The whole in a few lines, to be quoted.
pub fn summary(title: &str, ours: &Score, rita: &Score, quiet: &Quiet) {
    println!("\n| {title} | deguchi | the RITA formula | target |");
    println!("| --- | ---: | ---: | ---: |");
    let row = |name: &str, cell: &dyn Fn(&Score) -> String, target: &str| {
        println!("| {name} | {} | {} | {target} |", cell(ours), cell(rita));
    };
    let level = |values: [f64; 3]| values.map(|value| format!("{value:.2}")).join(" / ");
    let worst = |score: &Score| score.worst().map_or("–".into(), |(name, recall)| format!("{recall:.2} ({name})"));
    row("recall, mean over kinds: ≥ low / ≥ medium / ≥ high", &|s| level(s.recall()), "0.95 / 0.85 / –");
    row("least recall of a kind, ≥ low", &worst, "0.80");
    row("precision: ≥ low / ≥ medium / ≥ high", &|s| level(s.precision()), "– / 0.75 / 0.95");
    let daily = |s: &Score, counts: [u32; 3]| counts.map(|count| format!("{:.0}", s.daily(count))).join(" / ");
    let each = "false pairs per 1,000 clients and day: ≥ low / ≥ medium / ≥ high";
    row(each, &|s| daily(s, s.false_pairs().0), "150 / 30 / –");
    row("of which no look-alikes", &|s| daily(s, s.false_pairs().1), "– / 3 / –");
    let all = |s: &Score| s.kinds.values().flat_map(|kind| kind.minutes.iter().copied()).collect::<Vec<_>>();
    row("median time to detect", &|s| time(median(&all(s))), "–");
    row("… periods up to 5 min", &|s| time(median(&s.short)), "45 min");
    let online = |s: &Score| median(&s.long).map_or("–".into(), |periods| format!("{periods:.1}"));
    row("… longer, in periods of online time", &online, "8");
    println!("| no attack: alerts ≥ medium per 1,000 clients and day | {:.0} | – | 30 |", quiet.alerts);
    println!("| no attack: incidents per 1,000 clients and day | {:.0} | – | 10 |", quiet.incidents);
}

/// What a ledger of the week before changes.
pub fn learned(title: &str, halves: &[Half; 2]) {
    println!("\n| {title}, {DAYS} days | without a ledger | with that of the week before |");
    println!("| --- | ---: | ---: |");
    let [without, with] = halves;
    let row = |name: &str, cell: &dyn Fn(&Half) -> String| println!("| {name} | {} | {} |", cell(without), cell(with));
    let level = |values: [f64; 3]| values.map(|value| format!("{value:.2}")).join(" / ");
    row("recall, mean over kinds: ≥ low / ≥ medium / ≥ high", &|half| level(half.score.recall()));
    row("precision: ≥ low / ≥ medium / ≥ high", &|half| level(half.score.precision()));
    row("false pairs per 1,000 clients and day: ≥ low / ≥ medium / ≥ high", &|half| {
        half.score.false_pairs().0.map(|count| format!("{:.0}", half.score.daily(count))).join(" / ")
    });
    row("no attack: alerts ≥ medium per 1,000 clients and day", &|half| format!("{:.0}", half.quiet().alerts));
    row("no attack: incidents per 1,000 clients and day", &|half| format!("{:.0}", half.quiet().incidents));
}
