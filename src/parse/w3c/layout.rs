//! What stands in which column: a `#Fields` line, compiled.

use super::names;
use crate::event::Fields;
use crate::parse::record::Column;

/// More columns than this are read over; the longest known have 100 or so.
const COLUMNS: usize = 512;

/// ProxySG's own formats, which come without a header through syslog: SGOS 7 *Access Log Formats*.
const KNOWN: [&str; 4] = [
    "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country s-supplier-failures x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id cs-threat-source cs-threat-id rs-threat-source rs-threat-id x-bluecoat-application-name x-bluecoat-application-operation x-bluecoat-application-groups cs-threat-risk x-bluecoat-access-security-policy-action x-bluecoat-access-security-policy-reason x-bluecoat-transaction-uuid x-icap-reqmod-header(X-ICAP-Metadata) x-icap-respmod-header(X-ICAP-Metadata)",
    "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id x-bluecoat-application-name x-bluecoat-application-operation",
    "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id",
    "date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-username cs-auth-group s-supplier-name rs(Content-Type) cs(Referer) cs(User-Agent) sc-filter-result cs-categories x-virus-id s-ip",
];

/// The layouts that rows are tried with which do not have as many columns as their header names, or have no header.
pub(super) fn known() -> Vec<Layout> {
    KNOWN.iter().filter_map(|fields| Layout::of(fields.as_bytes())).collect()
}

/// What stands in which column.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// In the order of the row.
    pub(super) columns: Box<[Column]>,
    /// How many columns the header names.
    pub(super) count: usize,
    /// Tabs are between columns, and spaces in them (ISA Server, TMG).
    pub(super) tabs: bool,
}

impl Layout {
    /// Compiles what stands after `#Fields:`. `None` if that names nothing.
    pub(super) fn of(fields: &[u8]) -> Option<Layout> {
        let names = || fields.split(u8::is_ascii_whitespace).filter(|name| !name.is_empty());
        let mut columns = vec![Column::Other; names().count().min(COLUMNS)];
        let mut best = [(usize::MAX, 0); Column::COUNT];
        for (at, name) in names().take(COLUMNS).enumerate() {
            let (column, rank) = names::column(name);
            if rank < best[column as usize].0 {
                best[column as usize] = (rank, at);
            }
        }
        for (at, name) in names().take(COLUMNS).enumerate() {
            let (column, rank) = names::column(name);
            if best[column as usize] == (rank, at) {
                columns[at] = column;
            }
        }
        let tabs = fields.contains(&b'\t');
        (!columns.is_empty()).then(|| Layout { count: names().count(), columns: columns.into(), tabs })
    }

    /// What rows of it can tell.
    pub(super) fn carries(&self) -> Fields {
        Column::carry(&self.columns)
    }
}
