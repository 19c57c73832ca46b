//! Parameters in the path, the query and the headers.

use super::schemas::Shape;
use schemars::{JsonSchema, Schema};

/// A parameter of an operation. Path parameters are taken from the path and need an entry only for
/// a description or another type than UUID.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub(super) place: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

impl Parameter {
    /// An optional query parameter of type `T`.
    #[must_use]
    pub fn query<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "query", name, about, required: false, shape: Shape::of::<T>() }
    }

    /// A path parameter of type `T`; path parameters without an entry are UUIDs.
    #[must_use]
    pub fn path<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "path", name, about, required: true, shape: Shape::of::<T>() }
    }

    /// An optional header of type `T`.
    #[must_use]
    pub fn header<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { place: "header", name, about, required: false, shape: Shape::of::<T>() }
    }

    /// Replaces the schema.
    #[must_use]
    pub fn like(mut self, schema: Schema) -> Self {
        self.shape = Shape::Is(schema);
        self
    }

    /// Makes the parameter required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
