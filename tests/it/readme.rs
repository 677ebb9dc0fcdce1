//! The README shows what the program prints.
//!
//! `UPDATE_README=1 cargo test --test it readme` puts the pictures of today into it. That its commands work is checked by
//! `.ci/run`.

use std::path::Path;
use std::process::Command;

/// Lines of a picture whose mark does not say how many.
const LINES: usize = 32;
/// Before each picture: `<!-- picture: COMMAND -->`, or `<!-- picture LINES: COMMAND -->`.
const MARK: &str = "<!-- picture";

/// The text with all pictures as the program prints them now, and their commands.
fn drawn(readme: &str) -> (String, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut parts = readme.split(MARK);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut commands = Vec::new();
    for part in parts {
        let (mark, rest) = part.split_once(" -->\n```text\n").expect("a text block below the mark");
        let (_, after) = rest.split_once("```\n").expect("the end of the block");
        let (lines, command) = mark.split_once(": ").expect("a command");
        let words: Vec<&str> = command.split(' ').collect();
        let run = Command::new(env!("CARGO_BIN_EXE_deguchi")).args(words).current_dir(root).output().expect("it runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let printed = String::from_utf8(run.stdout).expect("UTF-8");
        let lines = lines.trim().parse().unwrap_or(LINES);
        assert!(printed.lines().count() > lines, "{command}: it goes on");
        let picture: String = printed.split_inclusive('\n').take(lines).collect();
        text += &format!("{MARK}{mark} -->\n```text\n{picture}…\n```\n{after}");
        commands.push(command.to_owned());
    }
    (text, commands)
}

#[test]
fn pictures_are_what_the_commands_print() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (text, commands) = drawn(&readme);
    if std::env::var_os("UPDATE_README").is_some() {
        return std::fs::write(path, text).expect("room");
    }
    assert!(readme == text, "UPDATE_README=1 cargo test --test it readme puts it right");
    assert!(commands.len() >= 2);
    let first = &commands[0];
    assert!(readme.contains(&format!("cargo run --release -- {first}\n")), "the picture is of the first command");
}
