//! Logs, traces and metrics of the process. Safe to set up more than once, since tests run several
//! services in one process.

mod json;
mod limits;
mod logs;
mod metrics;
mod process;
mod traces;

use std::sync::Once;

use opentelemetry::trace::TracerProvider as _;

use crate::settings::LogSettings;

pub use metrics::{install as install_metrics, render as render_metrics};

/// Writes logs to standard error and gives every span an OpenTelemetry identity.
///
/// Only the first call in a process has an effect.
///
/// # Errors
///
/// If `log.level` is not a valid filter.
pub fn init(settings: &LogSettings) -> anyhow::Result<()> {
    set_up(None, settings)
}

/// The same for the process of `service`, whose spans are exported if the standard variables name a
/// collector.
pub(crate) fn init_service(service: &'static str, settings: &LogSettings) -> anyhow::Result<()> {
    set_up(Some(service), settings)
}

fn set_up(service: Option<&'static str>, settings: &LogSettings) -> anyhow::Result<()> {
    let filter = logs::filter(&settings.level)?;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        install_metrics();
        let traces = traces::install(service);
        logs::install(settings.format, filter, traces.provider.tracer("runtime"), traces.are_exported());
        traces.report();
        log_panics();
    });
    Ok(())
}

/// Validates `log.level` before anything starts.
pub(crate) fn check(settings: &LogSettings) -> anyhow::Result<()> {
    logs::filter(&settings.level).map(drop)
}

/// Flushes the exporters; call it last.
pub(crate) fn flush() {
    traces::finish();
}

/// Logs a panic as one line with its location; the default hook would not use the log's format.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(panic.message = message, panic.location = place, "a task panicked; this is a bug");
    }));
}
