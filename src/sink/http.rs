//! Where records are posted to.

use super::SinkError;
use httpdate::parse_http_date;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// What is read of an answer, bytes: it is shown to people when it is a refusal.
const ANSWER: u64 = 4096;
/// What of it is shown, characters.
const SHOWN: usize = 200;
/// The longest pause that an answer may ask for, seconds: an Alertmanager forgets an alert after four minutes.
const PAUSE: u64 = 120;

/// A server, and what it answers.
pub(super) struct Endpoint {
    name: String,
    url: String,
    agent: Agent,
}

impl Endpoint {
    /// At a URL, which may hold a secret: only `name` is ever shown. `authorities`: a file of certificates in PEM in place
    /// of those of the system.
    ///
    /// # Errors
    ///
    /// That file cannot be read.
    pub(super) fn new(
        name: &str,
        url: String,
        authorities: Option<&Path>,
        timeout: Duration,
    ) -> Result<Endpoint, SinkError> {
        let roots = match authorities {
            // Where the system has none, a server that needs them cannot be reached, and says so.
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => certificates(path)?,
        };
        let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(timeout))
            .user_agent(concat!("deguchi/", env!("CARGO_PKG_VERSION")))
            // Another server than the one that was named is not told anything.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Endpoint { name: name.to_owned(), url, agent })
    }

    /// Posts JSON.
    ///
    /// # Errors
    ///
    /// [`SinkError::Unreachable`] where another try may help, else [`SinkError::Refused`].
    pub(super) fn post(&self, body: &[u8], headers: &[(&str, &str)]) -> Result<(), SinkError> {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let unreachable = |reason: String, after| SinkError::Unreachable { name: self.name.clone(), reason, after };
        let mut answer = match request.send(body) {
            Ok(answer) => answer,
            Err(error) => return Err(unreachable(error.to_string(), None)),
        };
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        if matches!(status, 408 | 425 | 429 | 500..) {
            let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
            let after = header("retry-after").and_then(|text| retry_after(text, header("date")));
            return Err(unreachable(format!("it answers with status {status}"), after));
        }
        let text = answer.body_mut().with_config().limit(ANSWER).lossy_utf8(true).read_to_string().unwrap_or_default();
        let text: String = text.trim().chars().take(SHOWN).collect();
        let advice = if (300..400).contains(&status) { "; name the address it points to".to_owned() } else { text };
        Err(SinkError::Refused {
            name: self.name.clone(),
            reason: format!("status {status} {advice}").trim().to_owned(),
        })
    }
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). That is counted from the `Date` of the same answer, so
/// that clocks need not agree; without one it says nothing.
fn retry_after(text: &str, date: Option<&str>) -> Option<Duration> {
    let text = text.trim();
    let longest = Duration::from_secs(PAUSE);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What does not fit is long.
        return Some(text.parse().map_or(longest, Duration::from_secs).min(longest));
    }
    let now = parse_http_date(date?.trim()).ok()?;
    // In the past: at once.
    let after = parse_http_date(text).ok()?.duration_since(now).unwrap_or_default();
    Some(after.min(longest))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SinkError> {
    let wrong = |reason: String| SinkError::Authorities { name: path.display().to_string(), reason };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found.map_err(|error| wrong(error.to_string()))? {
        found if found.is_empty() => Err(wrong("holds no certificate".into())),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_of_all_three_forms() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        let after = |text: &str| retry_after(text, Some(now)).map(|after| after.as_secs());
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("3600", Some(PAUSE)),
            ("99999999999999999999999", Some(PAUSE)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun Nov  6 08:50:07 1994", Some(30)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(PAUSE)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(after(text), seconds, "{text:?}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
        assert_eq!(retry_after("5", None), Some(Duration::from_secs(5)));
    }
}
