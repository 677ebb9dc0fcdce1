//! Block lists as proxies, name servers and browsers read them. Names are in normal form by now; all other text of
//! records stands in comments, escaped to one line.

use super::{Terminal, thousands};
use crate::alert::{Block, BlockList, Refusal};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

/// Who reads the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockForm {
    /// A file for `acl … dstdomain` of Squid.
    Squid,
    /// A response policy zone of a name server.
    Rpz,
    /// A hosts file.
    Hosts,
    /// A proxy auto-configuration file of browsers.
    Pac,
    /// One name a line.
    Plain,
}

impl BlockForm {
    /// Begins a comment.
    fn comment(self) -> &'static str {
        match self {
            BlockForm::Squid | BlockForm::Hosts | BlockForm::Plain => "#",
            BlockForm::Rpz => ";",
            BlockForm::Pac => "//",
        }
    }

    /// How to use it.
    fn usage(self) -> &'static [&'static str] {
        match self {
            BlockForm::Squid => &[
                "squid.conf: acl deguchi dstdomain -n \"/etc/squid/deguchi.block\"",
                "            http_access deny deguchi",
                "Without -n Squid asks a name server about each address. A leading dot blocks all hosts below the name, those that are not known yet included.",
            ],
            BlockForm::Rpz => &[
                "named.conf: response-policy { zone \"deguchi.rpz\"; };",
                "            zone \"deguchi.rpz\" { type primary; file \"deguchi.rpz\"; };",
            ],
            BlockForm::Hosts => &[
                "A hosts file cannot say \"all below\": the next host under a domain is not blocked. Prefer another form.",
            ],
            BlockForm::Pac => &[
                "Put your proxy into `otherwise`. A browser that is told so asks it; other programs do not: prefer another form.",
            ],
            BlockForm::Plain => &["A name with *. stands for all hosts below it."],
        }
    }
}

/// The list as text; each block is to be looked at again `days` after its last contact.
pub fn block_list(list: &BlockList, form: BlockForm, days: u16) -> String {
    let mut out = String::new();
    let mark = form.comment();
    // A string takes all that is written.
    let mut say = |text: &str| {
        let _ = writeln!(out, "{mark} {text}");
    };
    say(&format!("deguchi: {} names to block, whole domains where nobody else shares them.", list.blocks.len()));
    form.usage().iter().for_each(|line| say(line));
    say("After its date each is to be reviewed: attackers let domains go, and others buy them.");
    for refusal in &list.refusals {
        say(&refused(refusal));
    }
    match form {
        BlockForm::Rpz => {
            out.push_str("$TTL 60\n@ SOA localhost. root.localhost. 1 3600 600 86400 60\n@ NS localhost.\n")
        }
        BlockForm::Pac => out.push_str("var blocked = {\n"),
        _ => {}
    }
    for block in &list.blocks {
        let _ = writeln!(out, "{mark} {}", about(block, days));
        entry(&mut out, block, form);
    }
    if form == BlockForm::Pac {
        out.push_str(PAC);
    }
    out
}

/// Behind the names of a PAC file: true for a name with all below it, false for the host alone. ECMAScript 3, which is all
/// that some clients know.
const PAC: &str = r#"  "": false
};
var otherwise = "DIRECT";
function FindProxyForURL(url, host) {
  var name = host.toLowerCase().replace(/\.$/, "");
  for (var below = false; name !== ""; below = true) {
    if (Object.prototype.hasOwnProperty.call(blocked, name) && (blocked[name] || !below)) {
      return "PROXY 127.0.0.1:9";
    }
    var dot = name.indexOf(".");
    name = dot < 0 ? "" : name.substring(dot + 1);
  }
  return otherwise;
}
"#;

