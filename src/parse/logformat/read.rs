//! Reads a line by a plan, in time linear in its length.
//!
//! First from left to right, every value ending where its end is certain, or else at the first occurrence of the text
//! after it. Nearly every line is read so. If the line does not fit that way, some value holds the very text that
//! should end it: a user name or URL with spaces, written raw (`%un`, `%ru`). Then:
//!
//! * values from the left, up to the first such value;
//! * such a value, if another follows it further right, ends at the first occurrence of its text after which all
//!   values up to the next such value fit; at most 64 occurrences are tried;
//! * values from the right, down to the last such value, which gets what lies between;
//! * a URL and a user beside each other: if the user would end in ` -` there is none and the URL had the spaces,
//!   else the URL had none.
//!
//! What was decided so marks the event as ambiguous. A line that was cut off by its writer (a kilobyte and more) is
//! kept if it has everything up to the URL: a client could hide behind long URLs otherwise.

use memchr::{memchr, memmem, memrchr};

use super::code::Field;
use super::draft::Draft;
use super::lex::Side;
use super::plan::{Plan, Read, Step, holds};
use crate::event::Event;
use crate::parse::cut::{Cut, Stop, decimal, quoted, spaces, stop, unsigned, up_to, up_to_near};
use crate::parse::moment::epoch;
use crate::parse::{ParseError, Reason};

/// So many ends of one value are tried.
const TRIES: usize = 64;
/// Shorter lines were not cut by their writer.
const CUT_LENGTH: usize = 1000;

impl Plan {
    /// Reads one line.
    #[inline]
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        let mut draft = Draft::default();
        match self.straight(line, &mut draft) {
            Ok(()) => draft.finish(),
            Err(first) => self.around(line, first),
        }
    }

    /// From left to right, every end the first that can be.
    #[inline]
    fn straight<'a>(&self, line: &'a [u8], draft: &mut Draft<'a>) -> Result<(), Broken> {
        let broken = |step, stop| Broken { step, stop };
        let mut rest = match line.strip_prefix(&*self.head) {
            Some(rest) => rest,
            None => return Err(broken(0, Stop { left: line.len(), wanted: Reason::Literal })),
        };
        for (at, step) in self.steps.iter().enumerate() {
            match step.value(rest, draft).and_then(|(after, ())| step.literal(after)) {
                Ok((after, ())) => rest = after,
                Err(nom::Err::Error(stop) | nom::Err::Failure(stop)) => return Err(broken(at, stop)),
                Err(nom::Err::Incomplete(_)) => return Err(broken(at, Stop { left: 0, wanted: Reason::Literal })),
            }
        }
        if rest.is_empty() || rest.iter().all(|byte| matches!(byte, b' ' | b'\r')) {
            Ok(())
        } else {
            Err(broken(self.steps.len(), Stop { left: rest.len(), wanted: Reason::Literal }))
        }
    }

    #[cold]
    fn around<'a>(&self, line: &'a [u8], first: Broken) -> Result<Option<Event<'a>>, ParseError> {
        let mut draft = Draft::default();
        let found = self.loose(line.trim_ascii_end(), &mut draft).or_else(|| {
            draft = Draft::default();
            self.cut_short(line, first, &mut draft)
        });
        match found {
            Some(()) => draft.finish(),
            None => Err(first.stop.at(line)),
        }
    }

    /// With values that hold the text that ends them.
    fn loose<'a>(&self, line: &'a [u8], draft: &mut Draft<'a>) -> Option<()> {
        let last = self.last_loose?;
        let mut rest = line.strip_prefix(&*self.head)?;
        let mut at = 0;
        // The uncertain value that stands directly before the last one, and where it starts.
        let mut before: Option<(&Step, usize)> = None;
        while at < last {
            let step = self.steps.get(at)?;
            if !matches!(step.read, Read::Loose) {
                rest = step.whole(rest, draft)?;
                at += 1;
                continue;
            }
            let loose = |step: Option<&Step>| step.is_some_and(|step| matches!(step.read, Read::Loose));
            let next = (at + 1..=last).find(|&next| loose(self.steps.get(next)))?;
            let run = self.steps.get(at + 1..next)?;
            let fits = |end: usize, draft: &mut Draft<'a>| {
                let after = rest.get(end + step.literal.len()..)?;
                let after = run.iter().try_fold(after, |rest, step| step.whole(rest, draft))?;
                Some((rest.get(..end)?, after))
            };
            let (value, after) = ends(rest, &step.literal).take(TRIES).find_map(|end| fits(end, draft))?;
            set_guess(step, step.unpadded(value), draft);
            before = run.is_empty().then_some((step, line.len() - rest.len()));
            rest = after;
            at = next;
        }
        let step = self.steps.get(last)?;
        let value = step.unpadded(backwards(self.steps.get(last..)?, rest, draft)?);
        // A URL with spaces and no user.
        if let Some((left, start)) = before
            && let Some(more) = value.strip_suffix(b"-").and_then(|value| value.strip_suffix(&*left.literal))
        {
            let end = line.len() - rest.len() + more.len();
            set_guess(left, line.get(start..end)?, draft);
            step.set(b"-", draft);
            return Some(());
        }
        set_guess(step, value, draft);
        Some(())
    }

    /// What the writer cut off is not missed if the line has all that an event needs.
    fn cut_short<'a>(&self, line: &'a [u8], first: Broken, draft: &mut Draft<'a>) -> Option<()> {
        if line.len() < CUT_LENGTH || first.step + 1 < self.enough {
            return None;
        }
        let mut rest = line.strip_prefix(&*self.head)?;
        for step in self.steps.get(..first.step)? {
            rest = step.value(rest, draft).and_then(|(rest, ())| step.literal(rest)).ok()?.0;
        }
        let step = self.steps.get(first.step)?;
        if first.step < self.enough {
            // The line ends in the last value that is needed, and that is a text.
            if rest.is_empty() || !matches!(step.field, Field::Target | Field::Domain | Field::Header | Field::Sni) {
                return None;
            }
            step.set(rest, draft);
        }
        draft.guess();
        Some(())
    }
}

