//! The real `logrotate`, in the ways it is set up: every line once, in order.
//!
//! Needs `logrotate`. Where it is missing the tests fail if `CI` is set and are skipped otherwise.

use std::process::Command;

use super::*;

/// What the follower is doing while the log is rotated.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// All is read.
    Up,
    /// Most is not.
    Behind,
    /// It is not running.
    Down,
}

use Reader::{Behind, Down, Up};

/// Rotates a log again and again, with somebody who writes before and after.
fn rotates(options: &str, pattern: &str) {
    let Some(program) = crate::servers::program("logrotate", "logrotate") else { return };
    let mut watch = Watch::with(pattern, FollowSettings { chunk: 2000, poll: 4000, ..settings() });
    let (log_file, config, state) = (watch.path("access.log"), watch.path("rotate.conf"), watch.path("rotate.state"));
    fs::write(&config, format!("\"{}\" {{\nrotate 20\nnotifempty\n{options}\n}}\n", log_file.display())).unwrap();
    let mut written = 0;
    let mut write = |watch: &Watch, n: usize| {
        watch.append("access.log", log(written, written + n));
        written += n;
    };
    write(&watch, 20);
    watch.pass(1);
    for reader in [Up, Up, Behind, Behind, Down, Up, Down, Down, Behind, Down, Up] {
        write(&watch, 200);
        match reader {
            Up => watch.pass(8),
            Behind => {
                watch.poll();
            }
            Down => watch.restart(),
        }
        let ran = Command::new(&program).arg("-f").arg("-s").arg(&state).arg(&config).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && said.is_empty(), "{reader:?}: {said}");
        assert!(fs::metadata(&log_file).unwrap().len() == 0, "{reader:?}: not rotated");
        write(&watch, 30);
        if matches!(reader, Behind) {
            watch.poll();
        }
        // The names have seconds in them.
        std::thread::sleep(Duration::from_millis(if options.contains("%s") { 1010 } else { 10 }));
    }
    watch.pass(60);
    watch.gave(&[&log(0, 20 + 11 * 230)]);
    watch.was_smooth();
}

#[test]
fn f02_f08_logrotate_that_creates() {
    rotates("create", "access.log");
}

#[test]
fn f05_f06_logrotate_that_copies_and_truncates() {
    rotates("copytruncate", "access.log*");
}

#[test]
fn f06_f09_logrotate_that_copies_truncates_and_compresses() {
    rotates("copytruncate\ncompress", "access.log");
}

#[test]
fn f09_logrotate_that_compresses_at_once() {
    rotates("create\ncompress", "access.log*");
}

#[test]
fn f10_logrotate_with_dates_and_delayed_compression() {
    rotates("create\ndateext\ndateformat -%Y%m%d-%s\ncompress\ndelaycompress", "access.log*");
}
