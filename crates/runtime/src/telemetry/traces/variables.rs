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
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> Variables {
        Variables::read(|wanted| {
            set.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        })
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

    #[test]
    fn export_needs_an_endpoint() {
        assert!(!variables(&[]).name_a_collector());
        assert!(!variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]).name_a_collector());
        assert!(variables(&[ENDPOINT]).name_a_collector());
        assert!(
            variables(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/v1/traces")])
                .name_a_collector()
        );
        assert!(variables(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "otlp")]).name_a_collector());
    }

    #[test]
    fn variables_can_disable_the_export() {
        assert!(!variables(&[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")]).name_a_collector());
        assert!(variables(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false")]).name_a_collector());
        assert!(!variables(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]).name_a_collector());
    }

    #[test]
    fn reports_an_unsupported_protocol() {
        assert_eq!(variables(&[ENDPOINT]).complaint(), None);
        assert_eq!(variables(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]).complaint(), None);
        let both = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ];
        assert!(variables(&both).complaint().is_some_and(|complaint| complaint.contains("grpc")));
    }

    #[test]
    fn the_queue_has_room_for_at_least_one_span() {
        assert_eq!(variables(&[]).queue(), 2_048);
        assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "7")]).queue(), 7);
        assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "0")]).queue(), 1);
        assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "many")]).queue(), 2_048);
    }
}
