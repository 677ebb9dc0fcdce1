//! F01–F10, F13, F14: rotation.

use super::*;

#[test]
fn f01_a_writer_that_keeps_the_old_file_for_five_seconds() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    let mut writer = OpenOptions::new().append(true).open(watch.path("access.log")).unwrap();
    watch.rename("access.log", "access.log.1");
    File::create(watch.path("access.log")).unwrap();
    for second in 0..5 {
        writer.write_all(log(10 + second, 11 + second).as_bytes()).unwrap();
        watch.pass(1);
    }
    watch.append("access.log", log(15, 20));
    watch.pass(5);
    watch.gave(&[&log(0, 20)]);
    watch.was_smooth();
    assert_eq!(watch.count(Happening::Rotated), 1);
}

#[test]
fn f01_the_next_file_is_read_at_once() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    watch.rename("access.log", "access.log.1");
    watch.append("access.log", log(10, 15));
    watch.poll();
    watch.gave(&[&log(0, 15)]);
}

/// A log with lines 0 to 9 that was renamed, and a new one with lines 20 to 24; both are read.
fn rotated() -> Watch {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    watch.rename("access.log", "access.log.1");
    watch.append("access.log", log(20, 25));
    watch.poll();
    watch
}

#[test]
fn f01_what_others_still_write_to_the_old_file_is_read_beside_the_new_one() {
    for restart in [false, true] {
        let mut watch = rotated();
        watch.append("access.log.1", log(10, 15));
        watch.poll();
        if restart {
            watch.compress("access.log.1", "access.log.1.gz", gzip);
            watch.restart();
            watch.poll();
            watch.gave(&[&log(0, 10), &log(20, 25), &log(10, 15)]);
            continue;
        }
        watch.pass(1);
        watch.append("access.log.1", log(15, 20));
        watch.append("access.log", log(25, 30));
        watch.pass(5);
        watch.gave(&[&log(0, 10), &log(20, 25), &log(10, 15), &log(15, 20), &log(25, 30)]);
        watch.was_smooth();
        assert_eq!(watch.follow.gauges().detached, 0, "given back when it was silent");
    }
}

#[test]
fn f01_what_was_written_to_the_old_file_while_nobody_followed_is_read() {
    let mut watch = rotated();
    watch.append("access.log.1", log(10, 15));
    watch.append("access.log", log(25, 30));
    watch.restart();
    watch.pass(5);
    watch.gave(&[&log(0, 10), &log(20, 25), &log(10, 15), &log(25, 30)]);
    watch.was_smooth();
}

#[test]
fn f01_many_files_missed_are_read_without_waiting_for_each() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    for n in 1..=6 {
        shift(&watch, 10);
        watch.append("access.log", log(n * 10, n * 10 + 10));
    }
    watch.pass(1);
    watch.gave(&[&log(0, 70)]);
}

#[test]
fn f02_a_backlog_in_the_old_file_comes_first() {
    let settings = FollowSettings { chunk: 4096, poll: 8192, ..settings() };
    let mut watch = Watch::with("access.log", settings);
    watch.append("access.log", log(0, 5000));
    assert!(watch.poll());
    watch.rename("access.log", "access.log.1");
    watch.append("access.log", log(5000, 5100));
    assert!(watch.poll());
    assert!(watch.given().len() < 400, "a poll is bounded");
    assert!(watch.follow.gauges().pending > 100_000);
    watch.pass(5);
    watch.gave(&[&log(0, 5100)]);
    watch.was_smooth();
    assert_eq!(watch.follow.gauges().pending, 0);
}

/// Renames `access.log.N` to `N + 1`, the live file to `.1`.
fn shift(watch: &Watch, keep: usize) {
    for n in (1..keep).rev() {
        for end in ["", ".gz", ".zst"] {
            let name = format!("access.log.{n}{end}");
            if watch.path(&name).exists() {
                watch.rename(&name, &format!("access.log.{}{end}", n + 1));
            }
        }
    }
    watch.rename("access.log", "access.log.1");
}

#[test]
fn f03_several_rotations_between_two_polls() {
    for times in [2, 3, 7] {
        let mut watch = Watch::new("access.log*");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        for n in 1..=times {
            watch.append("access.log", log(10 * n, 10 * n + 5));
            shift(&watch, 9);
            watch.append("access.log", log(10 * n + 5, 10 * n + 10));
        }
        watch.pass(30);
        watch.gave(&[&log(0, 10 * times + 10)]);
        watch.was_smooth();
        assert_eq!(watch.count(Happening::Rotated), times);
    }
}

#[test]
fn f03_a_backlog_through_rotations_that_delete_the_oldest() {
    let settings = FollowSettings { chunk: 1000, poll: 2000, ..settings() };
    let mut watch = Watch::with("access.log", settings);
    watch.append("access.log", log(0, 500));
    watch.poll();
    for n in 1..6 {
        shift(&watch, 2);
        watch.append("access.log", log(500 * n, 500 * n + 500));
        watch.poll();
    }
    watch.pass(30);
    watch.gave(&[&log(0, 3000)]);
    watch.was_smooth();
}

