//! The first hour with deguchi: from a log to a decision, once with an archive and once with a Squid that is running.
//!
//! All commands can be pasted as they stand, from the folder of the source, whose samples they use; set `log` to your own.
//!
//! # From an archive
//!
//! **What can this log tell?** `check` looks at its beginning: format, what was rejected and why, what the format does not hold,
//! which detections that blinds, and the line for the proxy that mends it.
//!
//! ```sh
//! log=sample-logs/incident-2015/access.log.zst      # a file, a folder, or a pattern in quotes
//! sites=sample-logs/incident-2015/sites.toml        # which networks are where; leave it out at first
//! deguchi check "$log"
//! ```
//!
//! **Who is it?** The page has the worst incident first: the clients to pull, the domains to block, what left. Open it in a
//! browser; it needs nothing else. The file of records is what all other commands read.
//!
//! ```sh
//! deguchi replay --quiet --sites "$sites" --alerts alerts.jsonl --report incidents.html "$log" >table.txt
//! head -n 20 table.txt
//! ```
//!
//! **Is it true?** A score is a sum of points, each with its reason. `--why` prints all that every detector has to say of a client
//! and a domain, be it enough for an alert or not. `explain` has, for each detector, what makes it err.
//!
//! ```sh
//! deguchi replay --quiet --why 192.0.2.147 quaxavavellex39.com "$log"
//! deguchi explain beacon
//! ```
//!
//! **Who else?** A name that is bad is searched for in all that is archived, with all its siblings, in one command.
//!
//! ```sh
//! echo 'quaxavavellex39[.]com' >known-bad.txt
//! deguchi hunt --ioc known-bad.txt --sites "$sites" "$log"
//! ```
//!
//! **Stop it.** Whole registrable domains, each with what else a block hits; of shared hosting only the hosts that were called.
//! Pull the clients first: what is blocked only calls on.
//!
//! ```sh
//! deguchi block alerts.jsonl --as squid -o deguchi.block
//! grep -v '^#' deguchi.block
//! ```
//!
//! **Make it quieter.** What an organisation always did is not news. Learn from some weeks that you trust (here a sample stands
//! for them), and give that to later runs; what is left and harmless becomes a rule, with a reason (`--allow`).
//!
//! ```sh
//! deguchi replay --quiet --learn --save-ledger deguchi.ledger sample-logs/demo.log.gz
//! deguchi replay --quiet --ledger deguchi.ledger --alerts later.jsonl "$log" >/dev/null
//! ```
//!
//! # Squid, live
//!
//! **Let Squid log what is needed.** The native format has no upload bytes, no user agent and no referer, and Squid strips
//! queries. The lines for squid.conf, and what each enables, are on the page of the format; `squid -k reconfigure` takes them.
//!
//! ```sh
//! deguchi explain squid-extended
//! ```
//!
//! **Look before you start.** Who runs `deguchi` must be able to read the log (the group `proxy` on Debian).
//!
//! ```sh
//! log=/var/log/squid/access.log
//! listen=127.0.0.1:10953
//! deguchi check "$log"
//! ```
//!
//! **Start.** It follows the log through rotation, prints alerts as they are decided, and serves the incident page at
//! `http://127.0.0.1:10953/`. With `--state` a restart goes on where it was. For good, take `packaging/deguchi.service`.
//!
//! ```sh
//! deguchi watch --listen "$listen" --state state --alerts live.jsonl "$log" >live.txt 2>watch.log &
//! until curl -sf "http://$listen/-/ready" >/dev/null; do sleep 1; done
//! ```
//!
//! **Is it alive?** Lines read, lines that could not be, and how far behind it is. `dashboards/` has boards for Grafana, and the
//! rules that tell you when the log itself goes quiet.
//!
//! ```sh
//! curl -s "http://$listen/metrics" | grep -E '^deguchi_input_(events|rejected_lines)_total'
//! curl -s "http://$listen/api/v1/incidents?severity=high&limit=3"
//! ```
//!
//! **Tell somebody.** `packaging/deguchi.toml` has every setting: webhook, Alertmanager, syslog and files as `[[sink]]`, lists of
//! known bad names, sites, rules. Prove a change, then let the running one take the lists.
//!
//! ```sh
//! deguchi check --config packaging/deguchi.toml "$log"
//! kill -HUP $!
//! ```
//!
//! **Stop.** What it knows stays in the state.
//!
//! ```sh
//! kill $! && wait $!
//! deguchi state info state
//! ```
