//! Texts of this program that memory holds, when it is read back: only those that the program has.

use crate::detect::DETECTORS;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Name of a detector, as in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DetectorName(pub &'static str);

impl Serialize for DetectorName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DetectorName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DetectorName, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = DETECTORS.iter().find(|d| d.name == name);
        known.map(|d| DetectorName(d.name)).ok_or_else(|| de::Error::custom(format_args!("no detector {name:?}")))
    }
}

/// Sets of MITRE ATT&CK techniques that findings name.
pub const TECHNIQUES: [&[&str]; 9] = [
    &[],
    &["T1071.001"],
    &["T1071.001", "T1008"],
    &["T1071.001", "TA0008"],
    &["T1568.002", "T1071.001"],
    &["T1008", "T1071.001"],
    &["T1041", "T1048.003"],
    &["T1041", "T1567"],
    &["T1572", "T1090"],
];

/// A text of the program. An alias, since serde takes a reference in a field for one into what is read.
pub type Text = &'static str;
/// Some of them.
pub type Techniques = &'static [Text];

/// For a field that holds the name of a detector.
pub(super) mod name {
    use super::*;

    pub fn serialize<S: Serializer>(name: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
        name.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
        DetectorName::deserialize(deserializer).map(|name| name.0)
    }
}

/// For a field that holds one of [`TECHNIQUES`].
pub(super) mod techniques {
    use super::*;

    pub fn serialize<S: Serializer>(techniques: &Techniques, serializer: S) -> Result<S::Ok, S::Error> {
        techniques.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Techniques, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let known = TECHNIQUES.into_iter().find(|known| names == *known);
        known.ok_or_else(|| de::Error::custom(format_args!("no finding names {names:?}")))
    }
}