/// Where the straight way ended.
#[derive(Clone, Copy)]
struct Broken {
    step: usize,
    stop: Stop,
}

/// Stores a value whose end was not certain.
fn set_guess<'a>(step: &Step, value: &'a [u8], draft: &mut Draft<'a>) {
    if matches!(step.field, Field::Target | Field::User) && memchr(b' ', value).is_some() {
        draft.guess();
    }
    step.set(value, draft);
}

/// Where `text` stands in the line, from the left.
fn ends<'a>(line: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + memmem::find(line.get(from..)?, text)?;
        from = at + 1;
        Some(at)
    })
}

/// Reads all steps but the first from the right end of the line; what is left is the value of the first.
fn backwards<'a>(steps: &[Step], line: &'a [u8], draft: &mut Draft<'a>) -> Option<&'a [u8]> {
    let mut region = line;
    for pair in steps.windows(2).rev() {
        let [before, step] = pair else { return None };
        region = region.strip_suffix(&*step.literal)?;
        if step.padded == Some(Side::Right) {
            region = without_spaces(region);
        }
        region = step.at_right_end(region, &before.literal, draft)?;
        if step.padded == Some(Side::Left) {
            // The spaces of the literal stay, those of the padding go.
            let own = before.literal.len() - without_spaces(&before.literal).len();
            region = region.get(..without_spaces(region).len() + own)?;
        }
    }
    region.strip_suffix(&*steps.first()?.literal)
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take_while(|&&byte| byte == b' ').count();
    text.split_at(text.len() - spaces).0
}

impl Step {
    /// The value and the text after it, looked at more closely than on the straight way, where the end of the line
    /// is proof enough.
    fn whole<'a>(&self, input: &'a [u8], draft: &mut Draft<'a>) -> Option<&'a [u8]> {
        let (rest, ()) = self.value(input, draft).ok()?;
        let value = self.unpadded(input.get(..input.len() - rest.len())?);
        if matches!(self.read, Read::Near(_)) && !value.iter().all(|&byte| holds(self.shape, self.encoding, byte)) {
            return None;
        }
        Some(self.literal(rest).ok()?.0)
    }

    /// The value, padding on either side included.
    #[inline(always)]
    fn value<'a>(&self, input: &'a [u8], draft: &mut Draft<'a>) -> Cut<'a, ()> {
        let input = if self.padded == Some(Side::Left) { spaces(input)?.0 } else { input };
        let rest = match &self.read {
            Read::Epoch | Read::Date(_) if absent(input, &self.literal) => self.none(input, draft),
            Read::Epoch => {
                let (rest, time) = epoch(input)?;
                draft.time(self.field, Some(time));
                rest
            }
            Read::Date(format) => {
                let (rest, time) = format.read(input)?;
                draft.time(self.field, Some(time));
                rest
            }
            Read::Number => {
                let (rest, number) = unsigned(self.wanted)(input)?;
                draft.number(self.field, number);
                rest
            }
            Read::Decimal => {
                let (rest, number) = decimal(self.wanted)(input)?;
                draft.number(self.field, number);
                rest
            }
            Read::Near(byte) if self.padded == Some(Side::Right) => self.take(up_to(*byte, self.wanted)(input)?, draft),
            Read::Near(byte) => self.take(up_to_near(*byte, self.wanted)(input)?, draft),
            Read::First(byte) => self.take(up_to(*byte, self.wanted)(input)?, draft),
            Read::Quote => self.take(quoted(self.wanted)(input)?, draft),
            Read::Shell(byte) => match input.strip_prefix(b"\"") {
                None => self.take(up_to(*byte, self.wanted)(input)?, draft),
                Some(inside) => {
                    let (_, inside) = quoted(self.wanted)(inside)?;
                    match input.split_at_checked(inside.len() + 2) {
                        Some((value, rest)) => self.take((rest, value), draft),
                        None => return stop(input, self.wanted),
                    }
                }
            },
            Read::End => self.take((&[], without_spaces(input)), draft),
            Read::Loose => self.take(self.up_to_literal(input)?, draft),
        };
        if self.padded == Some(Side::Right) { Ok((spaces_before(rest, &self.literal), ())) } else { Ok((rest, ())) }
    }

