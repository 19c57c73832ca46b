//! Spans: each has an identity, and if a collector is configured they are exported to it over OTLP.
//!
//! Nothing waits for the collector. Spans that it does not accept in time are dropped and counted;
//! the first drop is logged.

mod queue;
mod variables;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider},
};

use self::{
    queue::{Bounded, Counted, Spans},
    variables::Variables,
};
use crate::trace;

/// How long the export of the last spans may delay the end of the process.
const LAST_EXPORT: Duration = Duration::from_secs(2);

static TRACES: OnceLock<Traces> = OnceLock::new();

/// The tracer provider of the process and its export.
pub(super) struct Traces {
    pub(super) provider: SdkTracerProvider,
    /// The export queue; `None` without export.
    spans: Option<Arc<Spans>>,
    /// A problem with the variables, to be logged once logging is set up.
    complaint: Option<String>,
}

impl Traces {
    /// Whether spans leave the process.
    pub(super) const fn are_exported(&self) -> bool {
        self.spans.is_some()
    }

    /// Logs whether spans are exported, and problems with the variables.
    pub(super) fn report(&self) {
        if let Some(complaint) = &self.complaint {
            tracing::error!(complaint, "traces: invalid OTEL_* variables; see the field complaint");
        }
        if self.are_exported() {
            tracing::info!("traces are exported over OTLP");
        }
    }
}

/// Creates the process's provider; only the first call has an effect. Exports spans as `service`,
/// or not at all for `None`.
pub(super) fn install(service: Option<&'static str>) -> &'static Traces {
    TRACES.get_or_init(|| {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let traces = service.map_or_else(identities_only, |name| exporting(name, &Variables::of_process()));
        trace::set_exported(traces.are_exported());
        global::set_tracer_provider(traces.provider.clone());
        traces
    })
}

/// Exports the remaining spans within a time limit; call it last.
pub(super) fn finish() {
    let Some(Traces { provider, spans: Some(spans), .. }) = TRACES.get() else { return };
    let handed_over = provider.shutdown_with_timeout(LAST_EXPORT);
    let lost = spans.pending();
    if handed_over.is_err() || lost > 0 {
        tracing::warn!(lost, "cannot export the last spans in time; they are lost");
    }
}

/// Spans get identities that are propagated and logged, but are not exported.
fn identities_only() -> Traces {
    Traces { provider: SdkTracerProvider::builder().build(), spans: None, complaint: None }
}

fn exporting(service: &'static str, variables: &Variables) -> Traces {
    if !variables.name_a_collector() {
        return identities_only();
    }
    // The exporter reads its endpoint, headers, timeout and compression from the standard
    // variables.
    let exporter = match SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build() {
        Ok(exporter) => exporter,
        // A service without traces is better than no service.
        Err(error) => return Traces { complaint: Some(error.to_string()), ..identities_only() },
    };
    let spans = Arc::new(Spans::new(variables.queue()));
    let batches = BatchConfigBuilder::default().with_max_queue_size(variables.queue()).build();
    let exporter = Counted::new(exporter, Arc::clone(&spans));
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource(service, variables))
        .with_span_processor(Bounded::new(processor, Arc::clone(&spans)))
        .build();
    Traces { provider, spans: Some(spans), complaint: variables.complaint() }
}

/// The resource that spans belong to: the service, unless the variables name another.
fn resource(service: &'static str, variables: &Variables) -> Resource {
    let resource = Resource::builder_empty()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match variables.service_name() {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    }
}
