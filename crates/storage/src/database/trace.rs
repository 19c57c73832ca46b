//! Spans of what is asked of Postgres, after OpenTelemetry's conventions.

use tracing::Span;

/// The span of work on Postgres that the Rust function called `function` does. It is for collectors only, so its target is that
/// of all such spans, and it is made within traces only: what nobody asked for makes none.
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

/// The same for the function that made the closure of type `F`.
pub(crate) fn span_of<F>() -> Span {
    let name = std::any::type_name::<F>();
    span(name.split("::{{closure}}").next().unwrap_or(name))
}

/// Says that there was no answer, with one of a few words.
pub(crate) fn fail(span: &Span, word: &'static str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", word);
}
