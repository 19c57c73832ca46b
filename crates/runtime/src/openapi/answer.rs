//! The successful responses of an operation.

use super::schemas::Shape;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde_json::Value;

/// A successful response of an operation.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) about: &'static str,
    pub(super) content: Vec<Content>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// A media type that the body of a response may have.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) media: &'static str,
    pub(super) shape: Shape,
    pub(super) example: Value,
}

impl Answer {
    /// A JSON body that is serialized from `T`, with an example.
    #[must_use]
    pub fn json<T: JsonSchema>(status: StatusCode, about: &'static str, example: Value) -> Self {
        let content = Content { media: "application/json", shape: Shape::of::<T>(), example };
        Self { status, about, content: vec![content], headers: Vec::new() }
    }

    /// A text body of the type `media`, with an example.
    #[must_use]
    pub fn text(status: StatusCode, about: &'static str, media: &'static str, example: &'static str) -> Self {
        let content = Content { media, shape: Shape::of::<String>(), example: example.into() };
        Self { status, about, content: vec![content], headers: Vec::new() }
    }

    /// Adds a text body of the type `media`, with an example, for callers that accept it.
    #[must_use]
    pub fn or_text(mut self, media: &'static str, example: &'static str) -> Self {
        self.content.push(Content { media, shape: Shape::of::<String>(), example: example.into() });
        self
    }

    /// A response without a body.
    #[must_use]
    pub const fn empty(status: StatusCode, about: &'static str) -> Self {
        Self { status, about, content: Vec::new(), headers: Vec::new() }
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: &'static str, about: &'static str) -> Self {
        self.headers.push((name, about));
        self
    }
}
