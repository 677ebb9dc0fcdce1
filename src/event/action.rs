//! What the proxy did with a request.

use serde::{Deserialize, Serialize};

/// What the proxy did with a request. Denied is not over: a refused C2 contact is a symptom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Action {
    /// The log does not say, or the line is no request of a client to the outside (ICP, cache digests).
    #[default]
    Unknown,
    /// Let through, whatever the server answered.
    Allowed,
    /// Refused by policy.
    Denied,
    /// Asked for credentials (401 and 407 from the proxy): not a policy block.
    Challenge,
    /// Not carried out: name not found, no connection, time-out, malformed request.
    Error,
}

impl Action {
    /// The word for it in records and samples.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Unknown => "unknown",
            Action::Allowed => "allowed",
            Action::Denied => "denied",
            Action::Challenge => "auth_required",
            Action::Error => "error",
        }
    }
}
