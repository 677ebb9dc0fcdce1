//! From the pieces of a format string to the plan by which lines are read: for every value, how its end is found.

use jiff::tz::TimeZone;

use super::CompileError;
use super::code::{Field, Shape};
use super::lex::{Piece, Side, Value};
use super::strftime::Strftime;
use crate::event::{Encoding, Fields};
use crate::parse::Reason;

/// A value and the text after it.
type Part = (Value, Vec<u8>);

/// A compiled format.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Text before the first value.
    pub(super) head: Box<[u8]>,
    /// The values in order.
    pub(super) steps: Box<[Step]>,
    /// The last step whose end is not certain.
    pub(super) last_loose: Option<usize>,
    /// After so many steps a line that was cut short is still worth an event.
    pub(super) enough: usize,
    pub(super) fields: Fields,
}

/// One value and the text after it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) field: Field,
    pub(super) encoding: Encoding,
    pub(super) read: Read,
    pub(super) shape: Shape,
    pub(super) padded: Option<Side>,
    /// The text after the value; empty only after the last.
    pub(super) literal: Box<[u8]>,
    /// Why a line without it is rejected.
    pub(super) wanted: Reason,
}

/// How the end of a value is found.
#[derive(Clone, Debug)]
pub(super) enum Read {
    /// `seconds.millis` ends itself.
    Epoch,
    /// A number ends itself.
    Number,
    /// So does one with a fraction.
    Decimal,
    /// So does a date.
    Date(Strftime),
    /// At the first of this byte, near.
    Near(u8),
    /// At the first of this byte.
    First(u8),
    /// At the first `"` that is not escaped.
    Quote,
    /// At the first of this byte, unless it starts with a quote.
    Shell(u8),
    /// At the end of the line.
    End,
    /// It may hold the text that follows it. See [`read`](super::read).
    Loose,
}

/// Makes the plan.
pub(super) fn plan(pieces: Vec<Piece>, zone: &TimeZone) -> Result<Plan, CompileError> {
    let (head, mut values) = join(pieces)?;
    choose(&mut values);
    let mut steps = Vec::with_capacity(values.len());
    for (value, literal) in &values {
        steps.push(step(value, literal, zone)?);
    }
    let mut steps = merge_time(steps, &values);
    // At the end of the line a text takes the rest, unless a value before it might need some of that.
    if let Some((last, before)) = steps.split_last_mut()
        && matches!(last.read, Read::End)
        && before.iter().any(|step| matches!(step.read, Read::Loose))
    {
        last.read = Read::Loose;
    }
    let plan = Plan {
        head,
        last_loose: steps.iter().rposition(|step| matches!(step.read, Read::Loose)),
        enough: enough(&steps)?,
        fields: fields(&steps),
        steps: steps.into(),
    };
    Ok(plan)
}

/// Text before the first value, and every value with the text after it. Two values with nothing between them are
/// refused unless the first ends itself; two that are skipped are one.
fn join(pieces: Vec<Piece>) -> Result<(Box<[u8]>, Vec<Part>), CompileError> {
    let mut head = Vec::new();
    let mut values: Vec<Part> = Vec::new();
    for piece in pieces {
        match (piece, values.last_mut()) {
            (Piece::Literal(text), None) => head = text,
            (Piece::Literal(text), Some((_, literal))) => *literal = text,
            (Piece::Value(value), Some((before, literal))) if literal.is_empty() => {
                let number = |value: &Value| matches!(value.code.shape, Shape::Number | Shape::Decimal);
                if before.code.field == Field::Skip && value.code.field == Field::Skip {
                    before.code.shape = Shape::Text;
                    before.padded = None;
                } else if value.zeros.is_none()
                    && (number(before) || before.code.shape == Shape::Date)
                    && !number(&value)
                {
                    values.push((value, Vec::new()));
                } else {
                    return Err(CompileError::Adjacent { at: value.at });
                }
            }
            (Piece::Value(value), _) => values.push((value, Vec::new())),
        }
    }
    Ok((head.into(), values))
}

/// Of several codes for one field, keeps the best.
fn choose(values: &mut [Part]) {
    let best = |values: &[Part], field: Field| {
        let of_field = values.iter().enumerate().filter(|(_, (value, _))| value.code.field == field);
        of_field.min_by_key(|(_, (value, _))| value.code.rank).map(|(at, _)| at)
    };
    let chosen: Vec<Option<usize>> = values.iter().map(|(value, _)| best(values, value.code.field)).collect();
    let seconds = values.iter().any(|(value, _)| value.code.field == Field::Seconds);
    for (at, ((value, _), chosen)) in values.iter_mut().zip(chosen).enumerate() {
        if chosen != Some(at) || (seconds && value.code.field == Field::Date) {
            value.code.field = Field::Skip;
        }
    }
}

