//! What the columns of the several products say the proxy did.

use memchr::memmem;

use crate::event::Action;

/// What a row tells of the outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::parse) struct Verdict<'a> {
    /// ProxySG: OBSERVED, PROXIED, DENIED.
    pub(in crate::parse) filter: Option<&'a [u8]>,
    /// ProxySG, Cisco: `TCP_NC_MISS`, `TCP_DENIED`, `TUNNELED`.
    pub(in crate::parse) tag: Option<&'a [u8]>,
    /// ProxySG: `policy_denied`, `authentication_failed`, `tcp_error`.
    pub(in crate::parse) exception: Option<&'a [u8]>,
    /// TMG: Allowed, Denied, Failed. Netskope: allow, block.
    pub(in crate::parse) policy: Option<&'a [u8]>,
    /// Status; TMG writes codes of Windows in its place.
    pub(in crate::parse) code: Option<u64>,
}

/// TMG: "requires authorization to fulfill the request" (Forefront TMG SDK, error codes).
const PROXY_AUTH: u64 = 12209;
/// TMG: "denied the specified URL".
const PROXY_DENIED: u64 = 12202;

impl Verdict<'_> {
    /// The bytes of this row are those of a whole tunnel.
    #[inline]
    pub(in crate::parse) fn tunnels(&self) -> bool {
        matches!(self.tag, Some(b"TUNNELED" | b"TCP_TUNNELED"))
    }

    /// The connection goes on in another part of the appliance, which writes rows of its own.
    #[inline]
    pub(in crate::parse) fn hands_on(&self) -> bool {
        self.tag == Some(b"TCP_ACCELERATED")
    }

    /// What the proxy did.
    #[inline]
    pub(in crate::parse) fn action(&self) -> Action {
        // Nine rows of ten.
        if matches!((self.filter, self.exception), (Some(b"OBSERVED" | b"PROXIED"), None))
            && matches!(self.tag, Some(b"TCP_NC_MISS" | b"TCP_MISS" | b"TCP_HIT" | b"TUNNELED" | b"TCP_TUNNELED"))
        {
            return Action::Allowed;
        }
        self.by_rules()
    }

    #[inline(never)]
    fn by_rules(&self) -> Action {
        let begins = |text: Option<&[u8]>, words: &[&str]| {
            let begins = |word: &&str| text?.get(..word.len()).map(|t| t.eq_ignore_ascii_case(word.as_bytes()));
            words.iter().filter_map(begins).any(|begins| begins)
        };
        let tagged = |piece: &[u8]| self.tag.is_some_and(|tag| memmem::find(tag, piece).is_some());
        let excepted = |piece: &[u8]| self.exception.is_some_and(|id| memmem::find(id, piece).is_some());
        let asks = begins(self.exception, &["authentication"])
            || begins(self.policy, &["auth"])
            || tagged(b"_AUTH_")
            || self.code == Some(PROXY_AUTH);
        let denied = self.filter == Some(b"DENIED")
            || tagged(b"DENIED")
            || excepted(b"denied")
            || begins(self.policy, &["den", "block", "blk", "drop", "reset", "reject", "caution", "quarantine"])
            || self.code == Some(PROXY_DENIED);
        let failed = tagged(b"_ERR_")
            || self.tag == Some(b"FAILED")
            || begins(self.policy, &["fail", "err", "timeout"])
            || matches!(self.code, Some(10_000..))
            || self.exception.is_some() && matches!(self.code, None | Some(0 | 400..));
        let known = [self.filter, self.tag, self.exception, self.policy].iter().any(Option::is_some);
        match () {
            () if asks => Action::Challenge,
            () if denied && matches!(self.code, Some(401 | 407)) => Action::Challenge,
            () if denied => Action::Denied,
            () if failed => Action::Error,
            () if known => Action::Allowed,
            () => Action::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(words: [&str; 4], code: u64, wanted: Action) {
        let [filter, tag, exception, policy] = words.map(|word| Some(word.as_bytes()).filter(|word| !word.is_empty()));
        let code = Some(code).filter(|&code| code > 0);
        assert_eq!(Verdict { filter, tag, exception, policy, code }.action(), wanted, "{words:?} {code:?}");
    }

    #[test]
    fn proxysg() {
        is(["OBSERVED", "TCP_NC_MISS", "", ""], 200, Action::Allowed);
        is(["OBSERVED", "TCP_NC_MISS", "", ""], 403, Action::Allowed);
        is(["OBSERVED", "TUNNELED", "", ""], 0, Action::Allowed);
        is(["DENIED", "TCP_DENIED", "policy_denied", ""], 403, Action::Denied);
        is(["DENIED", "TCP_DENIED", "content_filter_denied", ""], 403, Action::Denied);
        is(["DENIED", "TCP_DENIED", "authentication_failed", ""], 407, Action::Challenge);
        is(["DENIED", "TCP_DENIED", "", ""], 407, Action::Challenge);
        is(["OBSERVED", "TCP_AUTH_REDIRECT", "authentication_redirect_to_virtual_host", ""], 307, Action::Challenge);
        is(["OBSERVED", "TCP_ERR_MISS", "dns_unresolved_hostname", ""], 503, Action::Error);
        is(["OBSERVED", "TCP_NC_MISS", "tcp_error", ""], 503, Action::Error);
    }

    #[test]
    fn others() {
        is(["", "", "", "Allowed"], 200, Action::Allowed);
        is(["", "", "", "Denied"], 12209, Action::Challenge);
        is(["", "", "", "Denied"], 12202, Action::Denied);
        is(["", "", "", "Failed"], 10060, Action::Error);
        is(["", "", "", "block"], 0, Action::Denied);
        is(["", "", "", "bypass"], 0, Action::Allowed);
        is(["", "TCP_MISS_SSL", "", ""], 200, Action::Allowed);
        is(["", "", "", ""], 403, Action::Unknown);
    }
}
