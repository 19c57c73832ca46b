//! The parameters, responses and refusals of an operation.

use super::answer::Answer;
use super::deprecation::Deprecation;
use super::parameter::Parameter;
use super::schemas::Shape;
use crate::Problem;
use crate::auth::{Reach, Scope};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

/// An operation of an API: the scope that callers need, how their operators bound it, and its part
/// of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(crate) scope: Scope,
    pub(crate) reach: Reach,
    pub(crate) deprecation: Option<Deprecation>,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) refusals: Vec<Problem>,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) required: bool,
    /// The accepted forms, one per media type.
    pub(super) forms: Vec<Form>,
}

/// A media type that a body may have.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) media: &'static str,
    pub(super) shape: Shape,
    pub(super) example: Value,
}

impl Operation {
    /// The operation with id `id`, for callers with `scope`, bounded by their operators as `reach`
    /// says, listed under `tag`.
    #[must_use]
    pub const fn new(
        id: &'static str,
        tag: &'static str,
        scope: Scope,
        reach: Reach,
        summary: &'static str,
    ) -> Self {
        Self {
            scope,
            reach,
            deprecation: None,
            id,
            tag,
            summary,
            description: None,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Adds a description in Markdown.
    #[must_use]
    pub const fn describe(mut self, text: &'static str) -> Self {
        self.description = Some(text);
        self
    }

    /// Marks the operation as deprecated; its responses announce it.
    #[must_use]
    pub const fn deprecated(mut self, deprecation: Deprecation) -> Self {
        self.deprecation = Some(deprecation);
        self
    }

    /// Adds parameters.
    #[must_use]
    pub fn with(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Requires a JSON body of type `T`, with an example.
    #[must_use]
    pub fn takes<T: JsonSchema>(self, example: Value) -> Self {
        self.takes_form(true, "application/json", Shape::of::<T>(), example)
    }

    /// Requires a JSON body described by `schema`, with an example.
    #[must_use]
    pub fn takes_like(self, schema: Schema, example: Value) -> Self {
        self.takes_form(true, "application/json", Shape::Is(schema), example)
    }

    /// Like [`takes`](Self::takes), but a missing body is read as `{}`.
    #[must_use]
    pub fn may_take<T: JsonSchema>(self, example: Value) -> Self {
        self.takes_form(false, "application/json", Shape::of::<T>(), example)
    }

    /// Like [`takes_like`](Self::takes_like), but a missing body is read as `{}`.
    #[must_use]
    pub fn may_take_like(self, schema: Schema, example: Value) -> Self {
        self.takes_form(false, "application/json", Shape::Is(schema), example)
    }

    /// Requires a JSON merge patch (RFC 7396) of `T`, with an example.
    #[must_use]
    pub fn takes_patch<T: JsonSchema>(self, example: Value) -> Self {
        let shape = Shape::patch_of::<T>();
        self.takes_form(true, "application/merge-patch+json", shape.clone(), example.clone()).takes_form(
            true,
            "application/json",
            shape,
            example,
        )
    }

    /// Requires a file of the type `media`, with an example.
    #[must_use]
    pub fn takes_file(self, media: &'static str, example: &'static str) -> Self {
        let bytes = json_schema!({ "type": "string", "format": "binary" });
        self.takes_form(true, media, Shape::Is(bytes), example.into())
    }

    fn takes_form(mut self, required: bool, media: &'static str, shape: Shape, example: Value) -> Self {
        let body = self.body.get_or_insert(Body { required, forms: Vec::new() });
        body.forms.push(Form { media, shape, example });
        self
    }

    /// Adds a successful response.
    #[must_use]
    pub fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Adds refusals to those that every operation has.
    #[must_use]
    pub fn refuses<P: Into<Problem>>(mut self, refusals: impl IntoIterator<Item = P>) -> Self {
        self.refusals.extend(refusals.into_iter().map(Into::into));
        self
    }
}
