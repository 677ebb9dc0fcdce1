//! What `watch` serves: metrics for Prometheus, the incident page, the newest records, and whether the process lives and
//! has begun.
//!
//! | path | answer |
//! | --- | --- |
//! | `/` | the incident page, in the language of `?lang=` or of the browser |
//! | `/api/v1/incidents`, `/api/v1/alerts` | the same as JSON: see `api` |
//! | `/metrics` | every family, in Prometheus text format |
//! | `/-/healthy` | 200 as long as the process serves at all |
//! | `/-/ready` | 200 when the inputs are open, else 503 |

mod api;
mod guard;
mod incidents;
mod tls;
mod web;

use crate::lock::lock;
use crate::metrics::{IncidentInfo, Metrics};
use crate::run::log::{self, Part};
use crate::run::recent::Recent;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Router, middleware, routing::get};
pub use guard::Guard;
use incidents::Incidents;
use jiff::tz::TimeZone;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tls::TlsListener;
use tokio::net::TcpListener;
pub use web::Web;

/// Media type of the Prometheus text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the driver tells and the server shows.
#[derive(Debug)]
pub struct Served {
    metrics: Mutex<Metrics>,
    info: Option<IncidentInfo>,
    ready: AtomicBool,
    incidents: Incidents,
}

impl Served {
    /// Not ready yet; `info`, if any, is brought up to date whenever the metrics are asked for, `recent` is what an earlier
    /// run told, `zone` that of times on the page.
    pub fn new(metrics: Metrics, info: Option<IncidentInfo>, recent: Recent, zone: TimeZone) -> Served {
        let incidents = Incidents::new(recent, zone);
        Served { metrics: Mutex::new(metrics), info, ready: AtomicBool::new(false), incidents }
    }

    /// The newest records, to add to.
    pub fn recent(&self) -> MutexGuard<'_, Recent> {
        self.incidents.recent()
    }

    /// The families, to write.
    pub fn metrics(&self) -> MutexGuard<'_, Metrics> {
        lock(&self.metrics)
    }

    /// From now on `/-/ready` says so.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }
}

/// Answers the requests that the guard admits, until the future that [`tokio::spawn`] made of it is dropped.
///
/// # Errors
///
/// None that one connection could cause: those are dropped.
pub async fn serve(listener: TcpListener, served: Arc<Served>, guard: Arc<Guard>) -> io::Result<()> {
    let router = Router::new()
        .route("/", get(incidents::page))
        .route("/api/v1/incidents", get(api::incidents))
        .route("/api/v1/alerts", get(api::alerts))
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(async || "deguchi is healthy\n"))
        .route("/-/ready", get(ready))
        .with_state(served)
        .layer(middleware::from_fn_with_state(Arc::clone(&guard), guard::guard));
    match guard.tls() {
        Some(_) => axum::serve(TlsListener::new(listener, guard)?, router).await,
        None => axum::serve(listener, router).await,
    }
}

/// Reads the web configuration again: certificates are renewed, names come and go.
pub fn reload(file: Option<&Path>, guard: &Guard) {
    match file.map(Web::load).transpose() {
        Ok(None) => {}
        Ok(Some(web)) if web.tls.is_some() != guard.tls().is_some() => {
            log::error(Part::Http, "TLS is not switched on or off while deguchi runs: restart it");
        }
        Ok(Some(web)) => guard.replace(web),
        Err(error) => log::error(Part::Http, &format!("{error}; what was read before stays in use")),
    }
}

async fn metrics(State(served): State<Arc<Served>>) -> impl IntoResponse {
    // Only where it is wanted: this waits while a page is being made.
    let told = match &served.info {
        Some(_) => Arc::clone(&served).told().await.ok(),
        None => None,
    };
    let metrics = served.metrics();
    if let (Some(info), Some(told)) = (&served.info, told) {
        info.show(&told.dossiers);
    }
    ([(header::CONTENT_TYPE, TEXT)], metrics.text())
}

async fn ready(State(served): State<Arc<Served>>) -> (StatusCode, &'static str) {
    match served.ready.load(Ordering::Relaxed) {
        true => (StatusCode::OK, "deguchi is ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "deguchi has not opened its inputs yet\n"),
    }
}
