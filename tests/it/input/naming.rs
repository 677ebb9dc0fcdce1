//! F11, F12, F30: what may be named and is read once.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use deguchi::input::{expand, survey};

use super::*;

fn names(directory: &Path, files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|f| f.strip_prefix(directory).unwrap_or(f).to_string_lossy().into_owned()).collect()
}

fn one(path: &PathBuf) -> &[PathBuf] {
    std::slice::from_ref(path)
}

fn tree(files: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "line\n").unwrap();
    }
    directory
}

#[test]
fn f11_links_switched_looping_or_dangling() {
    let directory = tree(&["real/a.log"]);
    let at = |name: &str| directory.path().join(name);
    symlink(at("real/a.log"), at("current.log")).unwrap();
    assert_eq!(expand(&[at("current.log")]).unwrap(), [at("current.log")]);

    symlink(at("nowhere"), at("dangling.log")).unwrap();
    symlink(at("real"), at("real/loop")).unwrap();
    symlink(at("self"), at("self")).unwrap();
    let found = survey(&[directory.path().to_path_buf()]);
    assert_eq!(names(directory.path(), &found.files), ["current.log"], "one file, whatever its names");
    let messages: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 3, "{messages:#?}");
    assert!(messages.iter().any(|m| m.contains("dangling.log") && m.contains("link to nothing")), "{messages:#?}");
    assert!(messages.iter().any(|m| m.contains("real/loop") && m.contains("above it")), "{messages:#?}");
}

#[test]
fn f11_links_back_and_forth_do_not_multiply() {
    let directory = tree(&["d0/a.log"]);
    for i in 1..40 {
        let level = directory.path().join(format!("d{i}"));
        fs::create_dir(&level).unwrap();
        for link in ["x", "y"] {
            symlink(directory.path().join(format!("d{}", i - 1)), level.join(link)).unwrap();
        }
    }
    assert_eq!(expand(&[directory.path().join("d39")]).unwrap().len(), 1);
}

#[test]
fn f12_hard_links_and_repeated_names_are_read_once() {
    let directory = tree(&["a.log", "b.log"]);
    let at = |name: &str| directory.path().join(name);
    fs::hard_link(at("a.log"), at("c.log")).unwrap();
    let files =
        expand(&[at("a.log"), at("a.log"), directory.path().to_path_buf(), at("*.log"), "-".into(), "-".into()]);
    assert_eq!(names(directory.path(), &files.unwrap()), ["a.log", "b.log", "-"]);
}

#[test]
fn directories_are_sorted_and_hidden_entries_skipped() {
    let directory = tree(&["b/2.log", "b/1.log", "a.log", ".hidden.log", ".git/x", "c.log.gz"]);
    let files = expand(&[directory.path().to_path_buf()]).unwrap();
    assert_eq!(names(directory.path(), &files), ["a.log", "b/1.log", "b/2.log", "c.log.gz"]);
}

#[test]
fn patterns_apply_when_no_file_has_that_name() {
    let directory = tree(&["a.log", "b.gz", "deep/er/c.log", "x[1].log", "x1.log", ".h.log"]);
    let found = |pattern: &str| expand(&[directory.path().join(pattern)]).map(|f| names(directory.path(), &f));
    assert_eq!(found("*.log").unwrap(), ["a.log", "x1.log", "x[1].log"]);
    assert_eq!(found("**/*.log").unwrap(), ["a.log", "deep/er/c.log", "x1.log", "x[1].log"]);
    assert_eq!(found("*.{gz,zst}").unwrap(), ["b.gz"]);
    assert_eq!(found("deep/*/c.log").unwrap(), ["deep/er/c.log"]);
    assert_eq!(found(".h*").unwrap(), [".h.log"]);
    assert_eq!(found("x[1].log").unwrap(), ["x[1].log"], "the literal name wins");
    assert!(found("*.zst").unwrap_err().to_string().contains("matches none"));
    assert!(found("x[").unwrap_err().to_string().contains("not a valid pattern"));
}

#[test]
fn what_cannot_be_read_is_said_clearly() {
    let directory = tree(&["empty/.hidden"]);
    let said = |path: PathBuf| {
        let error = expand(&[path]).unwrap_err();
        assert_eq!(error.reason().as_str(), "open");
        error.to_string()
    };
    assert!(said(directory.path().join("missing.log")).contains("missing.log: cannot open"));
    assert!(said(directory.path().join("empty")).contains("no file to read in this directory"));
    assert!(said("/dev/zero".into()).contains("device"));
    let error = Source::open(Path::new("/dev/zero"), 10).unwrap_err();
    assert!(error.to_string().contains("device"));
    assert!(Source::open(directory.path(), 10).unwrap_err().to_string().contains("is a directory"));
}

#[test]
fn f30_file_names_need_not_be_utf8() {
    let directory = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"\x83\x8d\x83O\xff.log");
    let path = directory.path().join(name);
    if fs::write(&path, "line\n").is_err() {
        return; // the file system itself insists on UTF-8
    }
    assert_eq!(expand(one(&path)).unwrap(), one(&path));
    assert_eq!(expand(&[directory.path().to_path_buf()]).unwrap(), one(&path));
    assert_eq!(expand(&[directory.path().join("*.log")]).unwrap(), one(&path));
    assert_eq!(drain(Source::open(&path, 64).unwrap(), 64).bytes, b"line\n");
    let missing = directory.path().join(OsStr::from_bytes(b"\xff\xfe"));
    assert!(expand(&[missing]).unwrap_err().to_string().contains("\\xFF\\xFE"));
}

#[test]
fn process_substitution_works() {
    for bytes in [log(5000), gzip(&log(5000)), zstd(&log(5000))] {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        assert_eq!(expand(one(&path)).unwrap(), one(&path));
        let sender = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
        let source = Source::open(&path, 1 << 20).unwrap();
        assert_eq!(source.size(), None);
        assert_eq!(drain(source, 1 << 20).bytes, log(5000));
        sender.join().unwrap();
    }
}
