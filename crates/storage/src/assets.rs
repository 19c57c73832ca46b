//! Stations and piles as assets, their history of edits, and what is searched for among them.

pub mod audit;
pub mod availability;
pub mod import;
pub mod pile_counts;
pub mod piles;
pub(crate) mod search;
pub mod stations;
