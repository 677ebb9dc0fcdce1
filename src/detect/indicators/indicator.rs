//! One listed thing, and where it is listed.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::sync::Arc;

/// What an indicator names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndicatorKind {
    /// A domain with all hosts below it.
    Domain,
    /// One host.
    Host,
    /// A URL, and what lies below it.
    Url,
    /// An IP address.
    Address,
}

impl IndicatorKind {
    /// The word for it: `domain`, `host`, `url`, `address`.
    pub fn name(self) -> &'static str {
        match self {
            IndicatorKind::Domain => "domain",
            IndicatorKind::Host => "host",
            IndicatorKind::Url => "url",
            IndicatorKind::Address => "address",
        }
    }
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    /// As the user named it.
    pub path: PathBuf,
    /// Its last part: what an alert says.
    pub name: String,
    /// Whether its entries are counted (JSON, often one long line) instead of its lines.
    pub counted: bool,
}

impl ListFile {
    /// The place of that number in this file.
    pub(super) fn place(&self, number: u32) -> Place {
        if self.counted { Place::Entry(number) } else { Place::Line(number) }
    }
}

/// A place in a list; counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A line of text.
    Line(u32),
    /// An object of a STIX bundle or an attribute of MISP, counted through the file.
    Entry(u32),
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(n) => write!(f, "line {n}"),
            Place::Entry(n) => write!(f, "entry {n}"),
        }
    }
}

/// One listed thing: 56 bytes and its text, since lists have millions.
#[derive(Debug, Clone)]
pub struct Indicator {
    pub(super) value: Box<str>,
    pub(super) description: Option<Box<str>>,
    pub(super) file: Arc<ListFile>,
    pub(super) number: u32,
    pub(super) shape: Shape,
}

/// What a value is, and where its parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub kind: IndicatorKind,
    /// Where the host begins: behind scheme and bracket.
    pub host_at: u8,
    pub host_len: u8,
    /// The domain is the end of the host.
    pub domain_len: u8,
    /// Bytes between host and path: bracket and port.
    pub port_len: u8,
    /// 0: any.
    pub port: u16,
}

impl Indicator {
    /// In normal form: `evil.example`, `192.0.2.1`, `evil.example:8080`, `http://evil.example/gate.php`.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What it names.
    pub fn kind(&self) -> IndicatorKind {
        self.shape.kind
    }

    /// Host or address, in normal form.
    pub fn host(&self) -> &str {
        let at = usize::from(self.shape.host_at);
        self.value.get(at..at + usize::from(self.shape.host_len)).unwrap_or("")
    }

    /// Registrable domain or address: the end of the host.
    pub fn domain(&self) -> &str {
        let host = self.host();
        host.get(host.len() - usize::from(self.shape.domain_len).min(host.len())..).unwrap_or("")
    }

    /// The only port it is about, if it says one that its scheme does not stand for.
    pub fn port(&self) -> Option<u16> {
        Some(self.shape.port).filter(|&port| port != 0)
    }

    /// Name of the list, without the folder.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// Where in the list.
    pub fn place(&self) -> Place {
        self.file.place(self.number)
    }

    /// What the list says about it, at most 200 bytes.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Path and query of a URL; empty for all else.
    pub(super) fn rest(&self) -> &str {
        let Shape { host_at, host_len, port_len, .. } = self.shape;
        let at = usize::from(host_at) + usize::from(host_len) + usize::from(port_len);
        self.value.get(at..).unwrap_or("")
    }

    /// Whether a contact with this port can be meant.
    pub(super) fn takes(&self, port: Option<u16>) -> bool {
        self.shape.port == 0 || port.is_none_or(|port| port == self.shape.port)
    }

    /// What decides the order of the table, and which two are the same.
    pub(super) fn key(&self) -> (&str, &str, &str, u16, IndicatorKind) {
        (self.domain(), self.host(), self.rest(), self.shape.port, self.shape.kind)
    }
}

/// What is listed where, and what the list says about it.
impl Display for Indicator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}, {}", self.value(), self.file(), self.place())?;
        self.description().map_or(Ok(()), |note| write!(f, " ({note})"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_million_fit() {
        assert_eq!(size_of::<super::Indicator>(), 56);
    }
}
