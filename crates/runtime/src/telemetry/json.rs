//! Log lines as flat JSON objects with the identity of the current span.

use std::{error::Error, fmt};

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use serde_json::{Map, Value};
use tracing::{Event, Subscriber, field::Field};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

/// `{"time":…,"level":…,"target":…,"message":…,"trace_id":…,"span_id":…, <fields of the event and its spans>}`
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        let metadata = event.metadata();
        line.insert("time".to_owned(), crate::clock::now().to_rfc3339().into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        let span = opentelemetry::Context::current().span().span_context().clone();
        insert_identity(&mut line, &span);
        if let Some(scope) = context.event_scope() {
            // From the outermost span inwards, so that the nearest one takes precedence.
            for span in scope.from_root() {
                insert_span_fields::<N>(&mut line, span.extensions().get());
            }
        }
        event.record(&mut Fields(&mut line));
        let text = serde_json::to_string(&line).map_err(|_error| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

fn insert_identity(line: &mut Map<String, Value>, span: &SpanContext) {
    if span.is_valid() {
        line.insert("trace_id".to_owned(), span.trace_id().to_string().into());
        line.insert("span_id".to_owned(), span.span_id().to_string().into());
    }
}

/// The fields of a span were formatted as JSON at its creation (the layer is built with
/// `JsonFields`).
fn insert_span_fields<N>(line: &mut Map<String, Value>, fields: Option<&FormattedFields<N>>) {
    let parsed = fields.and_then(|fields| serde_json::from_str::<Map<String, Value>>(&fields.fields).ok());
    for (name, value) in parsed.into_iter().flatten() {
        // `otel.*` fields control the exporter and mean nothing to a reader.
        if !name.starts_with("otel.") {
            line.insert(name, value);
        }
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    /// Includes the causes, because an error is logged once, here.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, crate::causes(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}
