//! What CONTRIBUTING says of a new format is enough: the toy in it stands here as it would in `src/parse`, and is a format.

mod toy;

use deguchi::catalog::Entry;
use deguchi::parse::{Build, ParseError, Parser, Reason};
use jiff::tz::TimeZone;

/// The table, with the one line that the recipe adds.
const FORMATS: &[Entry<Build>] =
    &[Entry { name: "toy", source: include_str!("toy.rs"), build: |_| Box::new(toy::Toy) }];

#[test]
fn the_recipe_for_a_format_is_complete() {
    let recipe = include_str!("../../../../CONTRIBUTING.md");
    let (file, here) = (include_str!("toy.rs"), include_str!("mod.rs"));
    assert!(recipe.contains(&format!("```rust\n{file}```")), "CONTRIBUTING.md shows another file than toy.rs");
    let row = here.lines().find_map(|line| line.strip_prefix("    &[")?.strip_suffix("];")).unwrap();
    assert!(recipe.contains(&format!("\n{row},\n")), "CONTRIBUTING.md shows another line of the table");
    assert!(file.lines().count() < 40, "a recipe is shorter");
    for entry in FORMATS {
        for heading in ["# Knows", "# Does not know", "```text"] {
            assert!(entry.manual().contains(heading), "{heading}");
        }
        let parser = (entry.build)(&TimeZone::UTC);
        // The sample in its own manual page.
        let sample = file.lines().find_map(|line| line.strip_prefix("//! 17")).map(|rest| format!("17{rest}")).unwrap();
        let event = parser.parse(sample.as_bytes()).unwrap().unwrap();
        assert_eq!((event.time, event.client), (1_767_323_045_000, Some(&b"192.0.2.10"[..])));
        assert_eq!((event.target, event.bytes_down), (&b"http://www.example.com/"[..], Some(904)));
        assert!(parser.carries().bytes_down && parser.carries().user);
        assert!(parser.parse(b"").unwrap().is_none());
        for (line, wanted) in [("x", Reason::Time), ("1 c u GET", Reason::Target), ("1 c u GET t x", Reason::Size)] {
            assert_eq!(parser.parse(line.as_bytes()).unwrap_err(), ParseError { at: 0, wanted });
        }
    }
}
