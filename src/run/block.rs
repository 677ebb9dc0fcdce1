//! `deguchi block`: records → a block list of domains, with what else each block would hit.

use crate::alert::BlockList;
use crate::run::{Ending, failed, records, terminal};
use crate::settings::BlockSettings;
use crate::sink::{Output, block_list, refused};

/// Reads the records and prints the list; what is not blocked as a whole is said on standard error as well.
pub fn run(settings: &BlockSettings) -> Ending {
    let dossiers = match records::read(&settings.records) {
        Ok(dossiers) => dossiers,
        Err(error) => {
            terminal::say(&error.to_string());
            return Ending::Input;
        }
    };
    let list = BlockList::of(&dossiers.ranked(), settings.least, settings.force);
    let text = block_list(&list, settings.form, settings.days);
    let mut output = match Output::create(&settings.output) {
        Ok(output) => output,
        Err(error) => return failed(&error),
    };
    if let Err(error) = output.line(text.as_bytes()).and_then(|()| output.finish()) {
        return failed(&error);
    }
    list.refusals.iter().for_each(|refusal| terminal::say(&refused(refusal)));
    Ending::Done
}
