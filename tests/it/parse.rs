//! Every format reads its samples as their `.expected.jsonl` says, and no bytes make a parser panic.

pub(crate) mod data;
mod laws;
mod recipe;
mod samples;

use deguchi::parse::{FORMATS, by_name};

#[test]
fn every_format_has_a_manual_and_can_be_chosen() {
    for entry in FORMATS {
        let page = entry.manual();
        for heading in ["# Knows", "# Does not know", "```text"] {
            assert!(page.contains(heading), "{}: no `{heading}` in its manual", entry.name);
        }
        assert!(!entry.summary().is_empty());
        let fields = by_name(entry.name).unwrap().carries();
        assert!(fields.bytes_down && fields.user || page.contains("# To make it complete"), "{}", entry.name);
        // Who follows headers searches for them, and what was followed can be told again.
        let parser = by_name(entry.name).unwrap();
        assert!(parser.header().is_empty(), "{}", entry.name);
    }
    let error = by_name("combind").map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "format `combind` is not known; did you mean `combined`?");
}
