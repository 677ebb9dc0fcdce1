//! The README shows what the program prints.
//!
//! `UPDATE_README=1 cargo test --test it readme` puts the picture of today into it. That its commands work is checked by
//! `.ci/run`.

use std::path::Path;
use std::process::Command;

/// Lines of the picture.
const LINES: usize = 32;
const MARK: &str = "<!-- picture: ";

#[test]
fn the_picture_is_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let (before, rest) = readme.split_once(MARK).expect("a marked picture");
    let (command, rest) = rest.split_once(" -->\n```text\n").expect("a text block below the mark");
    let (shown, after) = rest.split_once("```\n").expect("the end of the block");
    let words: Vec<&str> = command.split(' ').collect();
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi")).args(words).current_dir(root).output().expect("it runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed = String::from_utf8(run.stdout).expect("UTF-8");
    let mut picture: String = printed.split_inclusive('\n').take(LINES).collect();
    picture.push_str("…\n");
    if std::env::var_os("UPDATE_README").is_some() {
        let text = format!("{before}{MARK}{command} -->\n```text\n{picture}```\n{after}");
        std::fs::write(root.join("README.md"), text).expect("room");
        return;
    }
    assert_eq!(shown, picture, "UPDATE_README=1 cargo test --test it readme puts it right");
    assert!(readme.contains(&format!("cargo run --release -- {command}\n")), "the picture is of the first command");
}
