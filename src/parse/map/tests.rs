//! Maps and what they refuse.

use super::*;
use crate::event::Action;
use crate::parse::{FORMATS, read};

const KV: &str = "syntax = \"key-value\"\n[fields]\ntime = \"t\"\nclient = \"c\"\nurl = \"u\"\n";

fn refused(text: &str) -> String {
    Map::compile(text, &TimeZone::UTC).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn every_map_that_is_shipped_compiles() {
    for entry in FORMATS {
        let parser = (entry.build)(&TimeZone::UTC);
        assert_ne!(parser.carries(), Fields::default(), "{}", entry.name);
    }
}

#[test]
fn a_map_that_cannot_be_used_says_why() {
    assert!(refused("syntax = \"xml\"").contains("the map is not understood"), "{}", refused("syntax = \"xml\""));
    assert_eq!(refused(KV), "");
    assert_eq!(
        refused(&KV.replace("url", "method")),
        "the map has no field `url`; name under [fields] where the log has it"
    );
    let near = refused(&format!("{KV}byte-up = \"b\"\n"));
    assert_eq!(near, "the map has the field `byte-up`, which no event has; did you mean `bytes-up`?");
    assert!(refused(&format!("zone = \"Mars\"\n{KV}")).contains("name a zone"));
    assert!(refused(&format!("duration-unit = \"h\"\n{KV}")).contains("write \"s\", \"ms\""));
    for charset in ["latin-1", "shift-jis"] {
        assert!(refused(&format!("charset = \"{charset}\"\n{KV}")).contains("of csv and tsv, \"shift-jis\""));
    }
    assert!(refused(&format!("time-is = \"middle\"\n{KV}")).contains("write \"start\" or \"end\""));
}

#[test]
fn units_stamps_and_absent_values() {
    let map = "syntax = \"json\"\ntime-is = \"start\"\nduration-unit = \"us\"\nnothing = [\"none\"]\nonly = [\"web\"]\n[fields]\ntime = \"t\"\nduration = \"d\"\nclient = [\"c\", \"x\"]\nurl = \"u\"\nbytes-up = \"b\"\nkind = \"k\"\naction = \"a\"";
    let map = Map::compile(map, &TimeZone::UTC).unwrap();
    let line = br#"{"t":1767323045123,"d":2500000,"c":"none","x":"192.0.2.1:5","u":"https://h.example/?a=1","b":"none","a":"Blocked","k":"web"}"#;
    let event = map.parse(line).unwrap().unwrap();
    assert_eq!((event.time, event.end(), event.duration), (1_767_323_045_123, 1_767_323_047_623, Some(2500)));
    assert_eq!((event.client, event.bytes_up, event.action), (Some(&b"192.0.2.1"[..]), None, Action::Denied));
    let chain = br#"{"t":1,"c":"[2001:db8::1]:5, 10.0.0.1:80","u":"y","k":"web"}"#;
    assert_eq!(map.parse(chain).unwrap().unwrap().client, Some(&b"2001:db8::1"[..]));
    // A map that has a verdict, and a record that has none.
    let action = |status: &str| {
        let text = "syntax = \"json\"\n[fields]\ntime = \"t\"\nclient = \"c\"\nurl = \"u\"\nstatus = \"s\"\n";
        let line = format!(r#"{{"t":1,"c":"x","u":"y","s":{status}}}"#);
        ["", "action = \"a\""].map(|more| {
            let map = Map::compile(&format!("{text}{more}"), &TimeZone::UTC).unwrap();
            map.parse(line.as_bytes()).unwrap().unwrap().action
        })
    };
    assert_eq!(action("200"), [Action::Unknown, Action::Allowed]);
    assert_eq!(action("407"), [Action::Unknown, Action::Challenge]);
    assert!(map.parse(br#"{"t":1,"c":"x","u":"y","k":"dns"}"#).unwrap().is_none());
    assert_eq!(map.parse(br#"{"c":"x","k":"web"}"#).unwrap_err().wanted, Reason::Time);
    assert_eq!(map.parse(br#"{"t":1,"c":"x","u":"y"}"#).unwrap_err().wanted, Reason::Literal);
    assert_eq!(map.parse(b"[1]").unwrap_err(), ParseError { at: 0, wanted: Reason::Literal });
}

#[test]
fn a_table_follows_its_header() {
    let map = "syntax = \"csv\"\n[fields]\ntime = \"time\"\nclient = \"cip\"\nurl = \"url\"\nstatus = \"code\"";
    let mut now: Arc<dyn Parser> = Arc::new(Map::compile(map, &TimeZone::UTC).unwrap());
    let log = "\"time\",\"cip\",\"url\"\n\"2026-01-02 03:04:05\",\"192.0.2.1\",\"http://a.example/\"\n\
        url,code,time,cip\nhttp://b.example/,404,2026-01-02 03:04:06,192.0.2.2\n";
    let events: Vec<Event<'_>> = log.lines().filter_map(|line| read(&mut now, line.as_bytes()).unwrap()).collect();
    assert_eq!((events[0].client, events[1].client), (Some(&b"192.0.2.1"[..]), Some(&b"192.0.2.2"[..])));
    assert_eq!(events[1].status, Some(404));
    assert_eq!(now.header(), b"url,code,time,cip\n");
}
