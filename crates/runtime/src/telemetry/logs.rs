//! The subscriber behind `tracing`: a filter, a format, and the bridge to OpenTelemetry.

use anyhow::Context as _;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{LevelFilter, filter_fn},
    fmt::format::JsonFields,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::json::JsonLines;
use crate::{settings::LogFormat, trace};

/// Libraries that log errors which their callers handle; `log.level` may name them to enable them
/// again.
///
/// Spans of [`trace::EXPORTED`] are for collectors; their fields would only fill up lines. The
/// dispatcher of HTTP/1 would log an error for any invalid HTTP that clients send.
const QUIET: &str = "rskafka=off,fred=error,actix_server=warn,actix_http=warn,actix_http::h1::dispatcher=off,mio=warn,otel=off";

pub(super) fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(format!("{QUIET},{level}"))
        .with_context(|| format!("log.level is not a valid level or filter: {level:?}"))
}

/// Does nothing if a subscriber is already installed, for example by a test harness.
pub(super) fn install(format: LogFormat, filter: EnvFilter, tracer: SdkTracer, exported: bool) {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Json => layer.fmt_fields(JsonFields::new()).event_format(JsonLines).boxed(),
        LogFormat::Text => layer.with_ansi(false).boxed(),
    };
    // Filtered separately from the lines: a quiet log must not break traces that pass through this
    // process.
    let identities = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(
            filter_fn(move |metadata| has_identity(metadata, exported))
                .with_max_level_hint(LevelFilter::INFO),
        );
    let installed =
        tracing_subscriber::registry().with(identities).with(lines.with_filter(filter)).try_init();
    if installed.is_err() {
        tracing::debug!("a log subscriber is already installed and stays in use");
    }
}

/// Log events are not part of traces. Spans that only a collector uses cost nothing without one.
fn has_identity(metadata: &Metadata<'_>, exported: bool) -> bool {
    metadata.is_span()
        && *metadata.level() <= Level::INFO
        && (exported || metadata.target() != trace::EXPORTED)
}
