//! The forms that a record may have, one line each.

use super::{cef, ecs, json_line, ocsf};
use crate::alert::Record;
use serde::Deserialize;
use serde_json::Value;

/// The form of records in a file, in messages and requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordFormat {
    /// `deguchi/1`, the whole record.
    #[default]
    Json,
    /// Elastic Common Schema.
    Ecs,
    /// Detection Finding of OCSF.
    Ocsf,
    /// Common Event Format.
    Cef,
}

impl RecordFormat {
    /// All of them.
    pub const ALL: [RecordFormat; 4] = [RecordFormat::Json, RecordFormat::Ecs, RecordFormat::Ocsf, RecordFormat::Cef];

    /// Its name in settings and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordFormat::Json => "json",
            RecordFormat::Ecs => "ecs",
            RecordFormat::Ocsf => "ocsf",
            RecordFormat::Cef => "cef",
        }
    }

    /// Whether a line is JSON.
    pub fn is_json(self) -> bool {
        self != RecordFormat::Cef
    }

    /// Appends the record as one line, LF included.
    pub fn line(self, record: &Record, line: &mut Vec<u8>) {
        match self {
            RecordFormat::Json => json_line(record, line),
            RecordFormat::Ecs => ecs::line(record, line),
            RecordFormat::Ocsf => ocsf::line(record, line),
            RecordFormat::Cef => cef::line(record, line),
        }
    }

    /// The id of the record that a line holds; `None`: it holds none.
    pub fn id(self, line: &[u8]) -> Option<String> {
        let field = |path: &str| {
            let value: Value = serde_json::from_slice(line).ok()?;
            value.pointer(path)?.as_str().map(str::to_owned)
        };
        match self {
            RecordFormat::Json => field("/id"),
            RecordFormat::Ecs => field("/event/id"),
            RecordFormat::Ocsf => field("/metadata/uid"),
            RecordFormat::Cef => {
                let (_, rest) = str::from_utf8(line).ok()?.split_once("|externalId=")?;
                rest.split(' ').next().map(str::to_owned)
            }
        }
    }
}
