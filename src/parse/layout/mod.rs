//! Well-known format strings under names of their own: one file each, a manual page and the string. Compiled by
//! [`Logformat`](super::Logformat).

pub(super) mod agent;
pub(super) mod extended;
pub(super) mod extended_user;
pub(super) mod headers;
