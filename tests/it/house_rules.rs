//! What holds of the source itself: imports follow the data, files stay small, nothing unwraps, every row has its page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a module may use besides itself, `catalog` and `lock`. A replay that a user asks for is driven by `settings`, which reads
/// the words of `cli`; the stages know neither.
const MAY_USE: &[(&str, &[&str])] = &[
    ("catalog", &[]),
    ("lock", &[]),
    ("event", &[]),
    ("input", &[]),
    ("parse", &["event", "input"]),
    ("window", &["event"]),
    ("detect", &["event", "window"]),
    ("alert", &["event", "window", "detect"]),
    ("hunt", &["event", "input", "parse", "detect", "alert", "engine"]),
    ("engine", &["event", "input", "parse", "window", "detect", "alert"]),
    ("sink", &["alert", "hunt"]),
    ("metrics", &["event", "input", "parse", "detect", "alert", "engine"]),
    ("state", &[]),
    ("cli", &[]),
    ("settings", &["cli", "event", "parse", "window", "detect", "alert", "engine", "sink"]),
    (
        "run",
        &[
            "event", "input", "parse", "window", "detect", "alert", "engine", "hunt", "sink", "metrics", "state",
            "settings",
        ],
    ),
    ("lib", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files below a folder: path as shown, and text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let walk = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name();
    let rust = walk.into_iter().map(|e| e.unwrap().into_path()).filter(|p| p.extension().is_some_and(|e| e == "rs"));
    let read = |path: PathBuf| {
        let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        (shown, std::fs::read_to_string(&path).unwrap())
    };
    let found: Vec<_> = rust.map(read).collect();
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Without comments, and without what follows `#[cfg(test)]`.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    lines.map(|(n, line)| (n + 1, line.split("//").next().unwrap_or(""))).filter(|(_, line)| !line.trim().is_empty())
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[test]
fn imports_follow_the_data() {
    let mut broken = Vec::new();
    for (path, text) in sources("src").iter().filter(|(path, _)| path != "src/main.rs") {
        let module = path["src/".len()..].split(['/', '.']).next().unwrap();
        let (_, may) = MAY_USE.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{path}: no rule"));
        for (n, line) in code(text) {
            for (at, _) in line.match_indices("crate::") {
                let rest = &line[at + "crate::".len()..];
                assert!(!rest.starts_with('{'), "{path}:{n}: name modules one by one");
                let used = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                if used != module && !["catalog", "lock"].contains(&used) && !may.contains(&used) {
                    broken.push(format!("{path}:{n}: `{module}` may not use `{used}`"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_file_is_longer_than_600_lines() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        let lines = text.lines().count();
        assert!(lines <= 600, "{path}: {lines} lines; split it");
    }
}

#[test]
fn nothing_unwraps_where_lines_go() {
    let stages = ["parse", "input", "event", "window", "engine", "detect", "alert", "hunt"];
    for (path, text) in stages.iter().flat_map(|stage| sources(&format!("src/{stage}"))).filter(|(p, _)| !is_test(p)) {
        for (n, line) in code(&text) {
            for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!("] {
                assert!(!line.contains(word), "{path}:{n}: `{word}`: no line of input may cause a panic");
            }
        }
    }
}

#[test]
fn stages_know_no_wall_clock_and_no_chance() {
    let stages = ["parse", "event", "window", "engine", "detect", "alert", "hunt"];
    for (path, text) in stages.iter().flat_map(|stage| sources(&format!("src/{stage}"))) {
        for (n, line) in code(&text) {
            for word in
                ["SystemTime", "Instant::", "Timestamp::now", "RandomState", "HashMap::new", "HashSet::new", "tokio"]
            {
                assert!(!line.contains(word), "{path}:{n}: `{word}`: same bytes, same alerts");
            }
        }
    }
}

#[test]
fn unsafe_is_forbidden() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for (path, text) in sources("src") {
        let uses = |line: &str| ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| line.contains(word));
        assert!(code(&text).all(|(_, line)| !uses(line)), "{path}");
    }
}

#[test]
fn every_dependency_says_why_it_is_here() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut inside = false;
    for (n, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside && line.contains('=') {
            let reason = line.split('#').nth(1).unwrap_or("").trim();
            assert!(reason.len() >= 5, "Cargo.toml:{}: {line}", n + 1);
        }
    }
}

#[test]
fn every_detector_has_its_page_and_every_format_its_samples() {
    for entry in deguchi::detect::DETECTORS {
        let page = entry.manual();
        for heading in ["# Finds", "# Evidence", "# Blind", "# False positives", "# ATT&CK"] {
            assert!(page.contains(heading), "{}: no `{heading}`", entry.name);
        }
        for sample in ["attack.log.gz", "quiet.log.gz"] {
            let path = root().join("sample-logs/scenarios").join(entry.name).join(sample);
            assert!(path.is_file(), "{}: missing", path.display());
        }
    }
    let samples: BTreeSet<String> = std::fs::read_dir(root().join("sample-logs/formats"))
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for log in samples.iter().filter_map(|name| name.strip_suffix(".log")) {
        assert!(samples.contains(&format!("{log}.expected.jsonl")), "{log}: what it should read as is missing");
    }
}

/// `tests/FAULTS.md` has a row for each fault that has a test, and each row has one.
#[test]
fn every_fault_has_a_test_and_a_row() {
    let table = std::fs::read_to_string(root().join("tests/FAULTS.md")).unwrap();
    let number = |text: &str| text.get(..2).filter(|n| n.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    let rows = table.lines().filter_map(|line| number(line.strip_prefix("| F")?)).collect::<BTreeSet<_>>();
    let mut tested = BTreeSet::new();
    for (_, text) in sources("src").iter().chain(&sources("tests/it")) {
        let tests = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn f"));
        let names = tests.filter(|name| number(name).is_some());
        tested.extend(names.flat_map(|name| name.split("_f").map_while(number)));
    }
    assert_eq!(rows, tested);
    assert!(rows.iter().zip(1..).all(|(row, n)| *row == format!("{n:02}")) && rows.len() >= 61, "{rows:?}");
}
