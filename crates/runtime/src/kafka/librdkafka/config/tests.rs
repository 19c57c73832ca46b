use super::*;
use crate::settings::KafkaCompression;

fn settings(tls: bool, sasl_mechanism: SaslMechanism) -> KafkaSettings {
    KafkaSettings {
        tls,
        sasl_mechanism,
        ..KafkaSettings::without_tls(vec!["127.0.0.1:9092".to_owned()], KafkaCompression::None)
    }
}

#[test]
fn refuses_settings_for_missing_features_by_name() {
    for (settings, named) in [
        (settings(true, SaslMechanism::None), "kafka.tls"),
        (settings(false, SaslMechanism::ScramSha256), "kafka.sasl_mechanism"),
        (settings(false, SaslMechanism::ScramSha512), "kafka.sasl_mechanism"),
        (settings(false, SaslMechanism::OauthBearer), "kafka.sasl_mechanism"),
    ] {
        let error = of(&settings).unwrap_err();
        assert!(matches!(&error, KafkaError::Settings(why) if why.starts_with(named)), "{error:?}");
    }
    of(&settings(false, SaslMechanism::Plain)).unwrap();
}
