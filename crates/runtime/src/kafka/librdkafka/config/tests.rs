use super::*;
use crate::settings::KafkaCompression;

fn settings(tls: bool, sasl_mechanism: SaslMechanism) -> KafkaSettings {
    KafkaSettings {
        brokers: vec!["127.0.0.1:9092".to_owned()],
        connect_timeout_ms: 3_000,
        request_timeout_ms: 5_000,
        connection_idle_ms: 240_000,
        max_response_bytes: 16 << 20,
        max_unpacked_bytes: 64 << 20,
        compression: KafkaCompression::None,
        tls,
        ca_file: None,
        sasl_mechanism,
        sasl_username: String::new(),
        sasl_password: String::new().into(),
    }
}

#[test]
fn refuses_settings_for_missing_features_by_name() {
    for (settings, named) in [
        (settings(true, SaslMechanism::None), "kafka.tls"),
        (settings(false, SaslMechanism::ScramSha256), "kafka.sasl_mechanism"),
        (settings(false, SaslMechanism::ScramSha512), "kafka.sasl_mechanism"),
    ] {
        let error = of(&settings).unwrap_err();
        assert!(matches!(&error, KafkaError::Settings(why) if why.starts_with(named)), "{error:?}");
    }
    of(&settings(false, SaslMechanism::Plain)).unwrap();
}
