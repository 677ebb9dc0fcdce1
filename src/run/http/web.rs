//! The web configuration file of Prometheus exporters (`--web-config`): TLS, and who may ask.
//! <https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md>

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the file cannot be used. The text names it, or the one it names, and says what would do.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {message}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would do.
        message: String,
    },
}

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// How connections are encrypted; `None`: they are not.
    pub tls: Option<Arc<ServerConfig>>,
    /// Names that may ask, each with the bcrypt hash of its password; empty: anybody may.
    pub users: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    tls_server_config: Option<Tls>,
    http_server_config: Http,
    basic_auth_users: BTreeMap<String, String>,
}

/// HTTP/1.1 is served whatever this says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    /// Accepted, so that a file others use can be used.
    #[serde(rename = "http2")]
    _http2: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    cert_file: PathBuf,
    key_file: PathBuf,
    client_ca_file: Option<PathBuf>,
    #[serde(default)]
    client_auth_type: ClientAuth,
    #[serde(default)]
    min_version: Version,
    #[serde(default = "newest")]
    max_version: Version,
    /// The client's order is gone by whatever this says: all suites here are good.
    #[serde(default, rename = "prefer_server_cipher_suites")]
    _prefer: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum ClientAuth {
    #[default]
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

fn newest() -> Version {
    Version::Tls13
}

impl Web {
    /// Reads the file, and the certificates and keys that it names; these are beside it, wherever the program is started.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be used.
    pub fn load(path: &Path) -> Result<Web, WebError> {
        let text = read(path)?;
        let wrong = |message: String| WebError::Content { path: path.to_owned(), message };
        let text = str::from_utf8(&text).map_err(|_| wrong("is no UTF-8 text".into()))?;
        let file: File = match text.trim().is_empty() {
            true => File::default(),
            false => serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?,
        };
        for (user, hash) in &file.basic_auth_users {
            let advice = "is no bcrypt hash; `htpasswd -nBC 10 NAME` makes one";
            hash.parse::<bcrypt::HashParts>().map_err(|_| wrong(format!("the password of user {user:?} {advice}")))?;
        }
        let tls = file.tls_server_config.map(|tls| tls.load(path)).transpose()?;
        Ok(Web { tls, users: file.basic_auth_users })
    }
}

impl Tls {
    fn load(&self, config: &Path) -> Result<Arc<ServerConfig>, WebError> {
        let beside = |path: &Path| config.parent().unwrap_or(Path::new("")).join(path);
        let wrong = |message: &str| WebError::Content { path: config.to_owned(), message: message.to_owned() };
        let all: [(Version, &'static SupportedProtocolVersion); 2] =
            [(Version::Tls13, &version::TLS13), (Version::Tls12, &version::TLS12)];
        let wanted = all.iter().filter(|(version, _)| (self.min_version..=self.max_version).contains(version));
        let wanted: Vec<&SupportedProtocolVersion> = wanted.map(|(_, version)| *version).collect();
        if wanted.is_empty() {
            return Err(wrong("min_version is above max_version"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&wanted);
        let builder = builder.map_err(|error| wrong(&error.to_string()))?;
        let builder = match (&self.client_ca_file, self.client_auth_type) {
            (None, ClientAuth::NoClientCert) => builder.with_no_client_auth(),
            (Some(_), ClientAuth::NoClientCert) => {
                return Err(wrong("client_ca_file does nothing without client_auth_type: RequireAndVerifyClientCert"));
            }
            (None, _) => return Err(wrong("client_auth_type needs a client_ca_file")),
            (Some(file), auth) => {
                let file = beside(file);
                let mut roots = RootCertStore::empty();
                for certificate in certificates(&file)? {
                    roots.add(certificate).map_err(|error| content(&file, error.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if auth == ClientAuth::VerifyClientCertIfGiven {
                    verifier.allow_unauthenticated()
                } else {
                    verifier
                };
                let verifier = verifier.build().map_err(|error| content(&file, error.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let (chain, key_file) = (certificates(&beside(&self.cert_file))?, beside(&self.key_file));
        let key =
            PrivateKeyDer::from_pem_slice(&read(&key_file)?).map_err(|error| unreadable(&key_file, &error, "key"))?;
        let config = builder.with_single_cert(chain, key).map_err(|error| content(&key_file, error.to_string()))?;
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, WebError> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unreadable(path, &pem::Error::NoItemsFound, "certificate")),
        Err(error) => Err(unreadable(path, &error, "certificate")),
    }
}

fn unreadable(path: &Path, error: &pem::Error, what: &str) -> WebError {
    content(path, format!("holds no {what} in PEM: {error}"))
}

fn content(path: &Path, message: String) -> WebError {
    WebError::Content { path: path.to_owned(), message }
}

fn read(path: &Path) -> Result<Vec<u8>, WebError> {
    std::fs::read(path).map_err(|source| WebError::File { path: path.to_owned(), source })
}
