//! The service in-process, on a port and a database of its own, as its clients see it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, that is how it fails"
)]

mod access;
mod answer;
mod app;
mod dead_letters;
mod edits;
mod faults;
mod feed;
mod fleet;
mod follower;
mod gate;
mod hostile;
mod import;
mod live;
mod openapi;
mod outages;
mod pages;
mod piles;
mod prices;
mod requests;
mod search;
mod sessions;
mod stations;
mod status_history;
mod tariffs;
