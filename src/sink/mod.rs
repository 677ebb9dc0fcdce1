//! ALERTS → WORLD. One file a destination, each a [`Sink`]; nothing here judges, groups or reads logs.
//!
//! # Add a sink
//!
//! 1. One file here: a struct over an [`Output`] (or its own connection) that implements [`Sink`].
//! 2. Every text of a record is attacker-controlled. It leaves through exactly one escaping type of `escape.rs`:
//!    [`Terminal`] for people, [`Cell`] for spreadsheets, [`Html`] for the page, [`json_line`] for programs. A new kind of
//!    destination brings its own type there.
//! 3. Its name in the driver's table, a snapshot and a line in the hostile-text test of `tests/it/sink.rs`.
//!
//! What is delivered is in the order of decision, the same on any machine; a sink keeps that order or sorts totally.

mod alertmanager;
mod appended;
mod blocklist;
mod cef;
mod csv;
mod defang;
mod ecs;
mod entry;
mod error;
mod escape;
mod format;
mod http;
mod json;
mod layout;
mod lines;
mod ocsf;
mod output;
mod page;
mod period;
mod sightings;
mod style;
mod syslog;
mod table;
mod ticker;
mod webhook;

pub use alertmanager::Alertmanager;
pub use appended::Appended;
pub use blocklist::{BlockForm, block_list, refused};
pub use csv::{COLUMNS, Csv};
pub use defang::{Defanger, defang};
pub use error::SinkError;
pub use escape::{Cell, Html, Terminal};
pub use format::RecordFormat;
pub use json::{json, json_line};
pub(crate) use layout::{clip, join, scaled, span, split, thousands};
pub use layout::{width, wrap};
pub use lines::Lines;
pub use output::{Output, write_whole};
pub use page::{Lang, POLICY, Page, PageOptions, page};
pub(crate) use period::between;
pub use sightings::{sightings_csv, sightings_json, sightings_table};
pub use style::{Paint, Style};
pub use syslog::{Syslog, SyslogAddress};
pub use table::{Table, TableOptions};
pub use ticker::Ticker;
pub use webhook::Webhook;

use crate::alert::Record;

/// A destination of records.
pub trait Sink: Send {
    /// Takes one record. Records come in the order of their decision.
    ///
    /// # Errors
    /// The destination cannot be written. Nothing more can be delivered; a closed pipe is told apart by
    /// [`SinkError::is_broken_pipe`].
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError>;

    /// Called about once a minute, for a destination that forgets what it is not told again.
    ///
    /// # Errors
    /// As for [`Sink::deliver`].
    fn keep(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Writes what is still held and makes the result visible. Called once, after the last record; a file whose
    /// sink is dropped without it does not appear under its name.
    ///
    /// # Errors
    /// As for [`Sink::deliver`].
    fn finish(&mut self) -> Result<(), SinkError>;
}
