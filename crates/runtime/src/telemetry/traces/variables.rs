//! The standard variables that decide whether spans are exported; the exporter reads the others by
//! itself.

use std::collections::HashMap;

/// The default queue size of the SDK.
const QUEUE: usize = 2_048;

/// The variables that are read; of two for the same setting the more specific one is first.
const SEEN: [&str; 8] = [
    "OTEL_SDK_DISABLED",
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_SERVICE_NAME",
];

/// The variables that are set and not empty; an empty one counts as unset.
#[derive(Debug, Default)]
pub(super) struct Variables(HashMap<&'static str, String>);

impl Variables {
    /// The variables of the process.
    pub(super) fn of_process() -> Self {
        Self::read(|name| std::env::var_os(name)?.into_string().ok())
    }

    fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let set = SEEN.into_iter().filter_map(|name| Some((name, value(name)?.trim().to_owned())));
        Self(set.filter(|(_, value)| !value.is_empty()).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn first(&self, names: [&str; 2]) -> Option<&str> {
        names.into_iter().find_map(|name| self.get(name))
    }

    /// Whether spans are exported. Without a variable that names an endpoint they are not.
    pub(super) fn name_a_collector(&self) -> bool {
        let disabled = self.get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        !disabled
            && self.get("OTEL_TRACES_EXPORTER").is_none_or(|exporter| exporter == "otlp")
            && self.first(["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]).is_some()
    }

    /// A request in the variables that is not supported.
    pub(super) fn complaint(&self) -> Option<String> {
        let protocol = self.first(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"])?;
        (protocol != "http/protobuf")
            .then(|| format!("the OTLP protocol {protocol:?} is not supported; http/protobuf is used"))
    }

    /// How many spans may wait for the collector.
    pub(super) fn queue(&self) -> usize {
        self.get("OTEL_BSP_MAX_QUEUE_SIZE").and_then(|value| value.parse().ok()).unwrap_or(QUEUE).max(1)
    }

    /// The name that replaces the service's own.
    pub(super) fn service_name(&self) -> Option<String> {
        self.get("OTEL_SERVICE_NAME").map(str::to_owned)
    }
}

#[cfg(test)]
mod tests;
