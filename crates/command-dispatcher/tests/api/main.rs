//! command-dispatcher over HTTP, against real servers: what it answers, records and publishes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod access;
mod answer;
mod app;
mod broker;
mod fleet;
mod openapi;
mod sent;

mod availability;
mod cancel;
mod configuration;
mod deliveries;
mod faults;
mod health;
mod hostile;
mod keys;
mod limits;
mod log;
mod lost;
mod outages;
mod presence;
mod promises;
mod records;
mod recovery;
mod redis_groups;
mod reroute;
mod reset;
mod retention;
mod routes;
mod start;
mod station;
mod stop;
mod trigger;
mod unlock;
mod waiting;
