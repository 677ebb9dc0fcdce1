//! What leaves: the table, CSV and JSON lines as people and programs see them, and hostile text in every field (F32).

use deguchi::alert::{DomainStats, EvidenceRecord, Record, RecordKind, Severity};
use deguchi::sink::{COLUMNS, Csv, Lines, Output, Paint, RecordFormat, Sink, Table, TableOptions};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A stream that can be read afterwards.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn output(&self) -> Output {
        Output::stream("test", Box::new(self.clone()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn evidence(points: i32, text: &str) -> EvidenceRecord {
    EvidenceRecord { name: "name".into(), value: 3.0, usual: None, points, text: text.into() }
}

/// The implant of 2015: a request every three seconds, data in the query.
pub(crate) fn beacon() -> Record {
    Record {
        schema: "deguchi/1".into(),
        record: RecordKind::Alert,
        id: "5f0c".into(),
        episode: "b0c1".into(),
        incident: "91ae".into(),
        merged: None,
        shape: None,
        time: "2015-05-08T01:58:00Z".into(),
        detector: "beacon".into(),
        severity: Severity::High,
        score: 86,
        client: "192.0.2.17".into(),
        user: None,
        site: Some("A".into()),
        domain: "example-cc.com".into(),
        hosts: vec!["www.example-cc.com".into()],
        clients: None,
        domains: None,
        first_seen: "2015-05-08T01:50:03Z".into(),
        last_seen: "2015-05-08T01:57:58Z".into(),
        requests: 158,
        denied: 0,
        methods: [("GET".to_owned(), 158)].into(),
        bytes_down: Some(67_940),
        bytes_up: None,
        url_bytes_max: 9_480,
        domain_stats: DomainStats { first_seen: "2015-05-08T01:50:03Z".into(), clients: 1, hosts: 1, requests: 158 },
        summary: "192.0.2.17 asks www.example-cc.com every 3.0 s, which no other client ever contacted: isolate it and \
                  look for what makes these requests."
            .into(),
        evidence: vec![
            evidence(34, "a request every 3.0 s ± 0.4 s for 8 min, 158 times"),
            evidence(22, "the only client of example-cc.com, which was never seen before"),
            evidence(18, "replies of nearly one size: 430 B ± 3 %"),
            evidence(12, "queries of up to 60 bytes that never repeat: at most 9.5 kB went out in URLs"),
        ],
        samples: vec![
            "http://www.example-cc.com/a.php?id=4A6F686E20446F652C2061636D65".into(),
            "http://www.example-cc.com/some/very/long/path/that/goes/on/and/on/and/does/not/fit/one/line/of/eighty/cells/\
             and/then/it/still/goes/on/for/a/while/until/it/ends.php?id=4A6F686E"
                .into(),
        ],
        attack: vec!["T1071.001".into()],
        format: "squid".into(),
        source: "log".into(),
        series: None,
        interval_histogram: None,
    }
}

fn records() -> Vec<Record> {
    let post = Record {
        id: "11".into(),
        episode: "11".into(),
        detector: "post_burst".into(),
        severity: Severity::Critical,
        score: 93,
        client: "2001:db8:12:3456:789a:bcde:f012:3456".into(),
        user: Some("CORP\\alice".into()),
        domain: "a-rather-long-name-of-a-domain-that-someone-registered.example".into(),
        hosts: vec![],
        first_seen: "2015-05-08T13:50:03Z".into(),
        last_seen: "2015-05-08T16:02:58Z".into(),
        requests: 1_204_311,
        denied: 3,
        summary: "2001:db8:12:3456:789a:bcde:f012:3456 sent 1.2 GB in 2 h to a domain it never used before.".into(),
        evidence: vec![evidence(93, "1.2 GB in POST requests")],
        samples: vec![],
        ..beacon()
    };
    let denied = Record {
        id: "22".into(),
        episode: "22".into(),
        detector: "denied_beacon".into(),
        severity: Severity::Medium,
        score: 61,
        client: "10.1.2.3".into(),
        domain: "203.0.113.9".into(),
        hosts: vec!["203.0.113.9".into()],
        requests: 2_880,
        denied: 2_880,
        summary: "10.1.2.3 asks 203.0.113.9 every 30 s and is refused each time.".into(),
        evidence: vec![evidence(61, "2,880 refused requests, one every 30.0 s ± 0.1 s")],
        samples: vec!["203.0.113.9:443".into()],
        ..beacon()
    };
    let spread = Record {
        id: "33".into(),
        episode: "33".into(),
        detector: "spread".into(),
        severity: Severity::Low,
        score: 44,
        clients: Some((17..57).map(|n| format!("192.0.2.{n}")).collect()),
        summary: "40 clients began to ask example-cc.com within 10 min.".into(),
        evidence: vec![evidence(50, "40 clients within 10 min"), evidence(-6, "the domain is ranked as popular")],
        samples: vec![],
        ..beacon()
    };
    vec![spread, beacon(), denied, post]
}

fn table(records: &[Record], options: TableOptions) -> String {
    let captured = Captured::default();
    deliver(&mut Table::new(captured.output(), options), records);
    captured.text()
}

fn deliver(sink: &mut dyn Sink, records: &[Record]) {
    records.iter().for_each(|record| sink.deliver(record).unwrap());
    sink.finish().unwrap();
}

fn tokyo() -> TableOptions {
    TableOptions { zone: TimeZone::fixed(jiff::tz::offset(9)), ..TableOptions::default() }
}

#[test]
fn table_of_80_cells() {
    let shown = table(&records(), tokyo());
    assert!(shown.lines().all(|line| deguchi::sink::width(line) <= 80));
    insta::assert_snapshot!(shown);
}

#[test]
fn table_in_colour_with_one_in_detail() {
    let shown = table(&records(), TableOptions { paint: Paint { on: true }, top: 1, width: 110, ..tokyo() });
    insta::assert_snapshot!(shown.replace('\x1b', "␛"));
}

#[test]
fn table_of_nothing() {
    insta::assert_snapshot!(table(&[], tokyo()), @"No alerts: nothing in these logs scored 40 or more.");
}

#[test]
fn csv() {
    let captured = Captured::default();
    deliver(&mut Csv::new(captured.output()), &records());
    insta::assert_snapshot!(captured.text());
}

#[test]
fn csv_of_nothing_has_its_header() {
    let captured = Captured::default();
    deliver(&mut Csv::new(captured.output()), &[]);
    assert_eq!(captured.text(), COLUMNS.join(",") + "\n");
}

#[test]
fn json_lines() {
    let captured = Captured::default();
    deliver(&mut Lines::new(captured.output(), RecordFormat::Json), &records());
    insta::assert_snapshot!(captured.text());
    let read: Vec<Record> = captured.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, records());
}

fn lines(format: RecordFormat, records: &[Record]) -> String {
    let captured = Captured::default();
    deliver(&mut Lines::new(captured.output(), format), records);
    captured.text()
}

#[test]
fn ecs() {
    let text = lines(RecordFormat::Ecs, &records());
    insta::assert_snapshot!(text);
    for (line, record) in text.lines().zip(records()) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["event"]["kind"] == "alert" && event["@timestamp"] == record.time, "{line}");
        assert!(event["destination"]["address"] == record.domain && event["rule"]["name"] == record.detector, "{line}");
        assert_eq!(serde_json::from_value::<Record>(event["deguchi"].clone()).unwrap(), record, "nothing is left out");
    }
}

