//! What can stand in a column, and by which names it goes.

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Column {
    /// Nothing that is of use.
    Other,
    Date,
    Time,
    LocalDate,
    LocalTime,
    /// Seconds since 1970.
    Epoch,
    /// `[22/Nov/2026:10:30:51 +0000]`.
    Stamp,
    Duration,
    Client,
    User,
    Status,
    /// `TCP_MISS/200`.
    Result,
    Down,
    Up,
    Method,
    Scheme,
    Host,
    Port,
    Path,
    Query,
    Url,
    Agent,
    Referer,
    Type,
    /// `sc-filter-result`.
    Filter,
    /// `s-action`.
    Handling,
    /// `x-exception-id`.
    Exception,
    /// A policy in words: allowed, blocked.
    Policy,
    /// The server reached.
    Peer,
}

impl Column {
    /// How many there are.
    pub(super) const COUNT: usize = Column::Peer as usize + 1;

    /// The column of a name in `#Fields`, and how good a source of it that is; the least number is the best.
    pub(super) fn of(name: &[u8]) -> (Column, usize) {
        let is = |(known, _): &&(&str, Column)| known.as_bytes().eq_ignore_ascii_case(name);
        match NAMES.iter().position(|row| is(&row)) {
            Some(at) => (NAMES[at].1, at),
            None => (Column::Other, usize::MAX),
        }
    }
}

/// Names, of one column the best first. From the field lists of ProxySG (SGOS 7), Cloud SWG, ISA Server and TMG, IIS,
/// Netskope transaction events and the Cisco Secure Web Appliance.
const NAMES: &[(&str, Column)] = &[
    ("date", Column::Date),
    ("time", Column::Time),
    ("date-local", Column::LocalDate),
    ("time-local", Column::LocalTime),
    ("timestamp", Column::Epoch),
    ("x-timestamp-unix", Column::Epoch),
    ("gmttime", Column::Stamp),
    ("localtime", Column::Stamp),
    ("time-taken", Column::Duration),
    ("x-elapsed-time", Column::Duration),
    ("TimeTakenMS", Column::Duration),
    ("c-ip", Column::Client),
    ("x-c-ip", Column::Client),
    ("c-dns", Column::Client),
    ("cs-username", Column::User),
    ("cs-userdn", Column::User),
    ("c-auth-id", Column::User),
    ("sc-status", Column::Status),
    ("sc-http-status", Column::Status),
    ("x-resultcode-httpstatus", Column::Result),
    ("sc-bytes", Column::Down),
    ("cs-bytes", Column::Up),
    ("cs-method", Column::Method),
    ("s-operation", Column::Method),
    ("cs-uri-scheme", Column::Scheme),
    ("cs-host", Column::Host),
    ("cs-uri-host", Column::Host),
    ("r-host", Column::Host),
    ("cs(Host)", Column::Host),
    ("cs-dns", Column::Host),
    ("x-cs-sni", Column::Host),
    ("cs-uri-port", Column::Port),
    ("r-port", Column::Port),
    ("cs-uri-path", Column::Path),
    ("cs-uri-stem", Column::Path),
    ("cs-uri-query", Column::Query),
    ("cs-uri", Column::Url),
    ("c-uri", Column::Url),
    ("cs-url", Column::Url),
    ("cs(User-Agent)", Column::Agent),
    ("cs-user-agent", Column::Agent),
    ("c-agent", Column::Agent),
    ("cs(Referer)", Column::Referer),
    ("cs(Referrer)", Column::Referer),
    ("cs-referer", Column::Referer),
    ("cs-referred", Column::Referer),
    ("rs(Content-Type)", Column::Type),
    ("sc-content-type", Column::Type),
    ("cs-mime-type", Column::Type),
    ("sc-filter-result", Column::Filter),
    ("s-action", Column::Handling),
    ("x-exception-id", Column::Exception),
    ("x-policy-action", Column::Policy),
    ("action", Column::Policy),
    ("sc-action", Column::Policy),
    ("r-ip", Column::Peer),
];
