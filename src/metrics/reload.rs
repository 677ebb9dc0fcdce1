//! Families of what is read again while a run goes on: lists of known bad, allow rules, sites.

use super::{Family, Metrics, gauge, gauge_f64};
use prometheus::{GaugeVec, IntGaugeVec};

const SUCCESSFUL: Family = Family(
    "deguchi_config_last_reload_successful",
    "1 if the lists could be read when they were read last, 0 if the ones before are still in use.",
    &[],
);
const SUCCESS: Family = Family(
    "deguchi_config_last_reload_success_timestamp_seconds",
    "When the lists in use were read, by the wall clock.",
    &[],
);

/// The families.
#[derive(Debug)]
pub struct Reload {
    successful: IntGaugeVec,
    success: GaugeVec,
}

impl Reload {
    /// Adds them to those of a run whose lists were read at `now`, seconds since 1970.
    pub fn new(metrics: &Metrics, now: f64) -> Reload {
        let reload = Reload {
            successful: gauge(&metrics.registry, &SUCCESSFUL),
            success: gauge_f64(&metrics.registry, &SUCCESS),
        };
        reload.succeeded(now);
        reload
    }

    /// They were read at `now`, seconds since 1970.
    pub fn succeeded(&self, now: f64) {
        self.successful.with_label_values(&[] as &[&str]).set(1);
        self.success.with_label_values(&[] as &[&str]).set(now);
    }

    /// They could not be read: those from before stay.
    pub fn failed(&self) {
        self.successful.with_label_values(&[] as &[&str]).set(0);
    }
}
