//! The API of a service as an OpenAPI 3.1 document, generated from the operations of its routes.
//!
//! Each route is defined with an [`Operation`], which states what callers need, send and receive;
//! so the document and the routes always agree. Schemas are those of the types that are read and
//! written; refusals are the [`Problem`](crate::Problem)s that handlers return.

mod answer;
mod deprecation;
mod document;
mod json;
mod operation;
mod parameter;
mod problems;
mod schemas;

pub use answer::Answer;
pub use deprecation::Deprecation;
pub use document::{About, document};
pub use operation::Operation;
pub use parameter::Parameter;

pub(crate) use document::Described;

#[cfg(test)]
mod tests;
