//! What Squid's result tag says the proxy did.
//!
//! A tag is `SOURCE[_CF]_TAG[_IGNORED][_TIMEDOUT][_ABORTED]`, and Squid has changed names and pieces more than once, so
//! it is read by pieces, never looked up in a list.

use crate::event::{Action, near};

/// What a line tells of the outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome<'a> {
    /// The result tag: `TCP_MISS`.
    pub(super) tag: &'a [u8],
    /// Status sent to the client, `None` if nothing was.
    pub(super) status: Option<u16>,
    /// Squid reached a server or parent: the hierarchy is not `NONE`, the peer not `-`.
    pub(super) reached: bool,
    /// The target is one of Squid's pseudo-URLs, `error:invalid-request`.
    pub(super) pseudo: bool,
}

impl Outcome<'_> {
    /// What the proxy did, in the order of the rules:
    ///
    /// * `UDP_*`, `ICP_*`: a neighbour cache asked, not a client: unknown.
    /// * `*_DENIED*`: a challenge if the status is 401 or 407, else denied.
    /// * `*_REDIRECT`: denied. A URL rewriter (squidGuard, ufdbGuard) sent the client elsewhere, nearly always to its
    ///   block page; in any case the server asked for was not contacted.
    /// * a pseudo-URL: error, there was no request.
    /// * `*_TIMEDOUT`: error.
    /// * 407 or a 5xx and no server reached: Squid answered itself, so a challenge or an error (name not found, no route).
    /// * no tag (`NONE`, `TAG_NONE`, `NONE_NONE`): error, except with a status below 400: that is the `CONNECT` that
    ///   `ssl_bump` answers itself before it looks inside, logged `NONE_NONE/200`.
    /// * all else is allowed, also what a server answers with 403, 404 or 500, and what the client gave up on.
    #[inline(always)]
    pub(super) fn action(&self) -> Action {
        // Nine lines of ten have nothing to find in them.
        let plain = matches!(self.status, Some(..400)) && !self.pseudo;
        if plain && [&b"TCP_MISS"[..], b"TCP_TUNNEL", b"TCP_HIT", b"TCP_MEM_HIT"].contains(&self.tag) {
            return Action::Allowed;
        }
        self.by_rules()
    }

    #[inline(never)]
    fn by_rules(&self) -> Action {
        let pieces = Pieces::of(self.tag);
        let Outcome { status, reached, pseudo, .. } = *self;
        let failed = matches!(status, Some(500..=599)) && !reached;
        let challenge = matches!(status, Some(401 | 407));
        match () {
            () if pieces.neighbour => Action::Unknown,
            () if pieces.denied && challenge => Action::Challenge,
            () if pieces.denied => Action::Denied,
            () if pseudo || pieces.timed_out || failed => Action::Error,
            () if status == Some(407) && !reached => Action::Challenge,
            () if pieces.none && !matches!(status, Some(..400)) => Action::Error,
            () => Action::Allowed,
        }
    }
}

/// What the pieces of a tag say.
#[derive(Default)]
struct Pieces {
    neighbour: bool,
    denied: bool,
    timed_out: bool,
    none: bool,
}

impl Pieces {
    fn of(tag: &[u8]) -> Pieces {
        let mut pieces = Pieces::default();
        let mut rest = tag;
        while let Some((piece, after)) = near([b'_'], rest).and_then(|at| rest.split_at_checked(at)) {
            pieces.note(piece, rest.len() == tag.len());
            rest = after.get(1..).unwrap_or_default();
        }
        pieces.note(rest, rest.len() == tag.len());
        pieces
    }

    #[inline]
    fn note(&mut self, piece: &[u8], first: bool) {
        match piece.len() {
            3 if first => self.neighbour = piece == b"UDP" || piece == b"ICP",
            4 if piece == b"NONE" => self.none = true,
            6 if piece == b"DENIED" => self.denied = true,
            8 if piece == b"REDIRECT" => self.denied = true,
            8 if piece == b"TIMEDOUT" => self.timed_out = true,
            _ => {}
        }
    }
}

/// The hierarchy code without the `TIMEOUT_` that Squid puts before it.
#[inline]
pub(super) fn without_timeout(code: &[u8]) -> &[u8] {
    code.strip_prefix(b"TIMEOUT_").unwrap_or(code)
}

