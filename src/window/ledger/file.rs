//! The ledger as a file: JSON lines in one zstd frame with a checksum, so that `zstd -dc FILE | jq` shows it.
//!
//! A header, then inputs, domains and clients, each ascending, then an end with their numbers. The same ledger is the same
//! bytes. Nothing of it is believed: a line has a limit, and so have the entries.

use super::{CLIENTS, ClientEntry, Crowd, DOMAINS, Days, DomainEntry, INPUTS, Incident, Ledger, LedgerError};
use super::{Span, Spans, Volumes};
use crate::event::Millis;
use crate::window::Usual;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// What the header says of the format.
pub const SCHEMA: &str = "deguchi-ledger/1";
/// The same without its version.
const FAMILY: &str = "deguchi-ledger/";
/// Longest line, bytes: 1,024 clients, and years of single days.
const LINE: u64 = 256 * 1024;
/// zstd level: small enough, and the time is spent elsewhere.
const LEVEL: i32 = 6;
/// Window of the decoder: 8 MB; level 6 uses less.
const WINDOW_LOG: u32 = 23;

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    key: String,
    from: Option<String>,
    to: Option<String>,
    active: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct InputRow {
    input: String,
    spans: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct DomainRow {
    domain: String,
    first_seen: String,
    last_seen: String,
    days: u32,
    active: Vec<String>,
    clients: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seen_by: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sketch: Option<String>,
    requests: u64,
    denied: u64,
    bytes_up: Option<u64>,
    bytes_down: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    sent_per_hour: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    incident: Option<IncidentRow>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    doubt: Option<u8>,
}

#[derive(Serialize, Deserialize)]
struct IncidentRow {
    time: String,
    score: u8,
}

#[derive(Serialize, Deserialize)]
struct ClientRow {
    client: String,
    last_seen: String,
    sent_per_hour: Vec<u16>,
    new_domains_per_day: Vec<u16>,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct End {
    end: bool,
    inputs: u64,
    domains: u64,
    clients: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Domain(Box<DomainRow>),
    Client(ClientRow),
    Input(InputRow),
    End(End),
}

fn time(ms: Millis) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_string()
}

fn read_time(text: &str) -> Result<Millis, String> {
    text.parse::<Timestamp>().map(|t| t.as_millisecond()).map_err(|_| "a time is none".to_owned())
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

fn write_days(days: &Days) -> Vec<String> {
    let date = |day: u32| EPOCH.checked_add(i64::from(day).days()).unwrap_or(Date::MAX);
    let run = |(from, to)| if from == to { date(from).to_string() } else { format!("{}/{}", date(from), date(to)) };
    days.runs().into_iter().map(run).collect()
}

fn read_days(runs: &[String]) -> Result<Days, String> {
    let day = |text: &str| -> Option<u32> {
        let date: Date = text.parse().ok()?;
        u32::try_from(EPOCH.until(date).ok()?.get_days()).ok()
    };
    let mut days = Days::default();
    for run in runs {
        let (from, to) = run.split_once('/').unwrap_or((run, run));
        match (day(from), day(to)) {
            (Some(from), Some(to)) if from <= to => days.add_range(from, to),
            _ => return Err("`active` has no days".into()),
        }
    }
    Ok(days)
}

fn hex(text: &str) -> Result<u64, String> {
    let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| is_hex).ok_or_else(|| "a hash is not 16 hex digits".into())
}

impl InputRow {
    fn of(input: u64, spans: &Spans) -> InputRow {
        let spans = spans.iter().map(|span| (time(span.from), time(span.to))).collect();
        InputRow { input: format!("{input:016x}"), spans }
    }

    fn read(&self) -> Result<(u64, Spans), String> {
        let mut spans = Spans::default();
        for (from, to) in &self.spans {
            let span = Span { from: read_time(from)?, to: read_time(to)? };
            if span.from > span.to {
                return Err("a span ends before it begins".into());
            }
            spans.add(span);
        }
        Ok((hex(&self.input)?, spans))
    }
}

impl DomainRow {
    fn of(name: &str, entry: &DomainEntry) -> DomainRow {
        let seen_by = entry.clients.exact().map(|seen| seen.iter().map(|hash| format!("{hash:016x}")).collect());
        let sketch = entry.clients.words().map(|words| words.iter().map(|word| format!("{word:08x}")).collect());
        DomainRow {
            domain: name.to_owned(),
            first_seen: time(entry.first),
            last_seen: time(entry.last),
            days: entry.days.count(),
            active: write_days(&entry.days),
            clients: entry.clients.count(),
            seen_by,
            sketch,
            requests: entry.volumes.requests,
            denied: entry.volumes.denied,
            bytes_up: entry.volumes.up,
            bytes_down: entry.volumes.down,
            sent_per_hour: entry.sent.as_ref().map_or(Vec::new(), |sent| sent.bins().to_vec()),
            incident: entry.incident.map(|i| IncidentRow { time: time(i.time), score: i.score }),
            doubt: Some(entry.doubt).filter(|&doubt| doubt > 0),
        }
    }

    fn read(&self) -> Result<DomainEntry, String> {
        let clients = match (&self.seen_by, &self.sketch) {
            (Some(seen), None) => Crowd::of_exact(seen.iter().map(|h| hex(h)).collect::<Result<_, _>>()?),
            (None, Some(text)) if text.is_ascii() => {
                let word = |at: usize| text.get(at..at + 8).and_then(|w| u32::from_str_radix(w, 16).ok());
                let words: Option<Vec<u32>> = (0..text.len()).step_by(8).map(word).collect();
                words.and_then(|words| Crowd::of_words(&words))
            }
            _ => None,
        };
        let incident =
            self.incident.as_ref().map(|i| Ok::<_, String>(Incident { time: read_time(&i.time)?, score: i.score }));
        Ok(DomainEntry {
            first: read_time(&self.first_seen)?,
            last: read_time(&self.last_seen)?,
            days: read_days(&self.active)?,
            clients: clients.ok_or("the clients of a domain are no set")?,
            volumes: Volumes { requests: self.requests, denied: self.denied, up: self.bytes_up, down: self.bytes_down },
            sent: match self.sent_per_hour.is_empty() {
                true => None,
                false => Some(Box::new(usual(&self.sent_per_hour)?)),
            },
            incident: incident.transpose()?,
            doubt: self.doubt.unwrap_or(0),
        })
    }
}

fn usual(bins: &[u16]) -> Result<Usual, String> {
    Usual::of_bins(bins).ok_or_else(|| "a histogram has too many bins".into())
}

impl ClientRow {
    fn of(name: &str, entry: &ClientEntry) -> ClientRow {
        ClientRow {
            client: name.to_owned(),
            last_seen: time(entry.last),
            sent_per_hour: entry.sent.bins().to_vec(),
            new_domains_per_day: entry.met.bins().to_vec(),
        }
    }

    fn read(&self) -> Result<ClientEntry, String> {
        Ok(ClientEntry {
            last: read_time(&self.last_seen)?,
            sent: usual(&self.sent_per_hour)?,
            met: usual(&self.new_domains_per_day)?,
        })
    }
}

impl Ledger {
    fn end(&self) -> End {
        let count = |n: usize| n as u64;
        End {
            end: true,
            inputs: count(self.inputs.len()),
            domains: count(self.domains.len()),
            clients: count(self.clients.len()),
        }
    }

    /// Writes it, whole, as a file has it.
    ///
    /// # Errors
    ///
    /// Those of `to`.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut encoder = zstd::Encoder::new(to, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut line = |row: &dyn Fn(&mut Vec<u8>) -> serde_json::Result<()>| -> io::Result<()> {
            let mut text = Vec::new();
            row(&mut text)?;
            text.push(b'\n');
            encoder.write_all(&text)
        };
        let header = Header {
            schema: SCHEMA.into(),
            key: self.key.clone(),
            from: self.span.map(|s| time(s.from)),
            to: self.span.map(|s| time(s.to)),
            active: write_days(&self.days),
        };
        line(&|to| serde_json::to_writer(to, &header))?;
        for (&input, spans) in &self.inputs {
            line(&|to| serde_json::to_writer(to, &InputRow::of(input, spans)))?;
        }
        for (name, entry) in &self.domains {
            line(&|to| serde_json::to_writer(to, &DomainRow::of(name, entry)))?;
        }
        for (name, entry) in &self.clients {
            line(&|to| serde_json::to_writer(to, &ClientRow::of(name, entry)))?;
        }
        line(&|to| serde_json::to_writer(to, &self.end()))?;
        encoder.finish()?.flush()
    }

    /// Reads one that was made with the key that `key` stands for, and that takes at most `limit` bytes of memory.
    ///
    /// # Errors
    ///
    /// It cannot be read, is none, is not what was written, or is larger. Nothing is used of such a one.
    pub fn load(path: &Path, key: &str, limit: usize) -> Result<Ledger, LedgerError> {
        let error = |source| LedgerError::File { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(error)?;
        let mut magic = [0; 4];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == zstd::zstd_safe::MAGICNUMBER.to_le_bytes() => {}
            Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(error(e)),
            _ => return Err(LedgerError::Foreign { path: path.to_owned() }),
        }
        let mut decoder = zstd::Decoder::new(magic.chain(file)).map_err(error)?;
        decoder.window_log_max(WINDOW_LOG).map_err(error)?;
        let lines = BufReader::new(decoder);
        Reader { path, lines, text: Vec::new(), line: 0, bytes: 0, limit }.ledger(key)
    }
}

