//! The extended format with the user behind the client, and User-Agent before Referer.
//!
//! ```text
//! logformat extended-user %ts.%03tu %6tr %>a %un %Ss/%03>Hs %<st %>st %rm %ru %Sh/%<a %mt "%{User-Agent}>h" "%{Referer}>h"
//! ```
//!
//! # Knows
//!
//! All that `squid-extended` knows.
//!
//! # Does not know
//!
//! Before Squid 3.5.26 the bytes from the client leave out what went through a tunnel.

/// The format string.
pub(in crate::parse) const FORMAT: &str =
    r#"%ts.%03tu %6tr %>a %un %Ss/%03>Hs %<st %>st %rm %ru %Sh/%<a %mt "%{User-Agent}>h" "%{Referer}>h""#;
