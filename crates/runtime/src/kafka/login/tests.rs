use super::*;
use crate::settings::KafkaCompression;
use std::path::PathBuf;

fn settings(sasl_mechanism: SaslMechanism) -> KafkaSettings {
    KafkaSettings {
        sasl_mechanism,
        sasl_username: "platform".to_owned(),
        sasl_password: "hunter2".to_owned().into(),
        ..KafkaSettings::without_tls(vec!["127.0.0.1:9092".to_owned()], KafkaCompression::None)
    }
}

fn refusal(settings: &KafkaSettings) -> String {
    match Login::new(settings) {
        Err(KafkaError::Settings(reason)) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the settings are accepted"),
    }
}

#[test]
fn oauthbearer_needs_exactly_one_source_of_tokens() {
    let none = settings(SaslMechanism::OauthBearer);
    assert!(refusal(&none).contains("set kafka.sasl_token_file or kafka.sasl_token_url"));
    let both = KafkaSettings {
        sasl_token_file: Some(PathBuf::from("/token")),
        sasl_token_url: "https://login.example/token".to_owned(),
        ..none.clone()
    };
    assert!(refusal(&both).contains("exclude each other"));
    let missing = KafkaSettings { sasl_token_file: Some(PathBuf::from("/nowhere/token")), ..none };
    assert!(refusal(&missing).starts_with("kafka.sasl_token_file: /nowhere/token: "));
}

#[test]
fn the_token_endpoint_is_reached_over_tls_only() {
    let url =
        |url: &str| KafkaSettings { sasl_token_url: url.to_owned(), ..settings(SaslMechanism::OauthBearer) };
    assert!(refusal(&url("http://login.example/token")).contains("must be https"));
    assert!(refusal(&url("not a url")).contains("kafka.sasl_token_url"));
    Login::new(&url("https://login.example/token")).unwrap_or_else(|error| panic!("{error}"));
    Login::new(&url("http://127.0.0.1:8080/token")).unwrap_or_else(|error| panic!("{error}"));
    let unnamed = KafkaSettings { sasl_username: String::new(), ..url("https://login.example/token") };
    assert!(refusal(&unnamed).contains("kafka.sasl_username"));
}

#[test]
fn other_mechanisms_refuse_a_source_of_tokens() {
    for mechanism in [SaslMechanism::None, SaslMechanism::Plain, SaslMechanism::ScramSha512] {
        let file = KafkaSettings { sasl_token_file: Some(PathBuf::from("/token")), ..settings(mechanism) };
        assert!(refusal(&file).contains("set kafka.sasl_mechanism to OAUTHBEARER"));
    }
}

#[test]
fn a_password_follows_its_file() {
    let folder = std::env::temp_dir().join(format!("kafka-login-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("password");
    std::fs::write(&file, "first\n").unwrap();
    let settings = KafkaSettings { sasl_password_file: Some(file.clone()), ..settings(SaslMechanism::Plain) };
    let Ok(Login::Password { username, password, .. }) = Login::new(&settings) else {
        panic!("not a password")
    };
    let current = || Password::current(&username, &password);
    assert_eq!((current().username.as_str(), current().password.expose_secret()), ("platform", "first"));
    std::fs::write(&file, "second\n").unwrap();
    assert_eq!(current().password.expose_secret(), "second");
    std::fs::remove_dir_all(folder).unwrap();
}