/// Reads the lines of one file.
struct Reader<'a, R> {
    path: &'a Path,
    lines: R,
    text: Vec<u8>,
    line: u64,
    /// What was read takes so many bytes of memory, or would.
    bytes: usize,
    /// What it may take.
    limit: usize,
}

impl<R: BufRead> Reader<'_, R> {
    fn ledger(mut self, key: &str) -> Result<Ledger, LedgerError> {
        let foreign = || LedgerError::Foreign { path: self.path.to_owned() };
        let header = match self.next() {
            Ok(true) => serde_json::from_slice::<serde_json::Value>(&self.text).map_err(|_| foreign())?,
            // What cannot be decompressed from the start may be of a ledger; what can and has no line is none.
            Ok(false) => return Err(foreign()),
            Err(error) => return Err(error),
        };
        let schema = header.get("schema").and_then(|s| s.as_str()).filter(|s| s.starts_with(FAMILY));
        match schema {
            None => return Err(LedgerError::Foreign { path: self.path.to_owned() }),
            Some(SCHEMA) => {}
            Some(schema) => {
                let schema = schema.escape_debug().take(40).collect();
                return Err(LedgerError::Newer { path: self.path.to_owned(), schema });
            }
        }
        let header: Header = serde_json::from_value(header).map_err(|error| self.damaged(error.to_string()))?;
        if header.key != key {
            return Err(LedgerError::Key { path: self.path.to_owned() });
        }
        let mut ledger = Ledger::new(header.key.clone());
        ledger.days = read_days(&header.active).map_err(|what| self.damaged(what))?;
        if let (Some(from), Some(to)) = (&header.from, &header.to) {
            let read = |text| read_time(text).map_err(|what| self.damaged(what));
            ledger.span = Some(Span { from: read(from)?, to: read(to)? });
        }
        while self.next()? {
            let row = serde_json::from_slice(&self.text).map_err(|error| self.damaged(error.to_string()))?;
            if self.take(row, &mut ledger).map_err(|what| self.damaged(what))? {
                return match self.next()? {
                    true => Err(self.damaged("something follows the end".into())),
                    false if self.bytes > self.limit => {
                        Err(LedgerError::Large { path: self.path.to_owned(), bytes: self.bytes, limit: self.limit })
                    }
                    false => Ok(ledger),
                };
            }
        }
        Err(LedgerError::Truncated { path: self.path.to_owned() })
    }

    /// Takes in a line; whether it is the last. Beyond the limit no more is kept, and its size is told at the end.
    fn take(&mut self, row: Row, ledger: &mut Ledger) -> Result<bool, String> {
        fn put<K: Ord, V>(
            map: &mut std::collections::BTreeMap<K, V>,
            key: K,
            value: V,
            most: usize,
        ) -> Result<(), String> {
            if map.len() >= most {
                return Err(format!("more than {most} entries of a kind"));
            }
            match map.last_key_value() {
                Some((last, _)) if *last >= key => Err("the entries do not ascend".into()),
                _ => {
                    map.insert(key, value);
                    Ok(())
                }
            }
        }
        match row {
            Row::Input(row) => {
                let (input, spans) = row.read()?;
                self.bytes += spans.row_bytes();
                put(&mut ledger.inputs, input, spans, INPUTS)?;
            }
            Row::Domain(row) => {
                let entry = row.read()?;
                self.bytes += entry.row_bytes(row.domain.len());
                if self.bytes > self.limit {
                    return Ok(false);
                }
                put(&mut ledger.domains, row.domain, entry, DOMAINS)?;
            }
            Row::Client(row) => {
                let entry = row.read()?;
                self.bytes += ClientEntry::row_bytes(row.client.len());
                if self.bytes > self.limit {
                    return Ok(false);
                }
                put(&mut ledger.clients, row.client, entry, CLIENTS)?;
            }
            Row::End(end) if self.bytes > self.limit || end == ledger.end() => return Ok(true),
            Row::End(_) => return Err("entries are missing".into()),
        }
        Ok(false)
    }

    /// Reads the next line into `text`; `false`: there is none.
    fn next(&mut self) -> Result<bool, LedgerError> {
        self.text.clear();
        self.line += 1;
        let read = (&mut self.lines).take(LINE).read_until(b'\n', &mut self.text);
        match read {
            Ok(0) => Ok(false),
            Ok(_) if self.text.last() == Some(&b'\n') => Ok(true),
            Ok(n) if n as u64 >= LINE => Err(self.damaged("a line is too long".into())),
            Ok(_) => Err(LedgerError::Truncated { path: self.path.to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                Err(LedgerError::Truncated { path: self.path.to_owned() })
            }
            Err(e) => Err(self.damaged(e.to_string())),
        }
    }

    fn damaged(&self, what: String) -> LedgerError {
        LedgerError::Damaged { path: self.path.to_owned(), line: self.line, what }
    }
}
