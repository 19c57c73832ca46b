//! Spans of database calls, after OpenTelemetry's conventions.

use tracing::Span;

/// The span of a call to the database system `system`, such as `redis`; none outside an exported
/// trace.
#[must_use]
pub fn database_span(system: &'static str, operation: &'static str) -> Span {
    super::client(|| {
        tracing::info_span!(
            target: "otel",
            "database",
            otel.name = if operation.is_empty() { system } else { operation },
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = operation,
        )
    })
}
