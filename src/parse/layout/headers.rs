//! Squid's own format with Referer and User-Agent after it.
//!
//! ```text
//! logformat headers %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h"
//! ```
//!
//! # Knows
//!
//! All that `squid` knows, Referer and User-Agent. The query is missing unless `strip_query_terms off` is set.
//!
//! # Does not know
//!
//! Bytes from the client: `squid-extended` has them.

/// The format string.
pub(in crate::parse) const FORMAT: &str =
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;
