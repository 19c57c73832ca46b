//! Logs, traces and metrics of the process; safe to set up more than once, since tests run several services in one.

mod json;
mod logs;
mod metrics;
mod process;

use std::sync::{Once, OnceLock};

use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};

use crate::settings::LogSettings;

pub use metrics::{install as install_metrics, render as render_metrics};

static TRACES: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Sends logs to standard error and gives every span an OpenTelemetry identity.
///
/// Only the first call in a process has an effect.
///
/// # Errors
///
/// When `log.level` is not a valid filter.
pub fn init(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = logs::filter(&settings.level)?;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        install_metrics();
        logs::install(settings.format, filter, install_traces().tracer("runtime"));
        log_panics();
    });
    Ok(())
}

/// Whether `log.level` can be used, to be known before anything starts.
pub(crate) fn check(settings: &LogSettings) -> anyhow::Result<()> {
    logs::filter(&settings.level).map(drop)
}

/// Hands what is buffered to exporters; call it last.
pub(crate) fn flush() {
    if let Some(provider) = TRACES.get()
        && let Err(error) = provider.force_flush()
    {
        tracing::warn!(error = %error, "traces could not be flushed");
    }
}

/// Spans get identities and are passed on over W3C headers; none leaves the process until an exporter is added here.
fn install_traces() -> &'static SdkTracerProvider {
    TRACES.get_or_init(|| {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let provider = SdkTracerProvider::builder().build();
        global::set_tracer_provider(provider.clone());
        provider
    })
}

/// A panic becomes one log line with its place; the default hook would print outside the log's format.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(panic.message = message, panic.location = place, "a task panicked");
    }));
}
