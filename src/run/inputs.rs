//! The inputs that paths stand for.

use crate::input;
use crate::run::feed::{LookError, Looked, check_count, look};
use crate::run::{Ending, terminal};
use crate::settings::Settings;
use crate::sink::Terminal;
use std::path::{Path, PathBuf};

/// Inputs after the first look.
pub(super) struct Inputs {
    /// In the order of their paths.
    pub(super) looked: Vec<Looked>,
    /// Those with nothing in them, in the order of their paths.
    pub(super) empty: Vec<PathBuf>,
    /// Something could not be opened.
    pub(super) missing: bool,
    /// Something beside others is of no known format.
    pub(super) strange: bool,
}

impl Inputs {
    /// Looks into all files behind the paths; prints what cannot be used.
    pub(super) fn look(paths: &[PathBuf], settings: &Settings) -> Result<Inputs, Ending> {
        let found = input::survey(paths);
        let say = |message: String| terminal::say(&message);
        let (mut missing, mut strange) = (!found.errors.is_empty(), false);
        found.errors.iter().for_each(|error| say(error.to_string()));
        if let Err(error) = check_count(found.files.len()) {
            say(error.to_string());
            return Err(Ending::Usage);
        }
        let (mut looked, mut empty) = (Vec::new(), Vec::new());
        for path in &found.files {
            match look(path, &settings.format) {
                Ok(Some(input)) => {
                    if settings.verbose {
                        say(format!("{}: format {}", shown(path), input.format));
                    }
                    looked.push(input);
                }
                Ok(None) => empty.push(path.clone()),
                Err(LookError::Input(error)) => {
                    missing = true;
                    say(error.to_string());
                }
                Err(LookError::Format(error)) => {
                    strange = true;
                    say(format!("{}: {error}", shown(path)));
                }
            }
        }
        // The order in which files are named or found must not matter, not even to the words of the summary.
        looked.sort_by(|a, b| a.path.cmp(&b.path));
        empty.sort();
        if looked.is_empty() && (empty.is_empty() || strange) {
            return Err(Ending::Input);
        }
        Ok(Inputs { looked, empty, missing, strange })
    }
}

fn shown(path: &Path) -> String {
    Terminal::path(path).to_string()
}
