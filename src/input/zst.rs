//! zstd (RFC 8878), frame by frame.

use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use super::codec::{Fault, Kind};
use super::raw::{Next, Raw};

/// The largest window allowed, as a power of two: 128 MiB, the reference decoder's own default. A frame may ask for
/// 2 GiB and more, which is how a small file eats a machine.
const WINDOW_LOG_MAX: u32 = 27;

/// Error numbers that zstd promises to keep (zstd_errors.h).
const WINDOW_TOO_LARGE: usize = 16;
const DICTIONARY_WRONG: usize = 32;

/// Decodes any number of frames, skippable ones included.
pub(super) struct Zst {
    context: DCtx<'static>,
    /// Within a frame: how many bytes the decoder wants next. `None`: between frames.
    wanted: Option<usize>,
    /// The last call filled its output; there may be more.
    waiting: bool,
}

impl Default for Zst {
    fn default() -> Self {
        Self { context: DCtx::create(), wanted: None, waiting: false }
    }
}

impl Zst {
    pub(super) fn read(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Fault> {
        loop {
            let wanted = match self.wanted {
                Some(wanted) => wanted,
                None => match raw.boundary(Kind::Zstd)? {
                    Next::Member => {
                        self.context.init().map_err(fault)?;
                        self.context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(fault)?;
                        FRAME_HEADER
                    }
                    Next::End => return Ok(0),
                    Next::Truncated => return Err(Fault::Truncated),
                },
            };
            // A failed call hands out nothing of what it decoded. So no call may span two blocks: it gets what the
            // decoder wants, which ends with a block, and nothing while output of the last call is waiting.
            let input = raw.fill()?;
            let ended = input.is_empty();
            let take = if self.waiting { 0 } else { input.len().min(wanted) };
            let mut source = InBuffer::around(&input[..take]);
            let mut target = OutBuffer::around(out);
            let result = self.context.decompress_stream(&mut target, &mut source);
            let (used, made) = (source.pos(), target.pos());
            raw.consume(used);
            self.wanted = match result.map_err(fault)? {
                0 => None,
                wanted => Some(wanted),
            };
            let waited = std::mem::replace(&mut self.waiting, made == out.len());
            if made > 0 {
                return Ok(made);
            }
            if self.wanted.is_some() && used == 0 && !waited {
                return Err(if ended { Fault::Truncated } else { Fault::Corrupt("no progress".into()) });
            }
        }
    }
}

/// The least a frame needs before the decoder can say what it wants: magic and descriptor.
const FRAME_HEADER: usize = 5;

fn fault(code: usize) -> Fault {
    match 0usize.wrapping_sub(code) {
        WINDOW_TOO_LARGE => Fault::Window,
        DICTIONARY_WRONG => Fault::Dictionary,
        _ => Fault::Corrupt(get_error_name(code).to_string()),
    }
}
