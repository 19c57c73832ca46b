//! Reads requests field by field, so that one response reports all faults.

pub mod parse;
pub mod search;

pub use runtime::http::fields::Fields;
