//! Spans of PostgreSQL calls, after OpenTelemetry's conventions.

use tracing::Span;

/// The span of PostgreSQL calls in the Rust function `function`. It has the target of all spans for
/// collectors, and is created within traces only, so that background work has none.
#[must_use]
pub fn span(function: &str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        target: "otel",
        "postgresql",
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        db.system.name = "postgresql",
        code.function.name = function,
        error.type = tracing::field::Empty,
    )
}

/// The span for the function that created the closure of type `F`.
pub(crate) fn span_of<F>() -> Span {
    let name = std::any::type_name::<F>();
    span(name.split("::{{closure}}").next().unwrap_or(name))
}

/// Marks the span as failed, with an error type of low cardinality.
pub(crate) fn fail(span: &Span, word: &'static str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", word);
}
