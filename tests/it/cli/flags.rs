//! Words, and what becomes of wrong ones: exit status 2, `--fail-on` 1, lists and manual pages.

use super::{command, deguchi, files, told};
use crate::servers::program;
use clap::CommandFactory;
use deguchi::cli::Cli;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn wrong_words() {
    let files = files();
    files.write("bad.toml", b"memroy = \"1GiB\"\n");
    files.write("worse.toml", b"memory = ");
    files.write("allow.toml", b"[[allow]]\nreason = \"x\"\n");
    files.write("sites.toml", b"A = [\"192.0.2.1/24\"]\n");
    let wrong: [(&[&str], &str); 22] = [
        (&[], "Usage"),
        (&["replay"], "PATH"),
        (&["replay", "--nonsense", "x.log"], "--nonsense"),
        (&["rplay", "x.log"], "replay"),
        (&["replay", "--config", "bad.toml", "x.log"], "did you mean `memory`"),
        (&["replay", "--config", "worse.toml", "x.log"], "worse.toml"),
        (&["replay", "--config", "none.toml", "x.log"], "none.toml"),
        (&["replay", "--logformat", "%ts.%03tu %>a %{X %ru", "x.log"], "byte 14"),
        (&["replay", "--format", "sqiud", "x.log"], "did you mean `squid`"),
        (&["replay", "--format", "squid", "--logformat", "%ts %ru", "x.log"], "--logformat"),
        (&["replay", "--memory", "1KiB", "x.log"], "32MiB"),
        (&["replay", "--threads", "0", "x.log"], "1 to 256"),
        (&["replay", "--tz", "Mars/Olympus", "x.log"], "Asia/Tokyo"),
        (&["replay", "--since", "yesterday", "x.log"], "2026-05-08"),
        (&["replay", "--since", "2026-05-08", "--until", "2026-05-07", "x.log"], "before --until"),
        (&["replay", "--alerts", "-", "--output", "csv", "x.log"], "--output"),
        (&["replay", "--alerts-format", "xml", "x.log"], "json, ecs, ocsf, cef"),
        (&["replay", "--ioc", "none.txt", "x.log"], "none.txt"),
        (&["replay", "--ioc", "empty.log", "x.log"], "write one a line"),
        (&["replay", "--allow", "allow.toml", "x.log"], "allow.toml, line 1: the rule would hide everything"),
        (&["replay", "--sites", "sites.toml", "x.log"], "sites.toml, line 1: site `A`"),
        (&["explain", "nosuch"], "nosuch"),
    ];
    for (args, word) in wrong {
        let ran = deguchi(&files, args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn fail_on() {
    let files = files();
    for (level, code) in [("low", 1), ("medium", 1), ("high", 0), ("critical", 0)] {
        let ran = deguchi(&files, &["replay", "--fail-on", level, "x.log"]);
        assert_eq!(ran.code, Some(code), "{level}: {}{}", ran.out, ran.err);
    }
    assert_eq!(deguchi(&files, &["replay", "--fail-on", "low", "empty.log"]).code, Some(0));
}

#[test]
fn lists_and_pages() {
    let files = files();
    let of = |args: &[&str]| {
        let ran = deguchi(&files, args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        ran.out
    };
    assert!(of(&["formats"]).lines().any(|l| l.starts_with("squid ")));
    assert!(of(&["detectors"]).lines().any(|l| l.starts_with("beacon ")));
    assert!(of(&["explain", "beacon"]).contains("# Evidence"));
    assert!(of(&["explain", "combined"]).contains("# Knows"));
    assert!(of(&["completions", "bash"]).contains("deguchi"));
    assert_eq!(of(&["--version"]), format!("deguchi {}\n", env!("CARGO_PKG_VERSION")));
    assert!(of(&["--help"]).contains("Exit status"));
    assert!(of(&["replay", "--help"]).contains("--fail-on"));
    assert!(of(&["synth", "--scenario", "list"]).contains("beacon"));
}

/// Each command, also of `state`, has a page that groff has nothing to say about and `man` shows.
#[test]
fn manual_pages() {
    let files = files();
    let ran = deguchi(&files, &["man", "-o", "share/man1"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
    let folder = files.dir().join("share/man1");
    let mut wanted = BTreeSet::from(["deguchi.1".to_owned()]);
    let of = |command: &clap::Command| -> Vec<String> {
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).filter(|name| name != "help").collect()
    };
    let cli = Cli::command();
    wanted.extend(of(&cli).iter().map(|name| format!("deguchi-{name}.1")));
    let state = cli.find_subcommand("state").unwrap();
    wanted.extend(of(state).iter().map(|name| format!("deguchi-state-{name}.1")));
    let pages = std::fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap());
    assert_eq!(pages.collect::<BTreeSet<_>>(), wanted);
    assert!(wanted.len() > 15, "{wanted:?}");
    let groff = program("groff", "groff-base");
    for page in &wanted {
        let said = |program: &str, args: &[&str]| {
            let run = Command::new(program).args(args).arg(folder.join(page)).env("LC_ALL", "C.UTF-8").output();
            let run = run.ok()?;
            assert!(run.status.success() && run.stderr.is_empty(), "{page}: {}", String::from_utf8_lossy(&run.stderr));
            Some(String::from_utf8_lossy(&run.stdout).into_owned())
        };
        if groff.is_some() {
            let text = said("groff", &["-ww", "-man", "-K", "utf8", "-T", "utf8", "-P", "-cbou"]).expect("it runs");
            assert!(text.contains("NAME\n") && text.contains("SYNOPSIS\n"), "{text}");
        }
        let shown = said("man", &["--warnings", "--local-file"]);
        assert!(shown.is_none_or(|shown| shown.contains("SYNOPSIS")), "{page}");
    }
    let ran = deguchi(&files, &["man", "-o", "x.log/man1"]);
    assert!(ran.code == Some(4) && ran.err.contains("x.log/man1: the manual pages cannot be written"), "{}", ran.err);
}

#[test]
fn since_and_until() {
    let files = files();
    let lines = |args: &[&str]| {
        let ran = deguchi(&files, &[&["replay", "x.log"][..], args].concat());
        (ran.code, ran.out.contains("evil"), ran.err)
    };
    let (code, found, err) = lines(&["--since", "2026-05-05T04:00", "--until", "2026-05-05T08:00"]);
    assert!(code == Some(0) && found && err.contains("outside of --since and --until"), "{err}");
    assert!(err.contains("04:00 → 07:59"), "{err}");
    // In the zone shown.
    let (_, found, err) = lines(&["--since", "2026-05-05T21:00", "--tz", "Asia/Tokyo"]);
    assert!(!found && err.contains("+09:00") || err.contains("no alerts"), "{err}");
    // Nothing left is not an input that cannot be read.
    let (code, found, _) = lines(&["--since", "2027-01-01"]);
    assert_eq!((code, found), (Some(0), false));
}

#[test]
fn top() {
    let files = files();
    let evidence = |n: &str| {
        let ran = deguchi(&files, &["replay", "--top", n, "x.log"]);
        ran.out.lines().filter(|l| l.trim_start().starts_with('+')).count()
    };
    assert_eq!(evidence("0"), 0);
    assert!(evidence("1") > 3);
}

#[test]
fn environment_and_file() {
    let files = files();
    files.write("d.toml", b"format = \"combined\"\ntop = 0\n");
    // Defaults < file < environment < flags.
    assert_eq!(deguchi(&files, &["replay", "--config", "d.toml", "x.log"]).code, Some(3));
    let with = |name: &str| {
        let mut command = command(&files, &["replay", "--config", "d.toml", "x.log"]);
        told(command.env("DEGUCHI_FORMAT", name).output().unwrap()).code
    };
    assert_eq!((with("squid"), with("common")), (Some(0), Some(3)));
    let ran = deguchi(&files, &["replay", "--config", "d.toml", "--format", "auto", "x.log"]);
    assert!(ran.code == Some(0) && !ran.out.lines().any(|l| l.trim_start().starts_with('+')), "{}", ran.out);
}

#[test]
fn lists_are_read_and_what_is_bad_in_them_is_told() {
    let files = files();
    files.write("good.txt", b"evil.example\n192.0.2.0/24 # a network\n");
    files.write("bad.txt", format!("evil.example\n{}", "no\x1b[31m entry\n".repeat(25)).as_bytes());
    let said = |args: &[&str]| {
        let ran = deguchi(&files, &[&["replay", "x.log"][..], args].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.err
    };
    let err = said(&["--ioc", "good.txt"]);
    assert!(err.contains("good.txt, line 2: `192.0.2.0/24` is a network"), "{err}");
    let err = said(&["--ioc", "good.txt", "--ioc", "bad.txt"]);
    assert!(err.contains("\n") && err.contains("16 more entries") && !err.contains('\x1b'), "{err}");
    assert_eq!(said(&["--quiet", "--ioc", "bad.txt"]), "");
}

#[test]
fn files_named_in_the_settings_lie_beside_them() {
    let files = files();
    let etc = files.dir().join("etc");
    std::fs::create_dir(&etc).unwrap();
    std::fs::write(etc.join("d.toml"), "ioc = [\"one.txt\"]\nallow = \"a.toml\"\nsites = \"s.toml\"\n").unwrap();
    std::fs::write(etc.join("a.toml"), "[[allow]]\nclient = \"pc\"\nreason = \"x\"\n").unwrap();
    std::fs::write(etc.join("s.toml"), "A = [\"192.0.2.0/24\"]\n").unwrap();
    let run = || deguchi(&files, &["replay", "--config", "etc/d.toml", "x.log"]);
    let ran = run();
    assert!(ran.code == Some(2) && ran.err.contains("etc/one.txt"), "{}", ran.err);
    std::fs::write(etc.join("one.txt"), "evil.example\n").unwrap();
    assert_eq!(run().code, Some(0));
    std::fs::write(etc.join("d.toml"), "ioc = \"one.txt\"\nsites = \"none.toml\"\n").unwrap();
    let ran = run();
    assert!(ran.code == Some(2) && ran.err.contains("etc/none.toml"), "{}", ran.err);
}

#[test]
fn why_shows_the_card_of_any_pair() {
    let files = files();
    let of = |args: &[&str]| {
        let ran = deguchi(&files, args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        ran.out
    };
    // Any host of the domain will do, and it is shown defanged.
    let alerting = of(&["replay", "--tz", "UTC", "--why", "10.0.0.1", "www.evil.example", "x.log"]);
    assert!(alerting.starts_with("10.0.0.1 with evil[.]example: 640 requests, 0 denied"), "{alerting}");
    assert!(alerting.contains("\nbeacon 7") && alerting.contains("interval_concentration"), "{alerting}");
    let silent = of(&["replay", "--why", "10.0.0.2", "evil.example", "x.log"]);
    assert!(silent.contains("never met"), "{silent}");
    assert_eq!(deguchi(&files, &["replay", "--why", "10.0.0.1", "x.log"]).code, Some(2));
}
