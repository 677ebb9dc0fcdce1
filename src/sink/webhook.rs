//! Records posted to a server, one a request, signed.
//!
//! | header | value |
//! | --- | --- |
//! | `X-Deguchi-Id` | the record's `id`: the same record may come twice, never with another |
//! | `X-Deguchi-Timestamp` | when it was sent, seconds since 1970 |
//! | `X-Deguchi-Signature` | `sha256=` and the HMAC-SHA256 in hex of timestamp, `.` and body, with the secret |

use super::http::Endpoint;
use super::{RecordFormat, Sink, SinkError};
use crate::alert::Record;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A server that takes records.
pub struct Webhook {
    server: Endpoint,
    secret: Option<Vec<u8>>,
    format: RecordFormat,
    clock: fn() -> u64,
    body: Vec<u8>,
}

impl Webhook {
    /// At a URL; only `name` is ever shown. `secret` signs, `clock` tells seconds since 1970.
    ///
    /// # Errors
    ///
    /// The file of authorities cannot be read.
    pub fn new(
        name: &str,
        url: String,
        secret: Option<Vec<u8>>,
        format: RecordFormat,
        authorities: Option<&Path>,
        timeout: Duration,
        clock: fn() -> u64,
    ) -> Result<Webhook, SinkError> {
        Ok(Webhook { server: Endpoint::new(name, url, authorities, timeout)?, secret, format, clock, body: Vec::new() })
    }
}

impl Sink for Webhook {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        self.body.clear();
        self.format.line(record, &mut self.body);
        self.body.pop();
        let time = (self.clock)().to_string();
        let signature = self.secret.as_ref().map(|secret| signature(secret, &time, &self.body));
        let mut headers = vec![("X-Deguchi-Id", record.id.as_str()), ("X-Deguchi-Timestamp", time.as_str())];
        headers.extend(signature.as_ref().map(|signature| ("X-Deguchi-Signature", signature.as_str())));
        self.server.post(&self.body, &headers)
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// RFC 2104, of time and body, so that an old request cannot be sent again as a new one.
fn signature(secret: &[u8], time: &str, body: &[u8]) -> String {
    let mut text = "sha256=".to_owned();
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return text };
    [time.as_bytes(), b".", body].iter().for_each(|part| mac.update(part));
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    /// `printf '1430000000.{"a":1}' | openssl dgst -sha256 -hmac secret`
    #[test]
    fn the_signature_is_that_of_openssl() {
        let signature = super::signature(b"secret", "1430000000", b"{\"a\":1}");
        assert_eq!(signature, "sha256=d7f2fd3fc5c9b91976a374a38699cc14bab82be1a5ed8863d8761c402db7acd3");
    }
}
