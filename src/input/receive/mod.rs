//! NETWORK → LINES. What a proxy or a syslog relay sends, as lines in files that the follower reads like any other log.
//!
//! | file | noun |
//! | --- | --- |
//! | `frame` | bytes of a connection, or a datagram → messages |
//! | `syslog` | a message → the log line in it, without its header |
//! | `drops` | what the system dropped of a UDP socket |
//! | `sequence` | the numbers that RFC 5424 senders give their messages: how many never came |
//! | `spool` | lines → files, one a peer, cut into pieces, within a limit |
//! | `shelf` | how much the spool holds, and which pieces are no longer needed |
//!
//! Nothing here waits, listens or reads a clock: sockets are the driver's.
//!
//! # Promised
//! - However the bytes are cut on their way, the same messages come out. Memory: one message a connection.
//! - What is in the spool is read once, also after a `kill -9` at any time: a piece goes when all of it is read and a
//!   snapshot covers that.
//! - What does not become a line is counted, once.
//!
//! # Not promised
//! - Plain TCP has no answer: what is in the buffers of the two systems when either end dies is lost, and the sender
//!   does not know. Only numbered messages (RFC 5424 `meta sequenceId`) tell that.
//! - UDP loses what it likes, and anybody in an allowed network can write any address on it.
//! - The spool is not synced: a loss of power takes the last seconds of it.

mod drops;
mod frame;
mod sequence;
mod shelf;
mod spool;
mod syslog;

pub use drops::drops;
pub use frame::{Frame, Framer, datagram};
pub use sequence::Sequence;
pub use shelf::{PEERS, Peer, SILENT, Shelf};
pub use spool::Spool;
pub use syslog::{Content, content, stored};