/// `NONE` of Squid before 3.2 or `HIER_NONE`: no server was asked.
#[inline]
pub(super) fn asked_nobody(code: &[u8]) -> bool {
    code == b"HIER_NONE" || code == b"NONE"
}

/// Whether this is a hierarchy code of any Squid, `TIMEOUT_` already taken off: those of today, the peers of every
/// version, and the spellings before 3.2.
#[inline]
pub(super) fn is_hierarchy(code: &[u8]) -> bool {
    code.starts_with(b"HIER_") || code.ends_with(b"_PARENT") || OTHERS.contains(&code)
}

/// Codes that neither start with `HIER_` nor end in `_PARENT`.
const OTHERS: [&[u8]; 17] = [
    b"NONE",
    b"DIRECT",
    b"SIBLING_HIT",
    b"PARENT_HIT",
    b"PARENT_MISS",
    b"FIRST_PARENT_MISS",
    b"CLOSEST_PARENT_MISS",
    b"CLOSEST_DIRECT",
    b"NO_DIRECT_FAIL",
    b"NO_PARENT_DIRECT",
    b"SOURCE_FASTEST",
    b"CD_PARENT_HIT",
    b"CD_SIBLING_HIT",
    b"CARP",
    b"PINNED",
    b"ORIGINAL_DST",
    b"STANDBY_POOL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(tag: &str, status: u16, reached: bool, wanted: Action) {
        let status = (status > 0).then_some(status);
        let outcome = Outcome { tag: tag.as_bytes(), status, reached, pseudo: false };
        assert_eq!(outcome.action(), wanted, "{tag} {status:?} reached {reached}");
    }

    #[test]
    fn tags_are_read_by_pieces() {
        for tag in
            ["TCP_MISS", "TCP_HIT", "TCP_TUNNEL", "TCP_CF_MISS", "TCP_REFRESH_UNMODIFIED", "TCP_REFRESH_HIT", "X"]
        {
            for status in [200, 301, 401, 403, 404, 500, 503, 0] {
                is(tag, status, true, Action::Allowed);
            }
        }
        is("TCP_MISS_ABORTED", 0, true, Action::Allowed);
        is("TCP_MEM_HIT", 200, false, Action::Allowed);
        is("TCP_CF_MISS_TIMEDOUT_ABORTED", 504, false, Action::Error);
        is("TCP_MISS_TIMEDOUT", 200, true, Action::Error);
        is("TCP_MISS", 502, false, Action::Error);
        is("TCP_TUNNEL", 500, false, Action::Error);
        is("TCP_MISS", 407, false, Action::Challenge);
    }

    #[test]
    fn denied_is_a_challenge_only_for_401_and_407() {
        for tag in ["TCP_DENIED", "TCP_DENIED_REPLY", "TCP_DENIED_ABORTED", "TCP_CF_DENIED"] {
            is(tag, 403, false, Action::Denied);
            is(tag, 200, false, Action::Denied);
            is(tag, 0, false, Action::Denied);
            is(tag, 407, false, Action::Challenge);
            is(tag, 401, false, Action::Challenge);
        }
        is("TCP_REDIRECT", 302, false, Action::Denied);
    }

    #[test]
    fn without_a_tag_only_a_bumped_connect_succeeds() {
        for tag in ["NONE", "TAG_NONE", "NONE_NONE", "NONE_NONE_ABORTED"] {
            is(tag, 400, false, Action::Error);
            is(tag, 500, false, Action::Error);
            is(tag, 0, false, Action::Error);
            is(tag, 200, false, Action::Allowed);
        }
        let outcome = Outcome { tag: b"NONE_NONE", status: Some(200), reached: false, pseudo: true };
        assert_eq!(outcome.action(), Action::Error);
    }

    #[test]
    fn neighbours_are_not_clients() {
        for tag in ["UDP_HIT", "UDP_MISS", "UDP_DENIED", "UDP_INVALID", "ICP_QUERY"] {
            is(tag, 0, false, Action::Unknown);
        }
    }

    #[test]
    fn hierarchies_of_every_age() {
        for code in ["HIER_DIRECT", "HIER_NONE", "NONE", "DIRECT", "FIRST_UP_PARENT", "PINNED", "HIER_FUTURE"] {
            assert!(is_hierarchy(code.as_bytes()));
        }
        assert!(!is_hierarchy(b"http:"));
        assert_eq!(without_timeout(b"TIMEOUT_HIER_DIRECT"), b"HIER_DIRECT");
    }
}
