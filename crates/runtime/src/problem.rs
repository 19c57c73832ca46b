//! Failures in the form that clients see: RFC 9457 `application/problem+json`, without internal
//! details.

use crate::causes;
use std::{borrow::Cow, error::Error, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

const TYPE_PREFIX: &str = "https://charging.example/problems/";

/// A failed request. Return it as the error of a handler:
/// `Err(Problem::conflict("PILE_OFFLINE", "Pile is offline"))`.
///
/// `instance` and `traceId` are added when [`crate::http::serve`] sends the response.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

/// Boxed, so that a `Result` with a problem stays small.
#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<String>,
    errors: Vec<FieldError>,
    session_ids: Vec<Uuid>,
    retry_after_s: Option<u32>,
    allow: Option<header::HeaderValue>,
}

/// One invalid field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// Path of the field (`connectors[0].connectorId`), or of the part of the request (`body`,
    /// `path`).
    pub field: String,
    /// Why the field is invalid.
    pub message: String,
}

impl FieldError {
    /// An error of one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// All invalid fields of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request is not valid")]
pub struct InvalidFields(pub Vec<FieldError>);

impl From<InvalidFields> for Problem {
    fn from(invalid: InvalidFields) -> Self {
        Self::invalid(invalid.0)
    }
}

impl Problem {
    /// A problem with any status, a code in SCREAMING_SNAKE_CASE, and a title that is the same for
    /// every occurrence.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            session_ids: Vec::new(),
            retry_after_s: None,
            allow: None,
        }))
    }

    /// 400 `INVALID_REQUEST`, naming every invalid field.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "Request is not valid");
        problem.0.errors = errors;
        problem
    }

    /// 400 with a specific code, such as `INVALID_CURSOR`.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 401; the response asks the client for a bearer token.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "Authentication is required")
    }

    /// 403: the caller lacks a permission.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "Not allowed")
    }

    /// 404 with a specific code, such as `PILE_NOT_FOUND`.
    pub fn not_found(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title)
    }

    /// 409: the request is valid but conflicts with the current state.
    pub fn conflict(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    /// 503 of a dependency, with the seconds after which a retry may succeed.
    pub fn unavailable(
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        retry_after_s: u32,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title).retry_after(retry_after_s)
    }

    /// 500 without details. The error and its causes are logged here, once, and do not appear in
    /// the body.
    #[must_use]
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = causes(error), "request failed; it is answered with 500");
        Self::bare_internal()
    }

    pub(crate) fn bare_internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side")
    }

    /// Adds the details of this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds an error of one field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldError::new(field, message));
        self
    }

    /// Names the open sessions that prevent the request.
    #[must_use]
    pub fn open_sessions(mut self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        self.0.session_ids = ids.into_iter().collect();
        self
    }

    /// Adds a `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn allowing(mut self, methods: Option<header::HeaderValue>) -> Self {
        self.0.allow = methods;
        self
    }

    /// The code, such as `PILE_OFFLINE`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The title: the kind of problem, for people.
    pub(crate) fn title(&self) -> &str {
        &self.0.title
    }

    /// Whether the response has a `Retry-After` header.
    pub(crate) fn says_when_to_retry(&self) -> bool {
        self.0.retry_after_s.is_some()
    }

    /// The response for a request with this path and trace id.
    pub(crate) fn respond(&self, instance: Option<&str>, trace_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        response.content_type("application/problem+json").insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(methods) = &self.0.allow {
            response.insert_header((header::ALLOW, methods.clone()));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(self.to_json(instance, trace_id))
    }

    /// The body of the response as text, for a failure within a response that has already begun.
    #[must_use]
    pub fn to_json(&self, instance: Option<&str>, trace_id: Option<&str>) -> String {
        // A struct of text and numbers always serializes; an empty body still carries the status.
        serde_json::to_string(&self.body(instance, trace_id)).unwrap_or_default()
    }

    /// The body of the response.
    pub(crate) fn body<'a>(&'a self, instance: Option<&'a str>, trace_id: Option<&'a str>) -> Body<'a> {
        Body {
            r#type: format!("{TYPE_PREFIX}{}", self.0.code.to_ascii_lowercase().replace('_', "-")),
            title: &self.0.title,
            status: self.0.status.as_u16(),
            code: &self.0.code,
            detail: self.0.detail.as_deref(),
            instance,
            trace_id,
            errors: &self.0.errors,
            session_ids: &self.0.session_ids,
        }
    }
}

/// A request that was not served (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem")]
pub(crate) struct Body<'a> {
    /// The kind of problem as a URI, which follows from `code`; nothing is served there.
    r#type: String,
    /// The kind of problem in a few words; the same text for every problem of this `code`.
    title: &'a str,
    /// The HTTP status of the response, repeated.
    status: u16,
    /// The kind of problem as a stable code, such as `PILE_OFFLINE`. Clients decide by this field.
    code: &'a str,
    /// What is particular about this failure, for people; absent if `title` says everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The path of the request that failed, without its query; absent if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// The W3C trace id of the request, 32 hexadecimal digits, by which the logs can be searched.
    /// Absent outside a trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    /// The invalid fields or other reasons, each with its place; absent if there are none.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    /// The open sessions that prevent the request, at most ten; absent if the problem is not about
    /// open sessions. `POST /api/v1/sessions/{sessionId}/end` ends one whose stop never arrives.
    #[serde(skip_serializing_if = "<[Uuid]>::is_empty")]
    session_ids: &'a [Uuid],
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.title)?;
        self.0.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.respond(None, None);
        // The outermost middleware finds it, and renders the body again with path and trace id.
        response.extensions_mut().insert(self.clone());
        response
    }
}
