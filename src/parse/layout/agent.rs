//! Squid's own format with User-Agent after it.
//!
//! ```text
//! logformat agent %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{User-Agent}>h"
//! ```
//!
//! # Knows
//!
//! All that `squid` knows, and User-Agent. The query is missing unless `strip_query_terms off` is set.
//!
//! # Does not know
//!
//! Bytes from the client, Referer: `squid-extended` has them.

/// The format string.
pub(in crate::parse) const FORMAT: &str =
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{User-Agent}>h""#;
