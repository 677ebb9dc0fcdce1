//! Who may ask: basic authentication, by bcrypt hashes.

use super::web::Web;
use crate::lock::lock;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Hash that an unknown name is held against, so that it takes as long as a known one: of a password nobody has, at the
/// usual cost.
const NOBODY: &str = "$2b$10$CwTycUXWue0Thq9StjUM0uJ8l1oH1rG8b2Jt8y3ZQ4mK5vJ0o8f6e";
/// Passwords remembered as good: a hash takes a tenth of a second, Prometheus asks every few seconds.
const KNOWN: usize = 100;

/// Lets in who may ask.
#[derive(Debug)]
pub struct Guard {
    web: RwLock<Web>,
    known: Mutex<HashSet<u128>>,
    key: (u64, u64),
    /// One hash at a time: those who guess passwords cannot take all processors.
    turn: Semaphore,
}

impl Guard {
    /// Goes by a web configuration.
    pub fn new(web: Web) -> Guard {
        let random = || RandomState::new().hash_one(0);
        Guard { web: RwLock::new(web), known: Mutex::default(), key: (random(), random()), turn: Semaphore::new(1) }
    }

    /// Goes by another one from now on.
    pub fn replace(&self, web: Web) {
        *self.web.write().unwrap_or_else(PoisonError::into_inner) = web;
        lock(&self.known).clear();
    }

    /// Whether anybody who reaches the address may ask.
    pub fn is_open(&self) -> bool {
        let web = self.web.read().unwrap_or_else(PoisonError::into_inner);
        web.users.is_empty() && web.tls.is_none()
    }

    /// How connections are encrypted.
    pub fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.web.read().unwrap_or_else(PoisonError::into_inner).tls.clone()
    }

    async fn admits(&self, headers: &HeaderMap) -> bool {
        let Some((user, password)) = credentials(headers) else {
            return self.web.read().unwrap_or_else(PoisonError::into_inner).users.is_empty();
        };
        let (anybody, hash) = {
            let web = self.web.read().unwrap_or_else(PoisonError::into_inner);
            (web.users.is_empty(), web.users.get(&user).cloned())
        };
        if anybody {
            return true;
        }
        let token = self.token(&user, &password, hash.as_deref());
        if lock(&self.known).contains(&token) {
            return true;
        }
        let Ok(_turn) = self.turn.acquire().await else { return false };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false)).await.unwrap_or(false);
        if !(fits && known) {
            return false;
        }
        let mut good = lock(&self.known);
        if good.len() >= KNOWN {
            good.clear();
        }
        good.insert(token)
    }

    /// What is remembered of a password, which cannot be told from it.
    fn token(&self, user: &str, password: &[u8], hash: Option<&str>) -> u128 {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        (user, password, hash).hash(&mut hasher);
        hasher.write_u8(0);
        hasher.finish128().as_u128()
    }
}

fn credentials(headers: &HeaderMap) -> Option<(String, Vec<u8>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD.decode(token.trim()).ok()?;
    let colon = pair.iter().position(|&b| b == b':')?;
    Some((String::from_utf8(pair[..colon].to_vec()).ok()?, pair[colon + 1..].to_vec()))
}

/// Turns away who may not ask.
pub async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.admits(request.headers()).await {
        true => next.run(request).await,
        false => {
            let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"deguchi\"")];
            (StatusCode::UNAUTHORIZED, ask, "a name and a password are needed\n").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_takes_as_long_as_a_known_one() {
        assert!(!bcrypt::verify("a", NOBODY).expect("a hash"), "of a password nobody has");
        assert_eq!(NOBODY.parse::<bcrypt::HashParts>().expect("a hash").get_cost(), 10);
    }
}
