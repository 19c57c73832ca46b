//! HTTP over stations and piles: what operators register, beside it what the devices report, and what changes of both; and over
//! the dead letters, what nobody could use of that; and over tariffs, with what charging costs by them.
//!
//! A request is parsed at the edge ([`fields`]), done in one go against the database ([`stations`], [`piles`],
//! [`dead_letters`]), and answered from borrowed views; whatever fails is an [`http::error::ApiError`], which alone knows how it looks outside.

mod assets;
mod devices;
mod feed;
mod freshness;
mod http;
mod operations;
mod routes;
mod service;
mod sessions;
mod settings;
mod tariffs;

pub use routes::openapi;
pub use service::{migrate, serve};
pub use settings::{
    ConsoleSettings, DEFAULTS, FeedSettings, FreshnessSettings, ImportSettings, Settings, TariffSettings,
};