/// One of each kind.
fn kinds() -> Vec<Record> {
    let kinds = [RecordKind::Alert, RecordKind::Update, RecordKind::End, RecordKind::Merge];
    kinds.map(|record| Record { record, ..beacon() }).into()
}

#[test]
fn ocsf() {
    let text = lines(RecordFormat::Ocsf, &records());
    insta::assert_snapshot!(text);
    let text = text + &lines(RecordFormat::Ocsf, &kinds());
    for (line, record) in text.lines().zip(records().into_iter().chain(kinds())) {
        let finding: Value = serde_json::from_str(line).unwrap();
        let activity = match record.record {
            RecordKind::Alert => 1,
            RecordKind::Update | RecordKind::Merge => 2,
            RecordKind::End => 3,
        };
        assert!(finding["class_uid"] == 2004 && finding["type_uid"] == 200_400 + activity, "{line}");
        for needed in ["activity_id", "category_uid", "severity_id", "time", "status_id", "is_alert"] {
            assert!(!finding[needed].is_null(), "{needed} is required");
        }
        for needed in ["uid", "title", "analytic", "first_seen_time", "last_seen_time"] {
            assert!(!finding["finding_info"][needed].is_null(), "{needed} of finding_info");
        }
        assert_eq!(serde_json::from_value::<Record>(finding["unmapped"]["deguchi"].clone()).unwrap(), record);
    }
}

#[test]
fn cef() {
    insta::assert_snapshot!(lines(RecordFormat::Cef, &[records(), kinds()].concat()));
}

