//! F15–F22: which file is which.

use super::*;

/// Makes a file with the inode number of one deleted just before, if the file system gives it away again.
fn reuse(watch: &Watch, name: &str, text: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    let path = watch.path(name);
    let before = fs::metadata(&path).unwrap().ino();
    fs::remove_file(&path).unwrap();
    for n in 0..50 {
        let other = watch.path(&format!("try{n}"));
        fs::write(&other, text).unwrap();
        if fs::metadata(&other).unwrap().ino() == before {
            fs::rename(&other, &path).unwrap();
            return true;
        }
    }
    fs::write(&path, text).unwrap();
    false
}

#[test]
fn f15_another_file_with_the_same_inode() {
    for after in [5, 50] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        // Nobody has it open, so the number is free.
        watch.follow = Follow::new(Path::new("/nowhere"), settings(), None).unwrap();
        let reused = reuse(&watch, "access.log", &log(100, 100 + after));
        watch.restart();
        watch.pass(5);
        watch.gave(&[&log(0, 10), &log(100, 100 + after)]);
        if reused {
            assert_eq!(watch.notes.iter().filter(|note| note.what.discontinuity().is_some()).count(), 1);
        } else {
            eprintln!("the file system did not reuse the inode");
        }
        assert_eq!(watch.lost(), 0);
    }
}

#[test]
fn f16_logs_with_an_identical_head_are_two() {
    let head = format!("{}{}", "#Software: SGOS\n#Fields: date time cs-host\n", log(0, 200));
    assert!(head.len() > 8192);
    let mut watch = Watch::new("*.log");
    watch.append("a.log", &head);
    watch.append("b.log", &head);
    watch.pass(1);
    watch.append("a.log", log(1000, 1010));
    watch.append("b.log", log(2000, 2010));
    watch.restart();
    watch.pass(5);
    let all = |tail: String| format!("{head}{tail}").lines().map(str::to_string).collect::<Vec<_>>();
    assert_eq!(watch.lines["a.log"], all(log(1000, 1010)));
    assert_eq!(watch.lines["b.log"], all(log(2000, 2010)));
    watch.was_smooth();
}

#[test]
fn f16_generations_with_an_identical_head_are_two() {
    let head = format!("#Fields: date time cs-host\n{}", "the same line\n".repeat(1000));
    for down in [false, true] {
        let mut watch = Watch::new("a.log");
        watch.append("a.log", format!("{head}{}", log(0, 20)));
        watch.pass(1);
        if down {
            watch.restart();
        }
        watch.rename("a.log", "a.log.1");
        watch.append("a.log", format!("{head}{}", log(20, 25)));
        watch.pass(5);
        watch.gave(&[&head, &log(0, 20), &head, &log(20, 25)]);
        watch.was_smooth();
    }
}

#[test]
fn f17_cut_to_nothing_and_grown_to_less() {
    for down in [false, true] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        if down {
            watch.restart();
        }
        watch.truncate("access.log", 0);
        watch.append("access.log", log(10, 14));
        watch.pass(1);
        watch.gave(&[&log(0, 14)]);
        assert_eq!(watch.happened(), [Happening::Truncated]);
    }
}

#[test]
fn f18_cut_to_nothing_and_grown_to_more() {
    for down in [false, true] {
        for to in [30, 60] {
            let mut watch = Watch::new("access.log");
            watch.append("access.log", log(10, 20));
            watch.pass(1);
            if down {
                watch.restart();
            }
            watch.truncate("access.log", 0);
            // To the very same length, and to more.
            watch.append("access.log", log(20, to));
            if to == 30 {
                assert_eq!(log(20, 30).len(), log(10, 20).len());
                std::thread::sleep(Duration::from_millis(20));
                let now = std::time::SystemTime::now();
                OpenOptions::new().append(true).open(watch.path("access.log")).unwrap().set_modified(now).unwrap();
            }
            watch.pass(1);
            watch.gave(&[&log(10, to)]);
            assert_eq!(watch.happened(), [Happening::Rewritten { bytes: 0 }]);
        }
    }
}

#[test]
fn f19_cut_to_a_shorter_beginning() {
    for down in [false, true] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        if down {
            watch.restart();
        }
        watch.truncate("access.log", log(0, 4).len() as u64);
        watch.pass(1);
        watch.append("access.log", log(10, 30));
        watch.pass(1);
        watch.gave(&[&log(0, 30)]);
        assert_eq!(watch.happened(), [Happening::Truncated]);
    }
}

#[test]
fn f19_cut_between_what_was_read_and_what_was_not() {
    let mut watch = Watch::with("access.log", FollowSettings { chunk: 700, poll: 700, ..settings() });
    watch.append("access.log", log(0, 100));
    watch.poll();
    let read = watch.given().len();
    watch.truncate("access.log", log(0, read + 5).len() as u64);
    watch.pass(3);
    watch.gave(&[&log(0, read + 5)]);
    assert_eq!(watch.lost(), log(read + 5, 100).len() as u64);
}

#[test]
fn f21_replaced_by_a_longer_copy_of_itself() {
    for down in [false, true] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", log(0, 10));
        watch.pass(1);
        if down {
            watch.restart();
        }
        fs::write(watch.path(".access.log.tmp"), log(0, 20)).unwrap();
        watch.rename(".access.log.tmp", "access.log");
        watch.pass(5);
        watch.append("access.log", log(20, 25));
        watch.pass(5);
        watch.gave(&[&log(0, 25)]);
        watch.was_smooth();
    }
}

#[test]
fn f22_a_file_that_grows_by_a_byte() {
    let mut watch = Watch::new("access.log");
    let text = log(0, 5);
    for byte in text.as_bytes() {
        watch.append("access.log", [*byte]);
        watch.poll();
        if *byte == b'\n' {
            watch.restart();
        }
    }
    watch.gave(&[&text]);
    watch.was_smooth();
}
