//! What a map file says, checked.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::names::Source;
use crate::parse::record::Column;

/// A map that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It is no TOML, or has a key that is not known.
    #[error("the map is not understood: {0}")]
    Toml(String),
    /// A field that no event has.
    #[error("the map has the field `{name}`, which no event has{}", match near { Some(near) => format!("; did you mean `{near}`?"), None => format!("; known are {}", known()) })]
    Field {
        /// What was given.
        name: String,
        /// A name like it.
        near: Option<&'static str>,
    },
    /// A value that does not do.
    #[error("the map has {key} = {value:?}; {wanted}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What would do.
        wanted: &'static str,
    },
    /// Something no event can do without.
    #[error("the map has no field `{0}`; name under [fields] where the log has it")]
    Lacks(&'static str),
}

/// How the fields of a record are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Syntax {
    Json,
    KeyValue,
    Csv,
    Tsv,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Definition {
    pub(super) syntax: Syntax,
    time_is: Option<String>,
    zone: Option<String>,
    duration_unit: Option<String>,
    charset: Option<String>,
    #[serde(default)]
    pub(super) nothing: Vec<String>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) spaces: bool,
    #[serde(default)]
    pub(super) only: Vec<String>,
    fields: BTreeMap<String, OneOrMore>,
}

/// A name, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a name or a list of names")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn names(&self) -> &[String] {
        match self {
            OneOrMore::One(name) => std::slice::from_ref(name),
            OneOrMore::More(names) => names,
        }
    }
}

/// Fields of a map, and where they belong. A time is a whole one unless there is a date.
const FIELDS: [(&str, Column); 28] = [
    ("time", Column::Stamp),
    ("date", Column::Date),
    ("offset", Column::Offset),
    ("duration", Column::Duration),
    ("client", Column::Client),
    ("user", Column::User),
    ("method", Column::Method),
    ("request", Column::Request),
    ("url", Column::Url),
    ("scheme", Column::Scheme),
    ("host", Column::Host),
    ("port", Column::Port),
    ("path", Column::Path),
    ("query", Column::Query),
    ("status", Column::Status),
    ("result", Column::Result),
    ("action", Column::Policy),
    ("bytes-up", Column::Up),
    ("bytes-down", Column::Down),
    ("agent", Column::Agent),
    ("referer", Column::Referer),
    ("content-type", Column::Type),
    ("peer", Column::Peer),
    ("kind", Column::Kind),
    ("filter-result", Column::Filter),
    ("s-action", Column::Handling),
    ("exception", Column::Exception),
    ("time-of-day", Column::Time),
];

fn known() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

impl Definition {
    /// Reads the text of a map.
    pub(super) fn read(text: &str) -> Result<Definition, MapError> {
        let definition: Definition =
            toml::from_str(text).map_err(|error| MapError::Toml(error.to_string().trim_end().to_owned()))?;
        let has = |any: &[&str]| any.iter().any(|name| definition.fields.contains_key(*name));
        for (any, lacks) in [
            (&["time", "time-of-day"][..], "time"),
            (&["client", "user"], "client"),
            (&["url", "host", "path", "request"], "url"),
        ] {
            if !has(any) {
                return Err(MapError::Lacks(lacks));
            }
        }
        if !matches!(definition.time_is.as_deref(), None | Some("start" | "end")) {
            return Err(definition.wrong("time-is", &definition.time_is, "write \"start\" or \"end\""));
        }
        if !matches!(definition.duration_unit.as_deref(), None | Some("s" | "ms" | "us" | "ns")) {
            return Err(definition.wrong(
                "duration-unit",
                &definition.duration_unit,
                "write \"s\", \"ms\", \"us\" or \"ns\"",
            ));
        }
        let readable = match definition.charset.as_deref() {
            None | Some("utf-8") => true,
            Some("shift-jis") => matches!(definition.syntax, Syntax::Csv | Syntax::Tsv),
            _ => false,
        };
        if !readable {
            let wanted = "write \"utf-8\" or, of csv and tsv, \"shift-jis\"";
            return Err(definition.wrong("charset", &definition.charset, wanted));
        }
        Ok(definition)
    }

    fn wrong(&self, key: &'static str, value: &Option<String>, wanted: &'static str) -> MapError {
        MapError::Value { key, value: value.clone().unwrap_or_default(), wanted }
    }

    /// Names of the log, and what they stand for.
    pub(super) fn sources(&self) -> Result<Vec<(String, Source)>, MapError> {
        let mut sources = Vec::new();
        for (field, names) in &self.fields {
            let found = FIELDS.iter().find(|(name, _)| name == field);
            let Some(&(_, column)) = found else {
                let alike = |name: &&str| strsim::jaro_winkler(name, field) > 0.8;
                let near = FIELDS.map(|(name, _)| name).into_iter().find(|name| alike(name));
                return Err(MapError::Field { name: field.chars().take(64).collect(), near });
            };
            let of = |(rank, name): (u8, &String)| (name.clone(), Source { column, rank });
            sources.extend((1..u8::MAX).zip(names.names()).map(of));
        }
        Ok(sources)
    }

    /// A name that every header has: the first of the time.
    pub(super) fn mark(&self) -> &str {
        let time = self.fields.get("time").or(self.fields.get("time-of-day"));
        time.and_then(|names| names.names().first()).map_or("", String::as_str)
    }

    /// Whether texts may be Shift_JIS.
    pub(super) fn shift_jis(&self) -> bool {
        self.charset.as_deref() == Some("shift-jis")
    }

    /// Whether times are those of starts.
    pub(super) fn starts(&self) -> bool {
        self.time_is.as_deref() == Some("start")
    }

    /// Units of durations in a millisecond; 0 for seconds.
    pub(super) fn ticks(&self) -> u64 {
        match self.duration_unit.as_deref() {
            Some("s") => 0,
            Some("us") => 1_000,
            Some("ns") => 1_000_000,
            _ => 1,
        }
    }

    /// Zone of times without an offset, if the map says so.
    pub(super) fn zone(&self) -> Result<Option<TimeZone>, MapError> {
        let Some(name) = &self.zone else { return Ok(None) };
        let wanted = "name a zone of the tz database, such as Asia/Tokyo or UTC";
        TimeZone::get(name).map(Some).map_err(|_| self.wrong("zone", &self.zone, wanted))
    }
}
