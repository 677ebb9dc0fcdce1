//! The words a user may type. No behaviour: what they mean is decided in `settings`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Says which inside client is talking to a command-and-control server, since when, and what left.
#[derive(Debug, Parser)]
#[command(name = "deguchi", version, about, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Exit status: 0 done; 1 --fail-on was met; 2 usage or configuration; 3 an input could not be \
    read, or no line could be parsed; 4 output could not be written.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read archived logs, print alerts
    Replay(Box<Replay>),
    /// Follow growing logs, serve metrics, tell alerts as they come; runs until it is stopped
    Watch(Box<Watch>),
    /// Search archived logs for what is listed: which client, since when, how often, what left
    Hunt(Box<Hunt>),
    /// Make one HTML page of records: incidents, what to do, who and when
    Report(Report),
    /// Make a block list of records, at the level of the domain
    Block(Block),
    /// Say whether the settings can be used, and what a log can and cannot tell
    Check(Box<Check>),
    /// Look into what survives a restart of `watch`, and look after it
    #[command(subcommand)]
    State(StateCommand),
    /// Generate labelled logs to try and measure with
    Synth(Synth),
    /// List the formats that can be read
    Formats,
    /// List the detectors
    Detectors,
    /// Print the manual page of a format or detector; `first-hour`: how to begin
    Explain {
        /// Name, as listed by `formats` and `detectors`; `first-hour`, `map`, `syslog`
        name: String,
    },
    /// Write the manual pages, one a command, for `man`
    Man {
        /// Folder for `deguchi.1`, `deguchi-replay.1`, …; made if it is missing
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What all commands that read logs understand.
#[derive(Debug, Args)]
pub struct Common {
    /// Settings in a TOML file; flags win over it
    #[arg(long, value_name = "FILE", env = "DEGUCHI_CONFIG")]
    pub config: Option<PathBuf>,
    /// Format of all inputs, or `auto` to tell by their first lines
    #[arg(long, value_name = "NAME", env = "DEGUCHI_FORMAT", conflicts_with = "logformat")]
    pub format: Option<String>,
    /// Squid `logformat` string the inputs were written with
    #[arg(long, value_name = "STRING", env = "DEGUCHI_LOGFORMAT")]
    pub logformat: Option<String>,
    /// Map of JSON, key=value, CSV or TSV fields the inputs were written with, a TOML file (`deguchi explain map`)
    #[arg(long, value_name = "FILE", env = "DEGUCHI_MAP", conflicts_with_all = ["format", "logformat"])]
    pub map: Option<PathBuf>,
    /// Zone in which times are shown, --since and --until are read, and logs that name no offset are: `Asia/Tokyo`, `UTC` [default: the system's]
    #[arg(long, value_name = "ZONE", env = "DEGUCHI_TZ")]
    pub tz: Option<String>,
    /// List of known bad domains, hosts, URLs or addresses; may be given several times. One a line, hosts file, CSV,
    /// STIX 2.1 and MISP are told by content
    #[arg(long, value_name = "FILE", env = "DEGUCHI_IOC")]
    pub ioc: Vec<PathBuf>,
    /// Rules in TOML that hide alerts: what is known and allowed
    #[arg(long, value_name = "FILE", env = "DEGUCHI_ALLOW")]
    pub allow: Option<PathBuf>,
    /// Networks with names in TOML: where a client is
    #[arg(long, value_name = "FILE", env = "DEGUCHI_SITES")]
    pub sites: Option<PathBuf>,
    /// What earlier runs learned: the ledger that --save-ledger wrote
    #[arg(long, value_name = "FILE", env = "DEGUCHI_LEDGER")]
    pub ledger: Option<PathBuf>,
    /// Threads that parse and count [default: all processors]
    #[arg(long, value_name = "N", env = "DEGUCHI_THREADS")]
    pub threads: Option<usize>,
    /// Limit of memory: `512MiB`, `4GiB` [default: 1GiB]
    #[arg(long, value_name = "SIZE", env = "DEGUCHI_MEMORY")]
    pub memory: Option<String>,
    /// Exit with 3 if any input could be read only in part
    #[arg(long)]
    pub strict: bool,
    /// Say nothing but results and errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more: each input as it is looked into
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to use colour; `NO_COLOR` is honoured
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub color: When,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Ranked, for people
    Table,
    /// JSON lines
    Json,
    /// Comma-separated values
    Csv,
}

/// Least severity that counts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// Score 40 and up
    Low,
    /// Score 60 and up
    Medium,
    /// Score 80 and up
    High,
    /// Score 90 and up
    Critical,
}

