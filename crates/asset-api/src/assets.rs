//! Stations and piles, which operators register, import and edit.

pub(crate) mod audit;
pub(crate) mod import;
pub(crate) mod pile_counts;
pub(crate) mod piles;
pub(crate) mod station_map;
pub(crate) mod stations;
