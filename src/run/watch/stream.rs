//! One live log on its way into the engine: what its first lines say of its format and its time, and whether it is idle.

use crate::engine::Engine;
use crate::event::Millis;
use crate::input::follow::Position;
use crate::input::{Chunk, Lines};
use crate::parse::{self, DETECT_LINES, Parser};
use crate::run::feed::begins;
use crate::settings::Format;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

/// First lines are waited for so long, if there are fewer than tell a format for sure.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes looked at for a format and a time.
const HEAD: usize = 1 << 20;
/// Bytes at the beginning of a file that its header is looked for in.
const HEADER: usize = 64 * 1024;
/// After so long without a line a log is idle: the others do not wait for it. A proxy in use writes every few seconds.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// Lines of which the earliest time bounds what a log begins with.
const FIRST_LINES: usize = 15;

/// One live log.
pub(super) struct Stream {
    /// Path of the live file, for people.
    name: String,
    /// Its number in the engine, once its format is known.
    input: Option<u16>,
    /// Its first lines until then.
    head: Vec<Chunk>,
    /// The place behind them: it is covered when the engine has them.
    place: Option<Position>,
    /// When the first of them, and the latest line of all, came, by the caller's clock.
    since: Duration,
    latest: Duration,
    idle: bool,
    /// Nothing of it can be read so far, and that was said.
    strange: bool,
}

/// What the first lines say of a format.
struct Guess {
    name: String,
    confidence: Option<u8>,
    parser: Arc<dyn Parser>,
}

impl Stream {
    /// A log that says nothing yet.
    pub(super) fn new(name: String, now: Duration) -> Stream {
        Stream {
            name,
            input: None,
            head: Vec::new(),
            place: None,
            since: now,
            latest: now,
            idle: false,
            strange: false,
        }
    }

    /// A log that the engine knows from an earlier run.
    pub(super) fn known(name: String, input: u16, now: Duration) -> Stream {
        Stream { input: Some(input), ..Stream::new(name, now) }
    }

    /// The place behind what was read of it.
    pub(super) fn at(&mut self, place: Position) {
        self.place = Some(place);
    }

    /// The place behind what the engine has of it, if that moved.
    pub(super) fn covered(&mut self) -> Option<Position> {
        if self.head.is_empty() { self.place.take() } else { None }
    }

    /// Its number in the engine, once its format is known.
    pub(super) fn input(&self) -> Option<u16> {
        self.input
    }

    /// Takes lines of it.
    pub(super) fn take(&mut self, chunk: Chunk, now: Duration, chunks: &mut Vec<(u16, Chunk)>) {
        self.latest = now;
        self.idle = false;
        match self.input {
            Some(input) => chunks.push((input, chunk)),
            None => {
                if self.head.is_empty() {
                    self.since = now;
                }
                self.head.push(chunk);
            }
        }
    }

    /// Tells the engine of it as soon as its first lines tell enough; its lines go on from then. What is said of that, if
    /// it is odd.
    pub(super) fn begin(
        &mut self,
        (engine, format, now, clock): (&mut Engine, &Format, Duration, Millis),
        chunks: &mut Vec<(u16, Chunk)>,
    ) -> Option<String> {
        if self.input.is_some() || self.head.is_empty() {
            return None;
        }
        let bytes: usize = self.head.iter().map(|chunk| chunk.bytes.len()).sum();
        let lines: usize = self.head.iter().map(|chunk| chunk.lines().take(DETECT_LINES).count()).sum();
        if lines < DETECT_LINES && bytes < HEAD && now < self.since + PATIENCE {
            return None;
        }
        let mut guess = self.guess(format);
        let first = guess.as_mut().ok().and_then(|guess| self.first(guess));
        // Garbage may stand before the log proper.
        if first.is_none() && bytes < HEAD {
            let word =
                || format!("{}: none of its first lines can be read; --format or --logformat says how", self.name);
            return (!std::mem::replace(&mut self.strange, true)).then(word);
        }
        let (guess, said) = match guess {
            Ok(guess) => (guess, None),
            // Each line is then counted as rejected, with a reason.
            Err(said) => (Guess { name: "squid".into(), confidence: None, parser: Arc::new(parse::Squid) }, Some(said)),
        };
        let input = engine.add_input(&self.name, &guess.name, guess.parser, first.unwrap_or(clock));
        self.input = Some(input);
        chunks.extend(self.head.drain(..).map(|chunk| (input, chunk)));
        let sure = guess.confidence.map_or(String::new(), |percent| format!(" ({percent} % of its first lines)"));
        Some(said.unwrap_or_else(|| format!("{}: format {}{sure}", self.name, guess.name)))
    }

    /// Tells the engine if others are no longer to wait for it.
    pub(super) fn rest(&mut self, engine: &mut Engine, now: Duration) -> bool {
        let Some(input) = self.input else { return false };
        let rests = !self.idle && now >= self.latest + IDLE;
        if rests {
            self.idle = true;
            engine.idle(input);
        }
        rests
    }

    fn guess(&self, format: &Format) -> Result<Guess, String> {
        let header = self.header();
        let zone = match format {
            Format::Given(name, parser) => {
                let parser = parse::resume(Arc::clone(parser), &header);
                return Ok(Guess { name: name.clone(), confidence: None, parser });
            }
            Format::Auto(zone) => zone,
        };
        let lines: Vec<&[u8]> = self.head.iter().flat_map(|chunk| chunk.lines().map(|(_, line)| line)).collect();
        let mut wrong = None;
        for lines in lines.chunks(DETECT_LINES) {
            // The header is small beside the lines that are looked at.
            let header = header.split(|&byte| byte == b'\n');
            match parse::detect_in(header.chain(lines.iter().copied()), zone) {
                Ok(found) => {
                    let confidence = Some(found.confidence);
                    return Ok(Guess { name: found.full_name(), confidence, parser: found.parser });
                }
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        let wrong = wrong.map_or_else(|| "no lines".to_owned(), |error| error.to_string());
        Err(format!(
            "{}: {wrong}; its lines are counted as rejected until --format or --logformat says more",
            self.name
        ))
    }

    /// The header that stands at the beginning of a file which is read from its middle.
    fn header(&self) -> Vec<u8> {
        let Some(1..) = self.head.first().map(|chunk| chunk.at) else { return Vec::new() };
        let mut bytes = Vec::new();
        // A file that cannot be read any more has no header.
        let read = File::open(&self.name).and_then(|file| file.take(HEADER as u64).read_to_end(&mut bytes));
        let lines = Lines::new(0, &bytes).take_while(|(_, line)| line.first() == Some(&b'#') && line.len() < HEADER);
        let lines = lines.filter(|_| read.is_ok()).flat_map(|(_, line)| [line, &b"\n"[..]]);
        lines.collect::<Vec<_>>().concat()
    }

    /// When it begins; the parser gets the header of the first line that is read.
    fn first(&self, guess: &mut Guess) -> Option<Millis> {
        let mut current = Arc::clone(&guess.parser);
        let mut times = Vec::new();
        let mut bytes = self.head.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect();
        current.simplify(&mut bytes);
        for (_, line) in Lines::new(0, &bytes) {
            if let Ok(Some(event)) = parse::read(&mut current, line) {
                if times.is_empty() {
                    guess.parser = Arc::clone(&current);
                }
                times.push(event.end());
                if times.len() == FIRST_LINES {
                    break;
                }
            }
        }
        begins(times)
    }
}
