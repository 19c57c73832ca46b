//! The HTTP API for assets: stations and piles with the live state of their devices, the feed of
//! changes, tariffs and prices, dead letters and ingest partitions.
//!
//! A request is parsed at the edge ([`http::fields`]), executed in one call to the database by the
//! module of its resource (such as [`assets::piles`]), and answered from borrowed views. Every
//! failure is an [`http::error::ApiError`], the only type that converts to a response.

mod assets;
mod devices;
mod feed;
mod freshness;
mod http;
mod issues;
mod operations;
mod reliability;
mod retention_rules;
mod revenue;
mod routes;
mod service;
mod sessions;
mod settings;
mod tariffs;

pub use routes::openapi;
pub use service::{migrate, serve};
pub use settings::{
    ConsoleSettings, DEFAULTS, ExportSettings, FeedSettings, FreshnessSettings, ImportSettings,
    RetentionSettings, Settings, StationMapSettings, TariffSettings,
};
