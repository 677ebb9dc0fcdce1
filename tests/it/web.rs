//! Metrics over TLS, for those who have a password, by the web configuration file of exporters.

use crate::servers::program;
use crate::watch::Watch;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Somebody who asks.
struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    fn new(ca: &str, own: Option<(&str, &str)>) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
        };
        Client { config: Arc::new(config) }
    }

    /// The status that a request with a name and a password gets; `None`: the connection fails.
    fn status(&self, address: &str, basic: Option<&str>) -> Option<u16> {
        self.status_of(address, "/metrics", basic)
    }

    fn status_of(&self, address: &str, path: &str, basic: Option<&str>) -> Option<u16> {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
        let basic = basic.map(|token| format!("Authorization: Basic {token}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n{basic}\r\n").ok()?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
    }
}

/// A certificate for this machine and its key.
fn issue(ca: &CertifiedIssuer<'_, KeyPair>, usage: ExtendedKeyUsagePurpose) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, ca).unwrap().pem(), key.serialize_pem())
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn web(dir: &Path, more: &str, password: &str) {
    let hash = bcrypt::hash(password, 4).unwrap();
    let text = format!(
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}basic_auth_users:\n  prometheus: {hash}\n"
    );
    std::fs::write(dir.join("web.yml"), text).unwrap();
    if let Some(promtool) = program("promtool", "prometheus") {
        let checked = Command::new(promtool).args(["check", "web-config"]).arg(dir.join("web.yml")).status().unwrap();
        assert!(checked.success(), "it is the file that exporters have");
    }
}

#[test]
fn metrics_are_encrypted_and_for_those_who_have_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let ca = authority();
    let (certificate, key) = issue(&ca, ExtendedKeyUsagePurpose::ServerAuth);
    std::fs::write(at("server.pem"), certificate).unwrap();
    std::fs::write(at("server.key"), key).unwrap();
    std::fs::write(at("ca.pem"), ca.pem()).unwrap();
    std::fs::write(at("access.log"), "").unwrap();
    web(dir.path(), "", "secret");
    let config = at("web.yml");
    let flags = ["--web-config", config.to_str().unwrap()];
    let watch = Watch::start_with(&at("access.log"), &at("alerts"), &flags);
    // One that says nothing holds nobody up.
    let _silent = TcpStream::connect(&watch.address).unwrap();
    let client = Client::new(&ca.pem(), None);
    let (good, bad, other) = ("cHJvbWV0aGV1czpzZWNyZXQ=", "cHJvbWV0aGV1czpndWVzcw==", "cm9vdDpzZWNyZXQ=");
    assert_eq!(client.status(&watch.address, None), Some(401));
    assert_eq!(client.status(&watch.address, Some(bad)), Some(401));
    assert_eq!(client.status(&watch.address, Some(other)), Some(401));
    assert_eq!(client.status(&watch.address, Some(good)), Some(200));
    assert_eq!(client.status(&watch.address, Some(good)), Some(200), "as known by now");
    for path in ["/", "/api/v1/incidents", "/api/v1/alerts"] {
        let of = |basic| client.status_of(&watch.address, path, basic);
        assert_eq!((of(None), of(Some(bad)), of(Some(good))), (Some(401), Some(401), Some(200)), "{path}");
    }
    let mut plain = TcpStream::connect(&watch.address).unwrap();
    // It may have hung up by the second write.
    let _ = write!(plain, "GET /metrics HTTP/1.0\r\nAuthorization: Basic {good}\r\n\r\n");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "what is not encrypted is not answered");

    // Another password, and a certificate of one's own.
    web(dir.path(), "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n", "guess");
    watch.signal("HUP");
    let (certificate, key) = issue(&ca, ExtendedKeyUsagePurpose::ClientAuth);
    let known = Client::new(&ca.pem(), Some((&certificate, &key)));
    let begun = std::time::Instant::now();
    while known.status(&watch.address, Some(bad)) != Some(200) {
        assert!(begun.elapsed().as_secs() < 20, "the new password is gone by");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(known.status(&watch.address, Some(good)), Some(401), "the old one is not");
    assert_eq!(client.status(&watch.address, Some(bad)), None, "no certificate");
    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn a_web_configuration_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("web.yml");
    let log = dir.path().join("access.log");
    std::fs::write(&log, "").unwrap();
    let said = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_deguchi"))
            .args(["watch", "--listen", "127.0.0.1:0", "--web-config"])
            .args([&path, &log])
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{text}");
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains("web.yml") || said.contains("none.pem"), "{said}");
        said
    };
    assert!(said("basic_auth_user: {}\n").contains("basic_auth_user"));
    assert!(said("basic_auth_users: {a: plain}\n").contains("htpasswd"));
    assert!(said("tls_server_config: {cert_file: none.pem, key_file: none.key}\n").contains("No such file"));
    assert!(said("tls_server_config: {cert_file: web.yml, key_file: web.yml}\n").contains("certificate"));
    let both = "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}\n";
    assert!(said(both).contains("min_version"));
}