#[test]
fn f04_rotation_out_of_sight() {
    let mut watch = Watch::new("*.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    fs::create_dir(watch.path("old")).unwrap();
    watch.append("access.log", log(10, 15));
    watch.rename("access.log", "old/2026.txt");
    watch.append("old/2026.txt", log(15, 20));
    watch.append("access.log", log(20, 30));
    watch.pass(5);
    watch.gave(&[&log(0, 30)]);
    watch.was_smooth();
}

/// As logrotate does it: copy, then truncate.
fn copytruncate(watch: &Watch, to: &str) {
    fs::copy(watch.path("access.log"), watch.path(to)).unwrap();
    watch.truncate("access.log", 0);
}

#[test]
fn f05_copytruncate_with_nothing_unread() {
    for copy in ["access.log.1", "elsewhere"] {
        let mut watch = Watch::new("access.log*");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        copytruncate(&watch, copy);
        watch.append("access.log", log(10, 14));
        watch.pass(5);
        watch.gave(&[&log(0, 14)]);
        assert_eq!(watch.lost(), 0);
    }
}

#[test]
fn f06_copytruncate_with_a_backlog_is_read_from_the_copy() {
    for (pattern, down) in [("access.log*", false), ("access.log", false), ("access.log", true)] {
        let settings = FollowSettings { chunk: 1000, poll: 2000, ..settings() };
        let mut watch = Watch::with(pattern, settings);
        watch.append("access.log", log(0, 100));
        assert!(watch.poll());
        if down {
            watch.restart();
        }
        copytruncate(&watch, "access.log.1");
        watch.append("access.log", log(100, 120));
        watch.pass(5);
        watch.gave(&[&log(0, 120)]);
        watch.was_smooth();
    }
}

#[test]
fn f06_copytruncate_twice_and_compressed() {
    let mut watch = Watch::new("access.log*");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    watch.append("access.log", log(10, 20));
    copytruncate(&watch, "access.log.1");
    watch.append("access.log", log(20, 40));
    watch.gzip("access.log.1", "access.log.2.gz");
    copytruncate(&watch, "access.log.1");
    watch.append("access.log", log(40, 100));
    watch.pass(8);
    watch.gave(&[&log(0, 100)]);
    watch.was_smooth();
}

#[test]
fn f06_copytruncate_before_the_first_line_was_read() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", "half a li");
    watch.pass(1);
    watch.append("access.log", "ne\n");
    copytruncate(&watch, "access.log.1");
    watch.append("access.log", "another\n");
    watch.pass(5);
    watch.gave(&["half a line", "another"]);
    assert_eq!(watch.lost(), 0);
}

#[test]
fn f07_copytruncate_with_a_backlog_and_no_copy_is_counted() {
    for after in [5, 200] {
        let settings = FollowSettings { chunk: 1000, poll: 2000, ..settings() };
        let mut watch = Watch::with("access.log", settings);
        watch.append("access.log", log(0, 100));
        assert!(watch.poll());
        let read = watch.given().len();
        copytruncate(&watch, "hidden");
        watch.append("access.log", log(100, 100 + after));
        watch.pass(5);
        watch.gave(&[&log(0, read), &log(100, 100 + after)]);
        assert_eq!(watch.lost(), log(read, 100).len() as u64, "{:?}", watch.happened());
    }
}

#[test]
fn f08_rotated_while_nobody_followed() {
    for times in 1..4 {
        for compress in [false, true] {
            let mut watch = Watch::new("access.log*");
            watch.append("access.log", log(0, 10));
            watch.pass(1);
            watch.restart();
            for n in 1..=times {
                watch.append("access.log", log(10 * n, 10 * n + 10));
                shift(&watch, 9);
                if compress && watch.path("access.log.2").exists() {
                    watch.gzip("access.log.2", "access.log.2.gz");
                }
            }
            watch.append("access.log", log(10 * times + 10, 10 * times + 20));
            watch.pass(20);
            watch.gave(&[&log(0, 10 * times + 20)]);
            watch.was_smooth();
        }
    }
}

#[test]
fn f08_history_is_not_read_and_the_end_is_kept() {
    for from in [From::Start, From::End] {
        let mut watch = Watch::with("access.log*", FollowSettings { from, ..settings() });
        watch.append("access.log.2", log(0, 10));
        watch.append("access.log.1", log(10, 20));
        std::thread::sleep(Duration::from_millis(20));
        watch.append("access.log", log(20, 30));
        watch.append("access.log", "begun ");
        watch.pass(1);
        watch.restart();
        watch.append("access.log", "and ended\n");
        shift(&watch, 5);
        watch.append("access.log", log(31, 40));
        watch.pass(5);
        let old = if from == From::End { String::new() } else { log(20, 30) };
        watch.gave(&[&old, "begun and ended", &log(31, 40)]);
        watch.was_smooth();
    }
}

