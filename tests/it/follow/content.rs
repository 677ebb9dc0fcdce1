//! F23–F25 and, as far as live files differ from archives, F26, F27: what stands in a file.

use super::*;

#[test]
fn f23_a_line_completed_later_is_one_line() {
    for seconds in [0, 600] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", "first\nhalf ");
        watch.pass(1);
        watch.gave(&["first"]);
        watch.pass(seconds);
        watch.append("access.log", "a line\n");
        watch.pass(1);
        watch.gave(&["first", "half a line"]);
        watch.was_smooth();
    }
}

#[test]
fn f24_half_a_line_then_a_crash_then_the_rest() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", "first\nhalf ");
    watch.pass(1);
    watch.restart();
    watch.pass(1);
    watch.append("access.log", "a line\n");
    watch.restart();
    watch.pass(1);
    watch.gave(&["first", "half a line"]);
    watch.was_smooth();
}

#[test]
fn f25_half_a_line_at_the_end_of_a_rotated_file() {
    for down in [false, true] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", "first\nhalf a line");
        watch.pass(1);
        watch.rename("access.log", "access.log.1");
        if down {
            watch.restart();
        }
        watch.append("access.log", "second\n");
        watch.pass(1);
        watch.gave(&["first"]);
        watch.pass(5);
        watch.gave(&["first", "half a line", "second"]);
        assert_eq!(watch.count(Happening::UnfinishedLine), 1);
        watch.restart();
        watch.append("access.log", "third\n");
        watch.pass(5);
        watch.gave(&["first", "half a line", "second", "third"]);
        assert_eq!(watch.count(Happening::UnfinishedLine), 1);
    }
}

#[test]
fn f26_an_overlong_line_is_cut_and_the_next_is_whole() {
    for chunk in [100, 100_000] {
        let mut watch = Watch::with("access.log", FollowSettings { chunk, poll: 50_000, ..settings() });
        let long = "x".repeat(5 * LINE_MAX);
        watch.append("access.log", format!("first\n{long}"));
        while watch.poll() {}
        assert_eq!(watch.given().len(), 2, "the beginning of a line is not held back for its end");
        watch.restart();
        watch.append("access.log", "xyz\nlast\n");
        watch.pass(1);
        watch.gave(&["first", &long[..LINE_MAX], "last"]);
        assert_eq!(watch.skipped, (4 * LINE_MAX + 4) as u64);
    }
}

#[test]
fn f27_room_set_aside_is_not_passed_over() {
    for room in [10u64, 1 << 30] {
        let mut watch = Watch::new("access.log");
        let file = File::create(watch.path("access.log")).unwrap();
        file.set_len(room.max(4000)).unwrap();
        let mut at = 0;
        for n in 0..20 {
            use std::os::unix::fs::FileExt;
            let text = log(n, n + 1);
            let (half, rest) = text.split_at(20);
            file.write_all_at(half.as_bytes(), at).unwrap();
            while watch.poll() {}
            file.write_all_at(rest.as_bytes(), at + 20).unwrap();
            at += text.len() as u64;
            while watch.poll() {}
            if n % 5 == 0 {
                watch.restart();
            }
        }
        watch.gave(&[&log(0, 20)]);
        assert_eq!(watch.skipped, 0);
        watch.was_smooth();
    }
}

#[test]
fn f27_the_hole_a_writer_leaves_after_copytruncate() {
    use std::os::unix::fs::FileExt;
    for hole in [0, 1, 1000, 1 << 28] {
        let mut watch = Watch::new("access.log");
        watch.append("access.log", log(0, 200));
        watch.pass(1);
        let file = OpenOptions::new().write(true).open(watch.path("access.log")).unwrap();
        fs::copy(watch.path("access.log"), watch.path("access.log.1")).unwrap();
        file.set_len(0).unwrap();
        watch.pass(3);
        file.write_all_at(log(200, 210).as_bytes(), log(0, 200).len() as u64 + hole).unwrap();
        watch.pass(5);
        watch.gave(&[&log(0, 210)]);
        assert_eq!(watch.lost(), 0);
    }
}

#[test]
fn f28_a_byte_order_mark_is_passed_over() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", b"\xef\xbb\xbf");
    watch.poll();
    watch.append("access.log", "first\r\n\nlast\n");
    watch.poll();
    watch.restart();
    watch.append("access.log", "more\n");
    watch.poll();
    assert_eq!(watch.given(), ["first", "", "last", "more"]);
}
