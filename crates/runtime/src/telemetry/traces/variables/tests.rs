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
        variables(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/v1/traces")]).name_a_collector()
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
    let both =
        [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")];
    assert!(variables(&both).complaint().is_some_and(|complaint| complaint.contains("grpc")));
}

#[test]
fn the_queue_has_room_for_at_least_one_span() {
    assert_eq!(variables(&[]).queue(), 2_048);
    assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "7")]).queue(), 7);
    assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "0")]).queue(), 1);
    assert_eq!(variables(&[("OTEL_BSP_MAX_QUEUE_SIZE", "many")]).queue(), 2_048);
}
