//! What an operation answers when all went well.

use super::schemas::Shape;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde_json::Value;

/// An answer of an operation.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) about: &'static str,
    pub(super) content: Vec<Content>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// A form that the body of an answer may have.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) media: &'static str,
    pub(super) shape: Shape,
    pub(super) example: Value,
}

impl Answer {
    /// A JSON body that is written from `T`, such as `example`.
    #[must_use]
    pub fn json<T: JsonSchema>(status: StatusCode, about: &'static str, example: Value) -> Self {
        let content = Content { media: "application/json", shape: Shape::of::<T>(), example };
        Self { status, about, content: vec![content], headers: Vec::new() }
    }

    /// A text of the type `media`, such as `example`.
    #[must_use]
    pub fn text(status: StatusCode, about: &'static str, media: &'static str, example: &'static str) -> Self {
        let content = Content { media, shape: Shape::of::<String>(), example: example.into() };
        Self { status, about, content: vec![content], headers: Vec::new() }
    }

    /// Or a text of the type `media`, such as `example`, for callers that accept it.
    #[must_use]
    pub fn or_text(mut self, media: &'static str, example: &'static str) -> Self {
        self.content.push(Content { media, shape: Shape::of::<String>(), example: example.into() });
        self
    }

    /// No body.
    #[must_use]
    pub const fn empty(status: StatusCode, about: &'static str) -> Self {
        Self { status, about, content: Vec::new(), headers: Vec::new() }
    }

    /// It has this header.
    #[must_use]
    pub fn header(mut self, name: &'static str, about: &'static str) -> Self {
        self.headers.push((name, about));
        self
    }
}
