//! Spans: each has an identity, and where a collector is named they are exported to it over OTLP.
//!
//! Nothing waits for the collector. What it does not take in time is dropped, counted, and said once.

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

/// How long the end of a process may be held up by spans that are still to be exported.
const LAST_EXPORT: Duration = Duration::from_secs(2);

static TRACES: OnceLock<Traces> = OnceLock::new();

/// What makes spans.
pub(super) struct Traces {
    pub(super) provider: SdkTracerProvider,
    /// What is exported; `None` when nothing is.
    spans: Option<Arc<Spans>>,
    /// What is wrong with the variables, to be logged once logs are there.
    complaint: Option<String>,
}

impl Traces {
    /// Whether spans leave the process.
    pub(super) const fn are_exported(&self) -> bool {
        self.spans.is_some()
    }

    /// Says whether spans are exported, and why not where somebody may think that they are.
    pub(super) fn report(&self) {
        if let Some(complaint) = &self.complaint {
            tracing::error!(complaint, "traces: the variables cannot be used as they are");
        }
        if self.are_exported() {
            tracing::info!("traces are exported over OTLP");
        }
    }
}

/// Makes the process's provider; only the first call has an effect. Exports on behalf of `service`, of nobody for none.
pub(super) fn install(service: Option<&'static str>) -> &'static Traces {
    TRACES.get_or_init(|| {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let traces = service.map_or_else(identities_only, |name| exporting(name, &Variables::of_process()));
        trace::set_exported(traces.are_exported());
        global::set_tracer_provider(traces.provider.clone());
        traces
    })
}

/// Hands over what is left, for a time; call it last.
pub(super) fn finish() {
    let Some(Traces { provider, spans: Some(spans), .. }) = TRACES.get() else { return };
    let handed_over = provider.shutdown_with_timeout(LAST_EXPORT);
    let lost = spans.pending();
    if handed_over.is_err() || lost > 0 {
        tracing::warn!(lost, "the last spans could not be exported");
    }
}

/// Spans get identities, which are passed on and logged, and end there.
fn identities_only() -> Traces {
    Traces { provider: SdkTracerProvider::builder().build(), spans: None, complaint: None }
}

fn exporting(service: &'static str, variables: &Variables) -> Traces {
    if !variables.name_a_collector() {
        return identities_only();
    }
    // The exporter takes its endpoint, headers, time-out and compression from the standard variables.
    let exporter = match SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build() {
        Ok(exporter) => exporter,
        // A service without traces is worth more than none.
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

/// Who speaks: the service, unless the variables say otherwise.
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
