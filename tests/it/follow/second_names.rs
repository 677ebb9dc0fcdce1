//! F11, F12, F30: links and odd names.

use std::os::unix::fs::symlink;

use deguchi::input::ErrorReason;

use super::*;

/// Points `name` at another target, as `ln -sfn` does.
fn switch(watch: &Watch, name: &str, target: &str) {
    symlink(target, watch.path(".new")).unwrap();
    watch.rename(".new", name);
}

#[test]
fn f11_a_link_switched_to_a_new_target() {
    for down in [false, true] {
        let mut watch = Watch::new("current");
        watch.append("day1", log(0, 10));
        switch(&watch, "current", "day1");
        watch.pass(1);
        watch.append("day1", log(10, 15));
        watch.append("day2", log(15, 20));
        if down {
            watch.restart();
        }
        switch(&watch, "current", "day2");
        watch.pass(5);
        watch.append("day2", log(20, 25));
        watch.pass(1);
        watch.gave(&[&log(0, 25)]);
        watch.was_smooth();
    }
}

#[test]
fn f11_the_target_of_a_link_is_rotated_where_it_is() {
    for down in [false, true] {
        let mut watch = Watch::new("access.log");
        fs::create_dir(watch.path("data")).unwrap();
        watch.append("data/squid.log", log(0, 10));
        switch(&watch, "access.log", "data/squid.log");
        watch.pass(1);
        watch.append("data/squid.log", log(10, 15));
        if down {
            watch.restart();
        }
        for n in [15, 20] {
            watch.rename("data/squid.log", &format!("data/squid.log.{}", 30 - n));
            watch.append("data/squid.log", log(n, n + 5));
        }
        watch.pass(8);
        watch.gave(&[&log(0, 25)]);
        watch.was_smooth();
    }
}

#[test]
fn f11_loops_and_links_to_nothing_are_counted_without_spinning() {
    for (pattern, target) in [("loop", "loop"), ("loop*", "loop"), ("gone", "nowhere"), ("gone*", "nowhere")] {
        let mut watch = Watch::new(pattern);
        symlink(target, watch.path(pattern.trim_end_matches('*'))).unwrap();
        watch.pass(120);
        let errors = watch.count(Happening::Failed(ErrorReason::Open));
        assert!((5..15).contains(&errors), "{pattern}: {errors} of {:?}", watch.happened());
        fs::remove_file(watch.path(pattern.trim_end_matches('*'))).unwrap();
        watch.append(pattern.trim_end_matches('*'), log(0, 5));
        watch.pass(40);
        watch.gave(&[&log(0, 5)]);
    }
}

#[test]
fn f11_a_directory_is_no_log() {
    let mut watch = Watch::new("access.log");
    fs::create_dir(watch.path("access.log")).unwrap();
    watch.pass(2);
    assert!(watch.count(Happening::Failed(ErrorReason::Open)) > 0);
    watch.gave(&[]);
}

#[test]
fn f12_a_file_with_two_names_is_read_once() {
    let mut watch = Watch::new("*.log");
    watch.append("a.log", log(0, 10));
    fs::hard_link(watch.path("a.log"), watch.path("b.log")).unwrap();
    symlink("a.log", watch.path("c.log")).unwrap();
    watch.pass(1);
    fs::hard_link(watch.path("a.log"), watch.path("d.log")).unwrap();
    watch.pass(1);
    watch.append("a.log", log(10, 15));
    watch.pass(1);
    // The second name keeps the old file when the first is rotated.
    watch.rename("a.log", "a.log.1");
    watch.append("a.log", log(15, 20));
    watch.pass(8);
    watch.restart();
    watch.append("a.log", log(20, 25));
    watch.pass(8);
    watch.gave(&[&log(0, 25)]);
    watch.was_smooth();
}

#[test]
fn f12_rotated_files_that_match_are_no_logs_of_their_own() {
    let mut watch = Watch::new("*");
    for proxy in ["proxy1", "proxy10", "squid", "squid-eu"] {
        watch.append(proxy, format!("{proxy} now\n"));
        watch.append(&format!("{proxy}.1"), format!("{proxy} old\n"));
        watch.append(&format!("{proxy}-20260101.gz"), gzip(b"older\n"));
    }
    watch.pass(8);
    let streams: Vec<&str> = watch.lines.keys().map(String::as_str).collect();
    assert_eq!(streams, ["proxy1", "proxy10", "squid", "squid-eu"]);
    assert!(watch.lines.iter().all(|(name, lines)| *lines == [format!("{name} now")]), "{:?}", watch.lines);
}

#[test]
fn f12_a_rotated_file_seen_before_its_live_one() {
    let mut watch = Watch::new("access.log*");
    watch.append("access.log.1", log(0, 10));
    watch.pass(1);
    watch.append("access.log", log(10, 20));
    watch.append("access.log.1", log(90, 91));
    watch.pass(5);
    watch.rename("access.log.1", "access.log.2");
    watch.rename("access.log", "access.log.1");
    watch.append("access.log", log(20, 30));
    watch.pass(8);
    let all = |text: String| text.lines().map(str::to_string).collect::<Vec<_>>();
    assert_eq!(watch.lines["access.log.1"], all(log(0, 10) + &log(90, 91)));
    assert_eq!(watch.lines["access.log"], all(log(10, 30)));
    assert_eq!(watch.checkpoint.positions().len(), 1, "the stream that was none has ended");
}

#[test]
fn f30_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"prox\xff\xe9.log");
    for pattern in [std::ffi::OsStr::new("*.log"), name] {
        let mut watch = Watch::new("x");
        watch.pattern = watch.folder.path().join(pattern);
        watch.follow = Follow::new(&watch.pattern, watch.settings, None).unwrap();
        let path = watch.folder.path().join(name);
        append(&path, log(0, 10).as_bytes());
        watch.pass(1);
        watch.restart();
        let mut old = path.clone().into_os_string();
        old.push(".1");
        append(&path, log(10, 20).as_bytes());
        fs::rename(&path, &old).unwrap();
        append(&path, log(20, 30).as_bytes());
        watch.pass(5);
        watch.gave(&[&log(0, 30)]);
        watch.was_smooth();
    }
}
