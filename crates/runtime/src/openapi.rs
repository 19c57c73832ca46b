//! The API of a service as an OpenAPI 3.1 document, made of the very operations that its routes are made with.
//!
//! Each route is made with an [`Operation`], which says what callers need, send and get; so there is no operation without its
//! part of the document, and no part of the document without its operation. Schemas are those of the types that are read and
//! written; refusals are the [`Problem`](crate::Problem)s that handlers answer.

mod answer;
mod document;
mod operation;
mod parameter;
mod problems;
mod schemas;

pub use answer::Answer;
pub use document::{About, document};
pub use operation::Operation;
pub use parameter::Parameter;

pub(crate) use document::Described;

#[cfg(test)]
mod tests;
