//! Cisco Secure Web Appliance (IronPort WSA), access log: Squid's format with the decision of the policy behind it.
//!
//! ```text
//! %t %e %a %w/%h %s %2r %A %H/%d %c %D <%Xr> %?BLOCK_SUSPECT_USER_AGENT,MONITOR_SUSPECT_USER_AGENT?%<User-Agent:%!%-%
//! 1767323045.678 97 192.0.2.10 TCP_MISS/200 8187 GET http://www.example.com/a "CORP\taro@corp.example" DIRECT/www.example.com text/html DEFAULT_CASE_12-Policy-Staff-NONE-NONE-NONE-DefaultGroup <"IW_comp",6.4,-,"-"> -
//! ```
//!
//! # Knows
//!
//! End and duration in milliseconds, client, user, method, URL, status, what the proxy did, bytes to the client, media
//! type.
//!
//! # Does not know
//!
//! Bytes from the client, User-Agent, Referer, unless they are added; those are not read here: take a W3C subscription
//! (`deguchi explain w3c`) to have them.
//!
//! # What the proxy did
//!
//! The decision says: `BLOCK_*`, `DROP_*` and `REDIRECT_*` are denied, `TCP_DENIED` with 401 or 407 asks for credentials,
//! of all others the result decides. A CONNECT that the appliance opens (`DECRYPT_*`) is not counted: its requests follow.
//!
//! # Times and units
//!
//! Seconds since 1970, of the end; milliseconds; bytes with headers.
//!
//! # Reads too
//!
//! `Info: ` before a record, `TCP_CONNECT` of transparent connections, `tunnel://host:443/`, `&lt;` for `<`. Lines of other
//! kinds in the same stream (`Begin Logfile`, the L4 traffic monitor) are rejected and counted.
//!
//! # To make it complete
//!
//! *System Administration > Log Subscriptions*, a subscription of type *W3C Logs* with `timestamp x-elapsed-time c-ip
//! cs-username cs-method cs-url x-resultcode-httpstatus sc-bytes cs-bytes cs(User-Agent) cs(Referer)`.

use super::{ParseError, Parser, Reason, Squid};
use crate::event::{Action, Event, Fields, Text};

/// Cisco WSA.
#[derive(Clone, Copy, Debug, Default)]
pub struct CiscoWsa;

impl Parser for CiscoWsa {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        let record = line.strip_prefix(b"Info: ").unwrap_or(line);
        let before = line.len() - record.len();
        let behind = |error: ParseError| ParseError { at: error.at + before, ..error };
        let read = Squid.parse(record);
        let Some(decision) = decision(record) else {
            // No record of this appliance, whatever it is.
            return if let Ok(None) = read { Ok(None) } else { Err(ParseError { at: 0, wanted: Reason::Result }) };
        };
        let Some(event) = read.map_err(behind)? else { return Ok(None) };
        let refused = [&b"BLOCK_"[..], b"DROP_", b"REDIRECT_"].iter().any(|word| decision.starts_with(word));
        let action = if refused && event.action != Action::Challenge { Action::Denied } else { event.action };
        let connect = matches!(event.method, Some(b"CONNECT" | b"TCP_CONNECT"));
        let target = match event.target.strip_prefix(b"tunnel://") {
            Some(place) => place.strip_suffix(b"/").unwrap_or(place),
            None => event.target,
        };
        let user = event.user.map(|user| match user.raw {
            [b'"', inner @ .., b'"'] => Text { raw: inner, ..user },
            _ => user,
        });
        Ok(Some(Event {
            action,
            target,
            user,
            method: if connect { Some(b"CONNECT") } else { event.method },
            handoff: connect && !refused && decision.starts_with(b"DECRYPT_"),
            ..event
        }))
    }

    fn carries(&self) -> Fields {
        Squid.carries()
    }
}

/// The word before the verdicts in `<…>`: `DECISION_12-policy-identity-…`.
fn decision(record: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(record, b" <").or_else(|| memchr::memmem::find(record, b" &lt;"))?;
    let before = record.get(..at)?;
    let word = before.rsplit(|&byte| byte == b' ').next()?;
    let upper = word.iter().take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_').count();
    (upper > 3 && word.contains(&b'-')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "1767323045.678 97 192.0.2.10";
    const TAIL: &str = r#"<"IW_comp",6.4,-,"a <b>",-> -"#;

    #[track_caller]
    fn read(line: &str) -> Event<'_> {
        CiscoWsa.parse(line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn the_decision_says_what_was_done() {
        let of = |tag: &str, decision: &str| {
            let line = format!(
                r#"{HEAD} {tag} 8187 GET http://www.example.com/ "CORP\taro@x" DIRECT/x text/html {decision}_12-P-NONE-NONE {TAIL}"#
            );
            read(&line).action
        };
        assert_eq!(of("TCP_MISS/200", "DEFAULT_CASE"), Action::Allowed);
        assert_eq!(of("TCP_MISS_SSL/200", "ALLOW_CUSTOMCAT"), Action::Allowed);
        assert_eq!(of("TCP_DENIED/403", "BLOCK_WEBCAT"), Action::Denied);
        assert_eq!(of("TCP_MISS/200", "BLOCK_CONTINUE_WEBCAT"), Action::Denied);
        assert_eq!(of("TCP_DENIED/407", "OTHER"), Action::Challenge);
        assert_eq!(of("NONE/504", "DEFAULT_CASE"), Action::Error);
    }

    #[test]
    fn tunnels_and_what_is_opened() {
        let connect = |decision: &str, rest: &str| {
            format!(r#"Info: {HEAD} TCP_MISS/200 39 {rest} - DIRECT/x - {decision}_7-P-I-NONE {TAIL}"#)
        };
        let text = connect("PASSTHRU_WBRS", "CONNECT tunnel://www.example.com:443/");
        let tunnel = read(&text);
        assert_eq!((tunnel.target, tunnel.handoff), (&b"www.example.com:443"[..], false));
        let text = connect("DECRYPT_WEBCAT", "TCP_CONNECT 203.0.113.10:443");
        let opened = read(&text);
        assert_eq!((opened.method, opened.handoff), (Some(&b"CONNECT"[..]), true));
    }

    #[test]
    fn a_squid_line_is_none() {
        let line = format!("{HEAD} TCP_MISS/200 8187 GET http://www.example.com/ - HIER_DIRECT/x text/html");
        assert_eq!(CiscoWsa.parse(line.as_bytes()).unwrap_err().wanted, Reason::Result);
    }
}