/// `deguchi replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Files, directories, patterns; `-` for standard input. Plain, gzip and zstd are told by content
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// What all commands understand.
    #[command(flatten)]
    pub common: Common,
    /// Write records to a file, one a line; `-` for standard output, without a table
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
    /// Form of these records: json, ecs, ocsf or cef [default: json]
    #[arg(long, value_name = "NAME", env = "DEGUCHI_ALERTS_FORMAT")]
    pub alerts_format: Option<String>,
    /// How results are printed on standard output
    #[arg(long, value_name = "SHAPE", value_enum)]
    pub output: Option<Shape>,
    /// Say what every detector finds of a client and a domain, alerting or not, instead of the table
    #[arg(long, value_names = ["CLIENT", "DOMAIN"], num_args = 2, conflicts_with = "output")]
    pub why: Option<Vec<String>>,
    /// Write the incident page, one HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Language of the incident page
    #[arg(long, value_name = "LANG", value_enum, default_value_t = Lang::En, env = "DEGUCHI_LANG")]
    pub lang: Lang,
    /// Write metrics in Prometheus text format, final values
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Write metrics over event time in OpenMetrics format, for `promtool tsdb create-blocks-from openmetrics`
    #[arg(long, value_name = "FILE")]
    pub metrics_history: Option<PathBuf>,
    /// Write what is known and what was learned; may be the file of --ledger. The same log read twice is learned once
    #[arg(long, value_name = "FILE", env = "DEGUCHI_SAVE_LEDGER")]
    pub save_ledger: Option<PathBuf>,
    /// Learn only: no alerts; prints the 20 highest scores that would have been
    #[arg(long, conflicts_with_all = ["alerts", "output", "report", "fail_on", "top"])]
    pub learn: bool,
    /// Entries of the table that show their evidence [default: 10]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Only events from this time on: `2026-05-08`, `2026-05-08T10:30`, `2026-05-08T10:30:00+09:00`
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Exit with 1 if there is an alert of this severity or a higher one
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub fail_on: Option<Level>,
    /// Count lines that several inputs hold as often as they stand in all of them
    #[arg(long)]
    pub allow_duplicates: bool,
}

/// `deguchi check`.
#[derive(Debug, Args)]
pub struct Check {
    /// What all commands that read logs understand.
    #[command(flatten)]
    pub common: Common,
    /// Logs of which the first 16 MiB are looked at: files, directories, globs, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// What makes a hunt fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Anything listed was seen
    Hit,
}

/// `deguchi hunt`.
#[derive(Debug, Args)]
pub struct Hunt {
    /// What all commands that read logs understand. Nothing is hidden by `--allow`, and `--ledger` and `--memory` are not
    /// needed.
    #[command(flatten)]
    pub common: Common,
    /// Logs: files, directories, globs, or `-` for standard input; plain, gzip and zstd are told by content. A line that
    /// stands in two of them counts twice
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// What goes to standard output [default: table]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Shape>,
    /// Write what was seen as alerts too, JSON lines: for `report` and `block`
    #[arg(long, value_name = "FILE")]
    pub emit_alerts: Option<PathBuf>,
    /// Exit with 1 if anything listed was seen
    #[arg(long, value_name = "WHAT", value_enum)]
    pub fail_on: Option<FailOn>,
    /// Only requests that end at this time or later: `2026-05-08`, `2026-05-08T10:30`, RFC 3339
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only requests that end before this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// Language of the incident page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Japanese
    Ja,
}

/// `deguchi report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Records that `--alerts` wrote, as JSON lines; `-` for standard input. Plain, gzip and zstd are told by content
    #[arg(value_name = "RECORDS", required = true)]
    pub records: Vec<PathBuf>,
    /// The page; `-` for standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Language of the page
    #[arg(long, value_name = "LANG", value_enum, default_value_t = Lang::En, env = "DEGUCHI_LANG")]
    pub lang: Lang,
    /// Zone in which times are shown: `Asia/Tokyo`, `UTC` [default: the system's]
    #[arg(long, value_name = "ZONE", env = "DEGUCHI_TZ")]
    pub tz: Option<String>,
}

/// Who reads a block list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BlockAs {
    /// A file for `acl … dstdomain` of Squid
    Squid,
    /// A response policy zone of a name server
    Rpz,
    /// A hosts file
    Hosts,
    /// A proxy auto-configuration file of browsers
    Pac,
    /// One name a line
    Plain,
}

/// `deguchi block`.
#[derive(Debug, Args)]
pub struct Block {
    /// Records that `--alerts` wrote, as JSON lines; `-` for standard input. Plain, gzip and zstd are told by content
    #[arg(value_name = "RECORDS", required = true)]
    pub records: Vec<PathBuf>,
    /// Form of the list
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = BlockAs::Plain)]
    pub form: BlockAs,
    /// Block domains that strangers share as a whole too; without it only their hosts that were contacted
    #[arg(long)]
    pub force: bool,
    /// Least severity of an alert whose domain is listed
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Level::Medium)]
    pub severity: Level,
    /// Days after the last contact when a block is to be looked at again
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub expires: u16,
    /// Where the list goes; `-` for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