#[test]
fn a_line_of_any_format_holds_the_id_of_its_record() {
    for format in RecordFormat::ALL {
        let text = lines(format, &records());
        assert_eq!(text.lines().count(), records().len(), "{format:?}: a line each");
        for (line, record) in text.lines().zip(records()) {
            assert_eq!(format.id(line.as_bytes()), Some(record.id), "{format:?}");
        }
    }
}

#[test]
fn a_file_holds_all_records_or_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.jsonl");
    let mut sink = Lines::new(Output::create(&path).unwrap(), RecordFormat::Json);
    for _ in 0..100 {
        sink.deliver(&beacon()).unwrap();
    }
    assert!(!path.exists());
    sink.finish().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 100);
}

#[test]
fn a_reader_at_a_pipe_sees_each_record_at_once_and_may_leave() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut sink = Lines::new(Output::stream("standard output", Box::new(writer)), RecordFormat::Json);
    sink.deliver(&beacon()).unwrap();
    let mut first = [0; 1];
    std::io::Read::read_exact(&mut reader, &mut first).unwrap();
    drop(reader);
    let error = (0..2).find_map(|_| sink.deliver(&beacon()).err()).unwrap();
    assert!(error.is_broken_pipe(), "{error}");
}

/// F32: what an attacker may put into a URL, a name, a user.
pub(crate) const HOSTILE: &[&str] = &[
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "over\rwritten",
    "two\nlines\r\n\"three\"",
    "\u{9b}31m\u{85}",
    "\u{202e}gnp.exe\u{2066}",
    "zero\u{200b}width\u{feff}",
    "\u{2028}\u{2029}",
    "\x00\x08\x7f",
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "  =1+1",
    "\u{a0}=1+1",
    "a;=1+1",
    "\",\"=1+1",
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7} `id` $(id) %s %n",
    "\u{e0041}\u{e007f}",
];

fn hostile(text: &str) -> Record {
    let t = || text.to_owned();
    let list = || vec![t(), t()];
    Record {
        id: t(),
        episode: t(),
        incident: t(),
        time: t(),
        detector: t(),
        client: t(),
        user: Some(t()),
        site: Some(t()),
        domain: t(),
        hosts: list(),
        clients: Some(list()),
        domains: Some(list()),
        first_seen: t(),
        last_seen: t(),
        methods: [(t(), 1)].into(),
        domain_stats: DomainStats { first_seen: t(), clients: 1, hosts: 1, requests: 1 },
        summary: t(),
        evidence: vec![evidence(50, text)],
        samples: list(),
        attack: list(),
        format: t(),
        source: t(),
        ..beacon()
    }
}

pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn f32_hostile_text_is_disarmed_everywhere() {
    for text in HOSTILE {
        let record = hostile(text);

        for width in [80, 120, 3] {
            let shown = table(std::slice::from_ref(&record), TableOptions { width, ..tokyo() });
            assert!(!shown.chars().any(|c| c != '\n' && steers(c)), "{shown:?}");
            assert!(!shown.contains("http://"), "{shown:?}");
        }

        let captured = Captured::default();
        deliver(&mut Lines::new(captured.output(), RecordFormat::Json), std::slice::from_ref(&record));
        let line = captured.text();
        assert!(!line.trim_end_matches('\n').chars().any(steers), "{line:?}");
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);

        for format in RecordFormat::ALL {
            let line = lines(format, std::slice::from_ref(&record));
            assert!(!line.trim_end_matches('\n').chars().any(steers), "{format:?}: {line:?}");
            assert!(format == RecordFormat::Cef || serde_json::from_str::<Value>(&line).is_ok(), "{line}");
        }

        let captured = Captured::default();
        deliver(&mut Csv::new(captured.output()), &[record]);
        let lines = captured.text();
        assert!(!lines.chars().any(|c| c != '\n' && steers(c)), "{lines:?}");
        let mut reader = csv::Reader::from_reader(lines.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1);
        for cell in &rows[0] {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            assert!(!cell.contains(";="), "{cell:?}");
        }
    }
}

proptest::proptest! {
    /// Whatever stands in a record, no line is wider than the terminal.
    #[test]
    fn table_fits(client: String, domain: String, user: String, text: String, width in 60usize..130, requests: u64) {
        let record = Record {
            client,
            domain: domain.clone(),
            user: Some(user),
            summary: text.clone(),
            evidence: vec![evidence(7, &text)],
            samples: vec![domain],
            requests,
            ..beacon()
        };
        let shown = table(&[record], TableOptions { width, ..tokyo() });
        for line in shown.lines() {
            proptest::prop_assert!(deguchi::sink::width(line) <= width, "{:?}", line);
        }
    }
}