    /// Stores a text, hands on what is left.
    #[inline(always)]
    fn take<'a>(&self, (rest, value): (&'a [u8], &'a [u8]), draft: &mut Draft<'a>) -> &'a [u8] {
        let value = if self.padded == Some(Side::Right) { without_spaces(value) } else { value };
        draft.text(self.field, value, self.encoding);
        rest
    }

    /// Stores that there is none.
    #[cold]
    fn none<'a>(&self, input: &'a [u8], draft: &mut Draft<'a>) -> &'a [u8] {
        draft.time(self.field, None);
        input.get(1..).unwrap_or_default()
    }

    /// Up to the first occurrence of the text after the value. At the end of the line: all, if there is no space in it.
    #[inline(always)]
    fn up_to_literal<'a>(&self, input: &'a [u8]) -> Cut<'a, &'a [u8]> {
        let end = match &*self.literal {
            [] => memchr(b' ', input).is_none().then_some(input.len()),
            [byte] => memchr(*byte, input),
            text => memmem::find(input, text),
        };
        match end.and_then(|end| input.split_at_checked(end)) {
            Some((value, rest)) => Ok((rest, value)),
            None => stop(input, self.wanted),
        }
    }

    /// The text after the value.
    #[inline(always)]
    fn literal<'a>(&self, input: &'a [u8]) -> Cut<'a, ()> {
        let rest = match (&*self.literal, input) {
            ([], _) => Some(input),
            ([wanted], [byte, rest @ ..]) if wanted == byte => Some(rest),
            ([_], _) => None,
            (text, _) => input.strip_prefix(text),
        };
        match rest {
            Some(rest) => Ok((rest, ())),
            None => stop(input, self.wanted),
        }
    }

    fn set<'a>(&self, value: &'a [u8], draft: &mut Draft<'a>) {
        draft.text(self.field, value, self.encoding);
    }

    fn unpadded<'a>(&self, value: &'a [u8]) -> &'a [u8] {
        match self.padded {
            Some(Side::Left) => spaces(value).map_or(value, |(rest, ())| rest),
            Some(Side::Right) => without_spaces(value),
            None => value,
        }
    }

    /// Reads the value at the right end of `region`, which follows `before`; returns the region with `before`.
    fn at_right_end<'a>(&self, region: &'a [u8], before: &[u8], draft: &mut Draft<'a>) -> Option<&'a [u8]> {
        if before.is_empty() {
            return None;
        }
        // Only a date may hold the text before it: the space before its offset, before its time of day.
        let tries = if matches!(self.read, Read::Date(_)) { 4 } else { 1 };
        let mut end = region.len();
        for _ in 0..tries {
            let mut at = memmem::rfind(region.get(..end)?, before)?;
            while before == b"\"" && escaped(region.get(..at)?) {
                at = memrchr(b'"', region.get(..at)?)?;
            }
            let (left, value) = region.split_at_checked(at + before.len())?;
            let whole = match self.read {
                Read::Epoch | Read::Number | Read::Decimal | Read::Date(_) => {
                    self.value(value, draft).is_ok_and(|(rest, ())| rest.is_empty())
                }
                _ => {
                    self.set(value, draft);
                    true
                }
            };
            if whole {
                return Some(left);
            }
            end = at + before.len() - 1;
        }
        None
    }
}

/// Whether what follows `text` is escaped by a backslash.
fn escaped(text: &[u8]) -> bool {
    text.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// `-` and then the literal: no value.
#[inline(always)]
fn absent(input: &[u8], literal: &[u8]) -> bool {
    matches!(input, [b'-', rest @ ..] if rest.starts_with(literal))
}

/// The text from the spaces on that belong to the literal: the others are padding.
fn spaces_before<'a>(input: &'a [u8], literal: &[u8]) -> &'a [u8] {
    let own = literal.iter().take_while(|&&byte| byte == b' ').count();
    let here = input.iter().take_while(|&&byte| byte == b' ').count();
    input.split_at(here.saturating_sub(own)).1
}
