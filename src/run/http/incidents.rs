//! What the newest records tell, put together once for each time that they change; and the page of it.

use super::Served;
use crate::alert::Record;
use crate::lock::lock;
use crate::run::recent::{Recent, Told};
use crate::sink::{Lang, POLICY, PageOptions, page as page_of};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The newest records, and what they tell.
#[derive(Debug)]
pub(super) struct Incidents {
    recent: Mutex<Recent>,
    told: Mutex<Arc<Told>>,
    zone: TimeZone,
    /// One answer is made at a time: many who ask at once take no more memory, and no more than one processor.
    turn: Arc<Semaphore>,
}

/// What is asked of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageAsked {
    lang: Option<String>,
}

impl Incidents {
    pub(super) fn new(recent: Recent, zone: TimeZone) -> Incidents {
        Incidents { recent: Mutex::new(recent), told: Mutex::default(), zone, turn: Arc::new(Semaphore::new(1)) }
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        lock(&self.recent)
    }

    /// The records and what they tell, as of now.
    fn now(&self) -> (Arc<Told>, Vec<Arc<Record>>) {
        let (version, records) = {
            let recent = self.recent();
            (recent.version(), recent.records())
        };
        let mut told = lock(&self.told);
        if told.version != version {
            *told = Arc::new(Told::of(version, &records));
        }
        (Arc::clone(&told), records)
    }
}

impl Served {
    /// An answer in JSON, made of the records on a thread that may take its time.
    pub(super) async fn answer(
        self: Arc<Served>,
        make: impl FnOnce(&Told, &[Arc<Record>]) -> Vec<u8> + Send + 'static,
    ) -> Response {
        let body = self.made(move |incidents| {
            let (told, records) = incidents.now();
            make(&told, &records)
        });
        body.await.map_or_else(IntoResponse::into_response, |body| {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, body).into_response()
        })
    }

    /// What the records tell, as of now.
    pub(super) async fn told(self: Arc<Served>) -> Result<Arc<Told>, StatusCode> {
        self.made(|incidents| incidents.now().0).await
    }

    async fn made<T: Send + 'static>(
        self: Arc<Served>,
        make: impl FnOnce(&Incidents) -> T + Send + 'static,
    ) -> Result<T, StatusCode> {
        let turn = Arc::clone(&self.incidents.turn).acquire_owned().await;
        let turn = turn.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let made = spawn_blocking(move || {
            // Kept by the work, not by who asked for it and may be gone.
            let _turn = turn;
            make(&self.incidents)
        });
        made.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The incident page.
pub(super) async fn page(
    State(served): State<Arc<Served>>,
    Query(asked): Query<PageAsked>,
    headers: HeaderMap,
) -> Response {
    // The language that a browser prefers stands first.
    let preferred = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()?.get(..2));
    let lang = asked.lang.as_deref().or(preferred).and_then(Lang::of).unwrap_or_default();
    let made = served.made(move |incidents| {
        let (told, _) = incidents.now();
        page_of(&told.dossiers, &told.last, &PageOptions { lang, zone: incidents.zone.clone() })
    });
    made.await.map_or_else(IntoResponse::into_response, |body| {
        let policy = format!("{}; frame-ancestors 'none'", *POLICY);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, &policy),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::VARY, "accept-language"),
        ];
        (headers, body).into_response()
    })
}
