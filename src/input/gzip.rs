//! gzip (RFC 1952), member by member.

use flate2::{Decompress, FlushDecompress, Status};

use super::codec::{Fault, Kind};
use super::raw::{Next, Raw};

/// The largest window gzip has, 2^15 bytes.
const WINDOW_BITS: u8 = 15;

/// Decodes any number of members; an own loop, so that a fault knows its offset and nothing after member one is lost.
#[derive(Default)]
pub(super) struct Gzip {
    member: Option<Decompress>,
    /// A fault found while bytes were decoded that had to be handed out first.
    pending: Option<Fault>,
}

impl Gzip {
    pub(super) fn read(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Fault> {
        if let Some(fault) = self.pending.take() {
            return Err(fault);
        }
        loop {
            let member = match &mut self.member {
                Some(member) => member,
                None => match raw.boundary(Kind::Gzip)? {
                    Next::Member => self.member.insert(Decompress::new_gzip(WINDOW_BITS)),
                    Next::End => return Ok(0),
                    Next::Truncated => return Err(Fault::Truncated),
                },
            };
            // At the end of a torn file the decoder may still hold output, so it is asked once more without input.
            let input = raw.fill()?;
            let ended = input.is_empty();
            let (before_in, before_out) = (member.total_in(), member.total_out());
            let result = member.decompress(input, out, FlushDecompress::None);
            let used = (member.total_in() - before_in) as usize;
            let made = (member.total_out() - before_out) as usize;
            raw.consume(used);
            let fault = match result {
                Ok(Status::StreamEnd) => {
                    self.member = None;
                    None
                }
                Ok(_) if made > 0 || used > 0 => None,
                Ok(_) if ended => Some(Fault::Truncated),
                Ok(_) => Some(Fault::Corrupt("the decoder makes no progress".into())),
                Err(e) => Some(Fault::Corrupt(e.message().unwrap_or("invalid data").to_string())),
            };
            match (made, fault) {
                (0, None) => {}
                (0, Some(fault)) => return Err(fault),
                (made, fault) => {
                    self.pending = fault;
                    return Ok(made);
                }
            }
        }
    }
}
