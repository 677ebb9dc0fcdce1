//! `deguchi check`: whether the settings can be used, and what the beginning of a log can and cannot tell.

use crate::engine::{Engine, Found};
use crate::event::Event;
use crate::input::InputError;
use crate::parse;
use crate::run::feed::Looked;
use crate::run::inputs::Inputs;
use crate::run::summary::{SummaryOptions, closing};
use crate::run::{Ending, lists, terminal};
use crate::settings::{CheckSettings, Settings};
use crate::sink::{Terminal, thousands};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

/// Decoded bytes in a chunk.
const CHUNK: usize = 192 * 1024;
/// Decoded bytes of each input that are looked at.
const SAMPLE: u64 = 16 << 20;
/// Lines from which on shares say something.
const ENOUGH: u64 = 1000;
/// Share of the lines, per cent, from which on one client is hardly one PC.
const CROWD: u64 = 30;

/// What is to be printed, and how the command ends.
///
/// # Errors
///
/// What hinders the work itself: threads.
pub fn run(settings: &CheckSettings) -> anyhow::Result<(String, Ending)> {
    let common = &settings.common;
    let mut page = String::new();
    let file = settings.config.as_deref().map_or("defaults and flags".to_owned(), |at| Terminal::path(at).to_string());
    let listed = &common.listed;
    let _ = writeln!(
        page,
        "settings: {file} can be used; {} listed as bad, {} sites",
        thousands(listed.indicators()),
        listed.lists.sites.names().count()
    );
    lists::warn(listed, terminal::say);
    if settings.paths.is_empty() {
        return Ok((page, Ending::Done));
    }
    let inputs = match Inputs::look(&settings.paths, common) {
        Ok(inputs) => inputs,
        Err(ending) => return Ok((page, ending)),
    };
    for path in &inputs.empty {
        let nothing =
            "is empty: nothing can be told of its format, nor of what that blinds; is it the file the proxy writes?";
        let _ = writeln!(page, "\n{}\n{nothing}", Terminal::path(path));
    }
    let mut unreadable = inputs.missing || inputs.strange;
    for looked in inputs.looked {
        let _ = writeln!(page, "\n{}", Terminal::path(&looked.path));
        match sample(looked, common) {
            Ok(text) => page.push_str(&text),
            Err(Failed::Input(error)) => {
                terminal::say(&error.to_string());
                unreadable = true;
            }
            Err(Failed::Threads(error)) => return Err(error),
        }
    }
    Ok((page, if unreadable { Ending::Input } else { Ending::Done }))
}

/// Why a sample could not be looked at.
enum Failed {
    Input(InputError),
    Threads(anyhow::Error),
}

/// What the beginning of a log says, as the summary of a replay does, and whether one client stands for many.
fn sample(mut looked: Looked, settings: &Settings) -> Result<String, Failed> {
    let begun = Instant::now();
    let (mut source, kept) = looked.open(CHUNK).map_err(Failed::Input)?;
    let threads = |error: rayon::ThreadPoolBuildError| Failed::Threads(error.into());
    let mut engine = Engine::with_lists(settings.engine, settings.listed.lists.clone()).map_err(threads)?;
    let mut clients = Clients::default();
    let mut parser = Arc::clone(&looked.parser);
    let confidence = looked.confidence;
    let first = looked.first.unwrap_or(0);
    engine.add_input(&looked.path.to_string_lossy(), &looked.format, looked.parser, first);
    let mut found = Found::default();
    let mut read = 0;
    let mut kept = kept.into_iter();
    while read < SAMPLE {
        let next = match kept.next() {
            Some(chunk) => Some(chunk),
            None => source.next_chunk(Vec::new()).map_err(Failed::Input)?,
        };
        let Some(mut chunk) = next else { break };
        read += chunk.bytes.len() as u64;
        parser.simplify(&mut chunk.bytes);
        for (_, line) in chunk.lines() {
            if let Ok(Some(event)) = parse::read(&mut parser, line) {
                clients.see(&event);
            }
        }
        engine.round(vec![(0, chunk)], &[], &mut found);
    }
    engine.round(Vec::new(), &[0], &mut found);
    engine.finish(&mut found);
    let mut summary = engine.summary();
    summary.inputs.iter_mut().for_each(|input| input.confidence = confidence);
    let options = SummaryOptions {
        width: terminal::stdout_width(),
        paint: terminal::stdout_paint(settings.color),
        zone: settings.zone.clone(),
        allow: settings.listed.lists.allow.clone(),
        without_alerts: true,
    };
    Ok(closing(&summary, begun.elapsed(), &options) + &clients.words())
}

/// Lines by client.
#[derive(Default)]
struct Clients {
    lines: u64,
    by_name: HashMap<Vec<u8>, u64>,
}

impl Clients {
    fn see(&mut self, event: &Event<'_>) {
        self.lines += 1;
        if let Some(client) = event.client {
            match self.by_name.get_mut(client) {
                Some(lines) => *lines += 1,
                None => drop(self.by_name.insert(client.to_vec(), 1)),
            }
        }
    }

    /// Who is hardly one PC.
    fn words(&self) -> String {
        let largest = self.by_name.iter().max_by_key(|&(name, lines)| (lines, name));
        let Some((name, lines)) = largest.filter(|_| self.lines >= ENOUGH) else { return String::new() };
        let share = lines * 100 / self.lines;
        match share {
            CROWD.. => format!(
                "client {} has {share} % of the lines: if it is another proxy, address translation or a terminal server, its PCs cannot be told apart; log them behind it\n",
                Terminal(name)
            ),
            _ => String::new(),
        }
    }
}