fn step(value: &Value, literal: &[u8], zone: &TimeZone) -> Result<Step, CompileError> {
    let read = match value.code.shape {
        Shape::Date => {
            let usual = if value.code.rank == 1 { "%d/%b/%Y:%H:%M:%S" } else { "%d/%b/%Y:%H:%M:%S %z" };
            let format = value.argument.as_deref().unwrap_or(usual);
            // `%tg` is UTC by definition.
            let zone = if value.code.rank == 1 { TimeZone::UTC } else { zone.clone() };
            let at = value.at;
            Read::Date(Strftime::compile(format, zone).map_err(|bad| match bad {
                Some(conversion) => CompileError::Conversion { at, conversion },
                None => CompileError::Date { at },
            })?)
        }
        Shape::Number => Read::Number,
        Shape::Decimal if value.code.field == Field::Start => Read::Epoch,
        Shape::Decimal => Read::Decimal,
        shape => match literal {
            [] => Read::End,
            [b'"', ..] if value.encoding == Encoding::Quoted => Read::Quote,
            [first, ..] if value.encoding == Encoding::Shell && *first != b'"' => Read::Shell(*first),
            [first, ..] if holds(shape, value.encoding, *first) => Read::Loose,
            [first, ..] if matches!(shape, Shape::Address | Shape::Code) => Read::Near(*first),
            [first, ..] => Read::First(*first),
        },
    };
    let Value { code, encoding, padded, .. } = value;
    Ok(Step {
        field: code.field,
        encoding: *encoding,
        read,
        shape: code.shape,
        padded: *padded,
        literal: literal.into(),
        wanted: wanted(code.field),
    })
}

/// Whether a value of that shape and encoding can hold the byte.
pub(super) fn holds(shape: Shape, encoding: Encoding, byte: u8) -> bool {
    let shape = match shape {
        Shape::Number => byte.is_ascii_digit(),
        Shape::Decimal => byte.is_ascii_digit() || byte == b'.',
        Shape::Code => byte.is_ascii_alphanumeric() || byte == b'_',
        Shape::Address => byte.is_ascii_alphanumeric() || b".:-_%[]".contains(&byte),
        Shape::Word => byte != b' ' && byte != b'\t',
        Shape::Text | Shape::Date => true,
    };
    let encoding = match encoding {
        Encoding::Raw | Encoding::Shell | Encoding::Plus | Encoding::Form => true,
        Encoding::Quoted | Encoding::Doubled | Encoding::Json | Encoding::ShiftJis => byte != b'"',
        Encoding::Blob => (0x20..0x7F).contains(&byte) && byte != b'[' && byte != b']',
        Encoding::Url => (0x21..0x7F).contains(&byte) && !b"<>\"#{}|\\^~[]`'".contains(&byte),
    };
    shape && encoding
}

/// `%ts.%03tu` becomes one step.
fn merge_time(steps: Vec<Step>, values: &[Part]) -> Vec<Step> {
    let mut merged: Vec<Step> = Vec::with_capacity(steps.len());
    for (step, (value, _)) in steps.into_iter().zip(values) {
        match merged.last_mut() {
            Some(before)
                if before.field == Field::Seconds
                    && *before.literal == *b"."
                    && step.field == Field::Subsecond
                    && value.zeros == Some(3) =>
            {
                before.field = Field::Time;
                before.read = Read::Epoch;
                before.literal = step.literal;
            }
            _ => merged.push(step),
        }
    }
    merged
}

/// The number of steps that a line must have whole; an error if the format has no time, no client or user, no URL or
/// host.
fn enough(steps: &[Step]) -> Result<usize, CompileError> {
    let first = |fields: &[Field]| steps.iter().position(|step| fields.contains(&step.field));
    let time = first(&[Field::Time, Field::Seconds, Field::Date, Field::Start]);
    let who = first(&[Field::Client, Field::User]);
    let place = first(&[Field::Target, Field::Sni, Field::Header, Field::Domain]);
    let lacks = |what, code| CompileError::Lacks { what, code };
    let time = time.ok_or(lacks("time", "%ts.%03tu"))?;
    let who = who.ok_or(lacks("client or user", "%>a"))?;
    let place = place.ok_or(lacks("URL or host", "%>ru"))?;
    Ok(time.max(who).max(place) + 1)
}

fn fields(steps: &[Step]) -> Fields {
    let has = |wanted: Field| steps.iter().any(|step| step.field == wanted);
    Fields {
        bytes_up: has(Field::BytesUp),
        bytes_down: has(Field::BytesDown),
        duration: has(Field::Duration)
            || has(Field::Start) && (has(Field::Time) || has(Field::Seconds) || has(Field::Date)),
        agent: has(Field::Agent),
        referer: has(Field::Referer),
        action: has(Field::Result) || has(Field::Failure),
        user: has(Field::User),
        subsecond: has(Field::Time) || has(Field::Subsecond) || has(Field::Start),
    }
}

fn wanted(field: Field) -> Reason {
    match field {
        Field::Time | Field::Seconds | Field::Subsecond | Field::Date | Field::Start => Reason::Time,
        Field::Duration => Reason::Duration,
        Field::Client => Reason::Client,
        Field::Result | Field::Status => Reason::Result,
        Field::BytesUp | Field::BytesDown => Reason::Size,
        Field::Method => Reason::Method,
        Field::Target | Field::Sni | Field::Header | Field::Domain => Reason::Target,
        Field::Hierarchy | Field::Peer => Reason::Hierarchy,
        _ => Reason::Literal,
    }
}
