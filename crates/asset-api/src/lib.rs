//! HTTP over stations and piles: what operators register, beside it what the devices report, and what changes of both; and over
//! the dead letters, what nobody could use of that; and over tariffs, with what charging costs by them.
//!
//! A request is parsed at the edge ([`fields`]), done in one go against the database ([`stations`], [`piles`],
//! [`dead_letters`]), and answered from borrowed views; whatever fails is an [`error::ApiError`], which alone knows how it looks outside.

mod api;
mod audit;
mod caller;
mod dead_letters;
mod edition;
mod error;
mod feed;
mod fields;
mod fleet;
mod import;
mod ingest_partitions;
mod page;
mod piles;
mod prices;
mod reading;
mod routes;
mod scopes;
mod service;
mod sessions;
mod settings;
mod stations;
mod status_history;
mod tariffs;
mod unregistered;

pub use routes::openapi;
pub use service::{migrate, serve};
pub use settings::{
    ConsoleSettings, DEFAULTS, FeedSettings, FreshnessSettings, ImportSettings, Settings, TariffSettings,
};
