//! Stations and piles as assets, their edit history, and search.

pub mod audit;
pub mod availability;
pub mod connector_counts;
pub mod import;
pub mod pile_counts;
pub mod piles;
pub mod placements;
pub(crate) mod search;
pub mod stations;
