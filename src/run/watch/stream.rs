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
        self.decide(bytes < HEAD, (engine, format, clock), chunks)
    }

    /// No more lines come: those that wait for a format go on, whatever they are, so that each is counted.
    pub(super) fn end(&mut self, to: (&mut Engine, &Format, Millis), chunks: &mut Vec<(u16, Chunk)>) -> Option<String> {
        if self.input.is_some() || self.head.is_empty() {
            return None;
        }
        self.decide(false, to, chunks)
    }

    /// Tells the engine of it, by its first lines; unless none of them can be read, and it `waits` for better ones.
    fn decide(
        &mut self,
        waits: bool,
        (engine, format, clock): (&mut Engine, &Format, Millis),
        chunks: &mut Vec<(u16, Chunk)>,
    ) -> Option<String> {
        let mut guess = self.guess(format);
        let first = guess.as_mut().ok().and_then(|guess| self.first(guess));
        // Garbage may stand before the log proper.
        if first.is_none() && waits {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineSettings, Found};
    use jiff::tz::TimeZone;

    /// However few they are, and whatever they are: each line of a log that ends is read or rejected.
    #[test]
    fn lines_that_wait_for_a_format_are_counted_at_the_end() {
        let good = "1430000000.000    120 192.0.2.1 TCP_MISS/200 512 GET http://www.example.com/ - HIER_DIRECT/203.0.113.9 text/html\n";
        let given = Format::Given("squid".into(), Arc::new(parse::Squid));
        for format in [Format::Auto(TimeZone::UTC), given] {
            for (text, events) in [("no log at all\n".repeat(3), 0), (good.to_owned(), 1), (format!("?\n{good}"), 1)] {
                let mut engine = Engine::new(EngineSettings::default()).unwrap();
                let mut stream = Stream::new("access.log".into(), Duration::ZERO);
                let mut chunks = Vec::new();
                stream.take(
                    Chunk { at: 0, bytes: text.clone().into_bytes(), ..Chunk::default() },
                    Duration::ZERO,
                    &mut chunks,
                );
                assert!(
                    stream.begin((&mut engine, &format, Duration::ZERO, 0), &mut chunks).is_none() && chunks.is_empty()
                );
                stream.end((&mut engine, &format, 0), &mut chunks);
                let mut found = Found::default();
                engine.round(chunks, &[stream.input().unwrap()], &mut found);
                engine.finish(&mut found);
                let summary = engine.summary();
                let rejected: u64 = summary.rejected.iter().map(|rejected| rejected.lines).sum();
                let lines = text.lines().count() as u64;
                assert_eq!((summary.lines, summary.events, rejected), (lines, events, lines - events), "{text}");
                let mut chunks = Vec::new();
                assert!(stream.end((&mut engine, &format, 0), &mut chunks).is_none() && chunks.is_empty(), "once");
            }
        }
    }
}
