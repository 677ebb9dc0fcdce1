//! What can stand in a column, by whatever name it goes in a format.

use crate::event::Fields;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::parse) enum Column {
    /// Nothing that is of use.
    Other,
    /// A day, beside a [`Column::Time`].
    Date,
    /// A time of day.
    Time,
    LocalDate,
    LocalTime,
    /// A whole time, however it is written.
    Stamp,
    /// The offset of a time without one: `+0900`.
    Offset,
    Duration,
    Client,
    User,
    Status,
    /// `TCP_MISS/200`.
    Result,
    Down,
    Up,
    Method,
    /// `GET http://www.example.com/ HTTP/1.1`.
    Request,
    Scheme,
    Host,
    Port,
    Path,
    Query,
    Url,
    Agent,
    Referer,
    Type,
    /// ProxySG: OBSERVED, PROXIED, DENIED.
    Filter,
    /// ProxySG: `TCP_NC_MISS`.
    Handling,
    /// ProxySG: `policy_denied`.
    Exception,
    /// A verdict in words: allowed, blocked.
    Policy,
    /// The server reached.
    Peer,
    /// What kind of record it is, where a log has several.
    Kind,
}

impl Column {
    /// How many there are.
    pub(in crate::parse) const COUNT: usize = Column::Kind as usize + 1;

    /// What records with these columns can tell.
    pub(in crate::parse) fn carry(columns: &[Column]) -> Fields {
        use Column::{Agent, Down, Duration, Exception, Filter, Handling, Policy, Referer, Result, Up, User};
        let has = |any: &[Column]| columns.iter().any(|column| any.contains(column));
        Fields {
            bytes_up: has(&[Up]),
            bytes_down: has(&[Down]),
            duration: has(&[Duration]),
            agent: has(&[Agent]),
            referer: has(&[Referer]),
            action: has(&[Filter, Handling, Exception, Policy, Result]),
            user: has(&[User]),
            subsecond: false,
        }
    }
}
