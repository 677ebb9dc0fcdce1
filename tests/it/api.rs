//! What a live run shows of its incidents: the page and the API, who may see them, and that a restart forgets nothing.

use crate::watch::{Watch, log};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

fn json(watch: &Watch, path: &str) -> Value {
    let (status, body) = watch.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// Head of an answer.
fn head(watch: &Watch, path: &str, more: &str) -> (String, String) {
    let mut stream = TcpStream::connect(&watch.address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n{more}\r\n").expect("takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

fn begin(dir: &Path) -> Watch {
    let state = dir.join("state").display().to_string();
    Watch::start_with(&dir.join("access.log"), &dir.join("alerts"), &["--state", &state])
}

/// The records that the file has, newest first.
fn written(dir: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join("alerts")).expect("records");
    text.lines().rev().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_newest_records_are_given_filtered_and_by_pages_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("access.log"), log()).unwrap();
    let watch = begin(dir.path());
    assert_eq!(json(&watch, "/api/v1/alerts?severity=critical&record=merge")["total"], 0, "before anything as well");
    watch.wait("deguchi_alerts_total{detector=\"beacon\",severity=\"medium\"}", 1.0);
    let told = written(dir.path());
    let all = json(&watch, "/api/v1/alerts");
    assert_eq!((all["schema"].as_str(), all["total"].as_u64()), (Some("deguchi/1"), Some(told.len() as u64)));
    assert_eq!(all["alerts"].as_array(), Some(&told), "as the file has them, the newest first");
    assert!(told.len() >= 2, "{told:?}");
    let part = json(&watch, "/api/v1/alerts?offset=1&limit=1");
    assert_eq!((&part["total"], &part["alerts"][0], part["alerts"][1].is_null()), (&all["total"], &told[1], true));
    for (query, found) in [
        ("client=10.0.0.1&domain=evil.example", true),
        ("detector=beacon&severity=low", true),
        ("since=2026-05-05T00:00:00Z&until=2027-01-01T00:00:00Z", true),
        ("client=10.0.0.2", false),
        ("detector=tunnel", false),
        ("severity=critical", false),
        ("until=2026-05-05T00:00:00Z", false),
        ("site=Site%20A", false),
    ] {
        assert_eq!(json(&watch, &format!("/api/v1/alerts?{query}"))["total"] != 0, found, "{query}");
        assert_eq!(json(&watch, &format!("/api/v1/incidents?{query}"))["total"] != 0, found, "{query}");
    }
    let incidents = json(&watch, "/api/v1/incidents?limit=1");
    let incident = &incidents["incidents"][0];
    assert_eq!(
        (&incident["clients"][0]["client"], &incident["domains"][0]["domain"]),
        (&"10.0.0.1".into(), &"evil.example".into())
    );
    assert_eq!((&incident["open"], &incident["left"]["bytes_up"]), (&1.into(), &Value::Null), "unknown is null");
    let id = incident["incident"].as_str().expect("an id");
    assert_eq!(json(&watch, &format!("/api/v1/alerts?incident={id}"))["total"], all["total"]);
    for wrong in
        ["alerts?severity=bad", "alerts?clint=a", "alerts?limit=-1", "alerts?since=today", "incidents?record=end"]
    {
        let (status, body) = watch.get(&format!("/api/v1/{wrong}"));
        assert_eq!(status, 400, "{wrong}: {body}");
        assert!(serde_json::from_str::<Value>(&body).expect("JSON")["error"].is_string(), "{body}");
    }
    // Killed, begun again: nothing is read anew, and nothing is forgotten.
    watch.kill();
    let watch = begin(dir.path());
    let again = json(&watch, "/api/v1/alerts");
    assert_eq!(again["alerts"], all["alerts"]);
    // Stopped, its snapshot has them.
    assert_eq!(watch.stop(), Some(0));
    let watch = begin(dir.path());
    assert_eq!(json(&watch, "/api/v1/alerts")["alerts"], all["alerts"]);
    assert_eq!(json(&watch, "/api/v1/incidents")["total"], json(&watch, "/api/v1/incidents?limit=0")["total"]);
}

#[test]
fn the_page_is_served_in_the_language_of_the_browser_with_its_policy() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("access.log"), log()).unwrap();
    let watch = Watch::start(&dir.path().join("access.log"), &dir.path().join("alerts"));
    watch.wait("deguchi_alerts_total{detector=\"beacon\",severity=\"medium\"}", 1.0);
    let (top, page) = head(&watch, "/", "");
    for wanted in [
        "text/html; charset=utf-8",
        "frame-ancestors 'none'",
        "script-src 'sha256-",
        "x-content-type-options: nosniff",
        "no-store",
    ] {
        assert!(top.contains(wanted), "{wanted}: {top}");
    }
    assert!(page.contains("<html lang=\"en\">") && page.contains("evil[.]example") && page.contains("goes on"));
    for (path, header, lang) in [
        ("/?lang=ja", "", "ja"),
        ("/", "Accept-Language: ja-JP,ja;q=0.9\r\n", "ja"),
        ("/?lang=en", "Accept-Language: ja\r\n", "en"),
        ("/?lang=%3Cx%3E", "Accept-Language: fr\r\n", "en"),
    ] {
        assert!(head(&watch, path, header).1.contains(&format!("<html lang=\"{lang}\">")), "{path} {header}");
    }
    let Some(mut browser) = crate::browser::Browser::start() else { return };
    browser.open(&format!("http://{}/", watch.address));
    assert_eq!(
        browser.eval("document.querySelectorAll('.incident').length > 0 && !document.forms.filter.hidden"),
        true
    );
    assert!(
        browser
            .happened("Log.entryAdded")
            .iter()
            .all(|entry| entry["entry"]["url"].as_str().is_some_and(|url| url.ends_with("favicon.ico")))
    );
}

/// Only for whom asks for it; each id leads to its incident on the page.
#[test]
fn a_dashboard_can_link_to_each_incident() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config) = (dir.path().join("access.log"), dir.path().join("deguchi.toml"));
    std::fs::write(&path, log()).unwrap();
    std::fs::write(&config, "incident-info = true\nformat = \"squid\"\n").unwrap();
    let told = "deguchi_alerts_total{detector=\"beacon\",severity=\"medium\"}";
    let plain = Watch::start(&path, &dir.path().join("plain"));
    plain.wait(told, 1.0);
    assert!(!plain.get("/metrics").1.contains("deguchi_incident_info"));
    drop(plain);
    let watch = Watch::of(&path, &dir.path().join("alerts"), &["--config", config.to_str().expect("UTF-8")]);
    watch.wait(told, 1.0);
    let incidents = json(&watch, "/api/v1/incidents");
    let [incident] = &incidents["incidents"].as_array().expect("incidents")[..] else { panic!("one: {incidents}") };
    let (id, severity) =
        (incident["incident"].as_str().expect("an id"), incident["severity"].as_str().expect("a word"));
    let series = format!("deguchi_incident_info{{incident=\"{id}\",severity=\"{severity}\"}}");
    assert_eq!(watch.metric(&series), Some(1.0), "{}", watch.get("/metrics").1);
    let Some(mut browser) = crate::browser::Browser::start() else { return };
    for (lang, text, shown) in [("en", id, 1), ("ja", "0123456789abcdef", 0)] {
        browser.open(&format!("http://{}/?lang={lang}#text={text}", watch.address));
        assert_eq!(browser.eval("document.querySelectorAll('.incident:not([hidden])').length"), shown, "{text}");
    }
}
