//! Stations and piles: what an operator registers, imports and edits.

pub(crate) mod audit;
pub(crate) mod import;
pub(crate) mod pile_counts;
pub(crate) mod piles;
pub(crate) mod stations;
