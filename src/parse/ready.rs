//! Maps that are shipped, one product a file: its manual page, and the map.

pub(super) mod cef;
pub(super) mod ecs;
pub(super) mod envoy;
pub(super) mod fortigate;
pub(super) mod fortiproxy;
pub(super) mod intersafe;
pub(super) mod leef;
pub(super) mod paloalto;
pub(super) mod proxysg;
pub(super) mod skyhigh;
pub(super) mod sophos;
pub(super) mod sophos_swa;
pub(super) mod traefik;
pub(super) mod umbrella;
pub(super) mod zeek;
pub(super) mod zscaler;