#[test]
fn f09_rotated_and_compressed_while_down_or_reading() {
    let ways: [(&str, Compress); 2] = [("gz", gzip), ("zst", zstd)];
    for (end, how) in ways {
        for down in [false, true] {
            let settings = FollowSettings { chunk: 3000, poll: 6000, ..settings() };
            let mut watch = Watch::with("access.log*", settings);
            watch.append("access.log", log(0, 300));
            assert!(watch.poll());
            if down {
                watch.restart();
            }
            shift(&watch, 5);
            watch.append("access.log", log(300, 310));
            if !down {
                watch.poll();
            }
            watch.compress("access.log.1", &format!("access.log.1.{end}"), how);
            watch.poll();
            watch.pass(8);
            watch.gave(&[&log(0, 310)]);
            watch.was_smooth();
        }
    }
}

#[test]
fn f10_dates_numbers_and_delayed_compression() {
    let mut watch = Watch::new("access.log*");
    let mut next = 0;
    let mut write = |watch: &Watch, n: usize| {
        watch.append("access.log", log(next, next + n));
        next += n;
    };
    write(&watch, 10);
    watch.pass(1);
    for day in 1..6 {
        write(&watch, 5);
        watch.rename("access.log", &format!("access.log-2026010{day}"));
        write(&watch, 5);
        if day > 1 {
            let old = format!("access.log-2026010{}", day - 1);
            watch.gzip(&old, &format!("{old}.gz"));
        }
        match day {
            2 => watch.restart(),
            3 => {}
            _ => watch.pass(5),
        }
    }
    write(&watch, 5);
    watch.pass(30);
    watch.gave(&[&log(0, 65)]);
    watch.was_smooth();
}

#[test]
fn f13_deleted_while_open_and_made_again() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 10));
    watch.pass(1);
    let mut writer = OpenOptions::new().append(true).open(watch.path("access.log")).unwrap();
    fs::remove_file(watch.path("access.log")).unwrap();
    writer.write_all(log(10, 20).as_bytes()).unwrap();
    watch.pass(3);
    writer.write_all(log(20, 30).as_bytes()).unwrap();
    watch.append("access.log", log(30, 40));
    watch.pass(5);
    watch.gave(&[&log(0, 40)]);
    watch.was_smooth();
}

#[test]
fn f13_deleted_for_good_is_let_go() {
    let mut watch = Watch::new("*.log");
    watch.append("a.log", log(0, 10));
    watch.append("a.log", "no end");
    watch.pass(1);
    fs::remove_file(watch.path("a.log")).unwrap();
    watch.pass(5);
    assert_eq!(watch.follow.gauges().open, 1);
    watch.pass(30);
    assert_eq!(watch.follow.gauges().open, 0);
    watch.gave(&[&log(0, 10), "no end"]);
    watch.append("a.log", log(11, 20));
    watch.pass(5);
    watch.gave(&[&log(0, 10), "no end", &log(11, 20)]);
}

#[test]
fn b18_deleted_files_held_open_are_few() {
    let mut watch = Watch::with("*.log", FollowSettings { max_open: 3, ..settings() });
    for n in 0..10 {
        watch.append(&format!("{n}.log"), log(n, n + 1));
    }
    watch.pass(1);
    for n in 0..10 {
        fs::remove_file(watch.path(&format!("{n}.log"))).unwrap();
    }
    watch.pass(1);
    assert_eq!(watch.follow.gauges().open, 3);
    assert_eq!(watch.lost(), 0);
}

/// Its lines were read, but no checkpoint knows of it: all of it is read again, and nothing that was there before it.
#[test]
fn f08_a_log_that_came_after_the_last_checkpoint_and_was_rotated() {
    for (pattern, from) in [("access.log", From::Start), ("access.log", From::End), ("access.log*", From::End)] {
        let mut watch = Watch::with(pattern, FollowSettings { from, ..settings() });
        if pattern == "access.log" {
            watch.append("access.log.7", log(0, 10));
            let hour_ago = std::time::SystemTime::now() - 3600 * SECOND;
            File::open(watch.path("access.log.7")).unwrap().set_modified(hour_ago).unwrap();
        }
        watch.poll();
        watch.checkpoint.looked([watch.pattern.as_path()], std::time::SystemTime::now());
        let stored = watch.checkpoint.clone();
        watch.append("access.log", log(10, 20));
        watch.pass(1);
        watch.gave(&[&log(10, 20)]);
        watch.append("access.log", log(20, 30));
        watch.rename("access.log", "access.log.1");
        watch.append("access.log", log(30, 40));
        (watch.checkpoint, watch.lines) = (stored, BTreeMap::new());
        watch.restart();
        watch.pass(5);
        watch.gave(&[&log(10, 40)]);
        watch.was_smooth();
    }
}