/// Where to begin in a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Begin {
    /// Where the state left off; without one, at the first line
    Checkpoint,
    /// At its first line
    Start,
    /// Behind its last line
    End,
}

/// `deguchi watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Files and patterns to follow, through rotation
    #[arg(value_name = "PATH|GLOB")]
    pub paths: Vec<PathBuf>,
    /// What all commands understand.
    #[command(flatten)]
    pub common: Common,
    /// Keep what is known in a directory, and go on from it when started again
    #[arg(long, value_name = "DIR", env = "DEGUCHI_STATE")]
    pub state: Option<PathBuf>,
    /// Where to begin in files that are there already and that the state has no place in
    #[arg(long, value_name = "WHERE", value_enum, default_value_t = Begin::Checkpoint, env = "DEGUCHI_FROM")]
    pub from: Begin,
    /// Address that metrics, the incident page and the API are served at [default: 127.0.0.1:10953]
    #[arg(long, value_name = "ADDR", env = "DEGUCHI_LISTEN")]
    pub listen: Option<String>,
    /// TLS and passwords for all that is served, as exporters of Prometheus have them: `tls_server_config`, `basic_auth_users`
    #[arg(long, value_name = "FILE", env = "DEGUCHI_WEB_CONFIG")]
    pub web_config: Option<PathBuf>,
    /// Append records to a file, one a line; `-` for standard output, instead of entries for people
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
    /// Form of these records: json, ecs, ocsf or cef [default: json]
    #[arg(long, value_name = "NAME", env = "DEGUCHI_ALERTS_FORMAT")]
    pub alerts_format: Option<String>,
    /// Receive lines and syslog over TCP: `5514`, `192.0.2.1:5514`; without an address on this machine only. Who may
    /// send, and limits, are in the settings file, table `[receive]`
    #[arg(long, value_name = "ADDR", env = "DEGUCHI_TCP")]
    pub tcp: Option<String>,
    /// The same over UDP, which loses what it likes
    #[arg(long, value_name = "ADDR", env = "DEGUCHI_UDP")]
    pub udp: Option<String>,
    /// The same through a Unix socket (a stream)
    #[arg(long, value_name = "PATH", env = "DEGUCHI_UNIX")]
    pub unix: Option<PathBuf>,
}

/// What is done with a state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Says how large it is, and what is in it
    Info {
        /// Directory of the state
        dir: PathBuf,
    },
    /// Reads all of it, every page
    Verify {
        /// Directory of the state
        dir: PathBuf,
    },
    /// Gives back what is unused in its file
    Compact {
        /// Directory of the state
        dir: PathBuf,
    },
    /// Prints the records in its journal as JSON lines: those decided since the last snapshot, and those that a sink lacks
    Export {
        /// Directory of the state
        dir: PathBuf,
    },
}

/// `deguchi synth`.
#[derive(Debug, Args)]
pub struct Synth {
    /// Seed: the same seed and flags give the same bytes on any machine
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Exactly so many lines
    #[arg(long, value_name = "N")]
    pub lines: Option<u64>,
    /// Days to generate [default: 1]
    #[arg(long, value_name = "N")]
    pub days: Option<u32>,
    /// PCs [default: as many as --lines needs, else 100]
    #[arg(long, value_name = "N")]
    pub clients: Option<u32>,
    /// Sites the clients are spread over
    #[arg(long, value_name = "N")]
    pub sites: Option<u16>,
    /// Registrable domains of the web outside
    #[arg(long, value_name = "N")]
    pub domains: Option<u32>,
    /// So many attacks, of all kinds in turn [default: one of each kind per hundred PCs]
    #[arg(long, value_name = "N", conflicts_with = "scenario")]
    pub attacks: Option<u32>,
    /// One attack in a small world, or `incident-2015`, a breach told by its dates; `quiet-NAME`: the same world without
    /// it; `list` prints the names
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// `squid`, `common`, `combined`, `rich`, or a Squid `logformat` string
    #[arg(long, value_name = "FORMAT", default_value = "squid")]
    pub logformat: String,
    /// Log URLs without queries, as Squid does unless told otherwise
    #[arg(long)]
    pub strip_queries: bool,
    /// First day
    #[arg(long, value_name = "DATE", default_value = "2026-01-05")]
    pub start: String,
    /// Directory for `access.log`, `labels.json` and `sites.toml`; made if it is missing
    #[arg(short = 'o', long = "output", value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
}
