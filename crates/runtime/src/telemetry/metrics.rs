//! OpenTelemetry instruments, rendered for Prometheus.

use std::sync::OnceLock;

use opentelemetry::global;
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider};
use prometheus::{IntGauge, Opts, Registry, TextEncoder};

use super::process::ProcessCollector;

/// The commit of the build, if it was built with it, as images are.
const REVISION: Option<&str> = option_env!("CHARGING_REVISION");

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Connects `opentelemetry::global::meter` to the process's registry. Only the first call has an
/// effect.
///
/// Call it before the first instrument is created: earlier instruments have no effect.
pub fn install() {
    REGISTRY.get_or_init(|| {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build();
        match exporter {
            Ok(exporter) => global::set_meter_provider(
                SdkMeterProvider::builder()
                    .with_resource(Resource::builder_empty().build())
                    .with_reader(exporter)
                    .build(),
            ),
            // A service without metrics is better than no service.
            Err(error) => tracing::error!(error = %error, "cannot set up metrics; the service continues without them"),
        }
        if let Err(error) = ProcessCollector::register(&registry).and_then(|()| register_build_info(&registry)) {
            tracing::error!(error = %error, "cannot set up process metrics; the service continues without them");
        }
        registry
    });
}

/// A gauge that is always 1; its labels identify the program.
fn register_build_info(registry: &Registry) -> prometheus::Result<()> {
    let opts = Opts::new("build_info", "Version of the program and the commit that it was built from")
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("revision", REVISION.unwrap_or("unknown"));
    let gauge = IntGauge::with_opts(opts)?;
    gauge.set(1);
    registry.register(Box::new(gauge))
}

/// All metrics of the process in Prometheus' text format.
///
/// # Errors
///
/// If two metrics contradict each other, which is a programming error.
pub fn render() -> Result<String, prometheus::Error> {
    let families = REGISTRY.get().map(Registry::gather).unwrap_or_default();
    TextEncoder::new().encode_to_string(&families)
}
