//! Squid's own format with bytes from the client, Referer and User-Agent: the format to choose for a new proxy.
//!
//! ```text
//! logformat extended %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h"
//! access_log /var/log/squid/access.log extended
//! strip_query_terms off
//! ```
//!
//! # Knows
//!
//! Everything a proxy can say of a request: end and duration in milliseconds, client, user, method, URL, status, what
//! the proxy did, bytes both ways, Referer, User-Agent, media type.
//!
//! # Does not know
//!
//! Before Squid 3.5.26 the bytes from the client leave out what went through a tunnel.

/// The format string.
pub(in crate::parse) const FORMAT: &str =
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;
