//! What a caller may say beside the body: in the path, in the query, or in headers.

use super::schemas::Shape;
use schemars::{JsonSchema, Schema};

/// A parameter of an operation. Those in its path are told by its path, unless more is to be said of them.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub(super) place: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

impl Parameter {
    /// One in the query that reads as `T`.
    #[must_use]
    pub fn query<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "query", name, about, required: false, shape: Shape::of::<T>() }
    }

    /// One in the path that reads as `T`; those that nothing is said of are UUIDs.
    #[must_use]
    pub fn path<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "path", name, about, required: true, shape: Shape::of::<T>() }
    }

    /// One in the headers that reads as `T`.
    #[must_use]
    pub fn header<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "header", name, about, required: false, shape: Shape::of::<T>() }
    }

    /// It is as `schema` says.
    #[must_use]
    pub fn like(mut self, schema: Schema) -> Self {
        self.shape = Shape::Is(schema);
        self
    }

    /// It must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
