//! F42 and what else concerns archives of a live log.

use deguchi::input::ErrorReason;

use super::*;

/// Gzip in members of about `size` bytes.
fn members(bytes: &[u8], size: usize) -> Vec<u8> {
    bytes.chunks(size).flat_map(gzip).collect()
}

#[test]
fn f42_killed_in_the_middle_of_a_member() {
    let ways: [(&str, Compress); 3] = [("gz", gzip), ("gz", |bytes| members(bytes, 10_000)), ("zst", zstd)];
    for (end, how) in ways {
        let settings = FollowSettings { chunk: 5_000, poll: 15_000, ..settings() };
        let mut watch = Watch::with("access.log*", settings);
        watch.append("access.log", log(0, 2000));
        watch.poll();
        watch.restart();
        watch.rename("access.log", "access.log.1");
        watch.append("access.log", log(2000, 2010));
        watch.compress("access.log.1", &format!("access.log.1.{end}"), how);
        let mut crashes = 0;
        while watch.poll() {
            watch.restart();
            crashes += 1;
        }
        assert!(crashes > 5, "{crashes}");
        watch.pass(8);
        watch.gave(&[&log(0, 2010)]);
        watch.was_smooth();
    }
}

#[test]
fn b9_an_archive_still_being_written_is_waited_for() {
    let mut watch = Watch::new("access.log");
    watch.append("access.log", log(0, 100));
    watch.pass(1);
    watch.append("access.log", log(100, 2000));
    watch.restart();
    let archive = gzip(&fs::read(watch.path("access.log")).unwrap());
    fs::remove_file(watch.path("access.log")).unwrap();
    watch.append("access.log", log(2000, 2010));
    for piece in archive.chunks(archive.len() / 5 + 1) {
        watch.append("access.log.1.gz", piece);
        watch.pass(1);
    }
    watch.pass(8);
    watch.gave(&[&log(0, 2010)]);
    watch.was_smooth();
}

#[test]
fn b9_a_damaged_archive_gives_what_it_has_and_is_counted() {
    for (damage, trouble) in [(true, ErrorReason::TruncatedArchive), (false, ErrorReason::CorruptArchive)] {
        let mut watch = Watch::with("access.log", FollowSettings { chunk: 1000, ..settings() });
        watch.append("access.log", log(0, 100));
        watch.pass(1);
        watch.append("access.log", log(100, 3000));
        watch.restart();
        let mut archive = members(&fs::read(watch.path("access.log")).unwrap(), 20_000);
        fs::remove_file(watch.path("access.log")).unwrap();
        let middle = archive.len() / 2;
        if damage {
            archive.truncate(middle);
        } else {
            archive[middle..middle + 40].fill(0xff);
        }
        watch.append("access.log.1.gz", &archive);
        watch.append("access.log", log(3000, 3010));
        watch.pass(10);
        let given = watch.given();
        let upto = given.len() - 10;
        assert!((1000..2000).contains(&upto), "{upto}");
        watch.gave(&[&log(0, upto), &log(3000, 3010)]);
        assert_eq!(watch.count(Happening::Failed(trouble)), 1, "{:?}", watch.notes);
    }
}