fn entry(out: &mut String, block: &Block, form: BlockForm) {
    let (name, below) = (&block.name, block.below);
    let _ = match form {
        BlockForm::Squid if name.contains(':') => writeln!(out, "[{name}]"),
        BlockForm::Squid => writeln!(out, "{}{name}", if below { "." } else { "" }),
        // A name server is not asked for an address.
        BlockForm::Rpz | BlockForm::Hosts if block.address => {
            writeln!(out, "{} {name} is an address: block it in the proxy or the firewall", form.comment())
        }
        BlockForm::Rpz if below => writeln!(out, "{name} CNAME .\n*.{name} CNAME ."),
        BlockForm::Rpz => writeln!(out, "{name} CNAME ."),
        BlockForm::Hosts => {
            let hosts = block.hosts.iter().filter(|host| *host != name);
            std::iter::once(name).chain(hosts).try_for_each(|host| writeln!(out, "0.0.0.0 {host}\n:: {host}"))
        }
        BlockForm::Pac => writeln!(out, "  \"{name}\": {below},"),
        BlockForm::Plain if below => writeln!(out, "{name}\n*.{name}"),
        BlockForm::Plain => writeln!(out, "{name}"),
    };
}

/// What else a block hits, and until when it is meant.
fn about(block: &Block, days: u16) -> String {
    let count = |n: u64, what: &str| format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" });
    let others = match block.other_clients {
        0 => "no other client goes there".to_owned(),
        1 => "ALSO HITS 1 other client".to_owned(),
        n => format!("ALSO HITS {} other clients", thousands(n)),
    };
    let end = block.last_seen.parse::<Timestamp>().ok();
    let end = end.and_then(|at| at.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok());
    let end = end.map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    let incidents: Vec<String> =
        block.incidents.iter().take(3).map(|id| Terminal::text(id).to_string().chars().take(32).collect()).collect();
    format!(
        "{}: {} in alerts; {others}; {}, {}; known since {}; expires {end}; incident {}",
        block.severity.as_str(),
        count(block.clients, "client"),
        count(block.all_hosts, "host"),
        count(block.all_requests, "request"),
        Terminal::text(block.first_seen.get(..10).unwrap_or(&block.first_seen)),
        incidents.join(", ")
    )
}

/// Why a domain is not blocked as a whole, in one line.
pub fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Shared(name) => {
            format!(
                "{name} is not blocked: strangers share it. The hosts that were contacted are; --force blocks it all."
            )
        }
        Refusal::NoName(name) => {
            format!("{} is not blocked: it is no name that can stand in a list.", Terminal::text(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Dossiers, Record, Severity};
    use crate::sink::table::tests::record;

    fn list() -> BlockList {
        let mut dossiers = Dossiers::default();
        let mut evil = record("1", 86, "192.0.2.17", "evil.example");
        evil.domain_stats.clients = 4;
        // What a record says of times and incidents is anybody's text as well.
        let odd = Record { incident: "x\n.bank.example".into(), ..record("2", 60, "192.0.2.17", "odd.example") };
        let odd = Record { last_seen: "soon\n.bank.example".into(), first_seen: "*/\n".into(), ..odd };
        let address = record("3", 70, "192.0.2.18", "198.51.100.9");
        let shared = Record { hosts: vec!["dl.dropbox.com".into()], ..record("4", 90, "192.0.2.17", "dropbox.com") };
        [evil, odd, address, shared].into_iter().for_each(|record| dossiers.take(record));
        BlockList::of(&dossiers.ranked(), Severity::Medium, false)
    }

    #[test]
    fn forms() {
        let list = list();
        let all = [BlockForm::Squid, BlockForm::Rpz, BlockForm::Hosts, BlockForm::Pac, BlockForm::Plain];
        let text: String = all.iter().map(|&form| format!("=== {form:?}\n{}", block_list(&list, form, 90))).collect();
        insta::with_settings!({ snapshot_path => "../../tests/it/snapshots" }, { insta::assert_snapshot!(text) });
    }

    #[test]
    fn no_text_of_a_record_ends_a_comment() {
        for form in [BlockForm::Squid, BlockForm::Rpz, BlockForm::Hosts, BlockForm::Pac, BlockForm::Plain] {
            let text = block_list(&list(), form, 90);
            let lines = text.lines().filter(|line| !line.starts_with(form.comment()));
            assert!(lines.clone().count() > 3 && lines.clone().all(|line| !line.contains("bank.example")), "{text}");
        }
    }
}
