//! Tests of the service through its HTTP API, in the test's process, with a port and a database per
//! test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod answer;
mod app;
mod audit;
mod creation;
mod dead_letters;
mod drivers;
mod edits;
mod faults;
mod feed;
mod feed_access;
mod feed_failover;
mod fleet;
mod follower;
mod gate;
mod hostile;
mod import;
mod issues;
mod live;
mod openapi;
mod outages;
mod pages;
mod piles;
mod placements;
mod prices;
mod reliability;
mod requests;
mod search;
mod session_export;
mod sessions;
mod station_map;
mod stations;
mod status_history;
mod tariffs;
