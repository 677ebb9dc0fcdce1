//! `deguchi report`: records → the incident page.

use crate::run::{Ending, failed, records, terminal};
use crate::settings::ReportSettings;
use crate::sink::{Output, page};

/// Reads the records and writes the page.
pub fn run(settings: &ReportSettings) -> Ending {
    // What cannot be written is known before anything is read.
    let mut output = match Output::create(&settings.output) {
        Ok(output) => output,
        Err(error) => return failed(&error),
    };
    let dossiers = match records::read(&settings.records) {
        Ok(dossiers) => dossiers,
        Err(error) => {
            terminal::say(&error.to_string());
            return Ending::Input;
        }
    };
    let text = page(&dossiers.ranked(), dossiers.last(), &settings.page);
    match output.line(text.as_bytes()).and_then(|()| output.finish()) {
        Ok(()) => Ending::Done,
        Err(error) => failed(&error),
    }
}
