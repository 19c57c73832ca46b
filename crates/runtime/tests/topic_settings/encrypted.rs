//! TLS, client certificates and tokens, and their files after a rotation. Each request of the test
//! opens a connection of its own.

use super::{TWO_MINUTES, broker, read, settings, topic, two_minutes};
use crate::gate::{Gate, PASSWORD, TOKEN, USER};
use credentials::TlsFileSettings;
use runtime::{
    causes,
    kafka::{Kafka, KafkaError},
    settings::{KafkaSettings, SaslMechanism},
};
use std::path::{Path, PathBuf};
use testkit::certificates::{Authority, Certificate};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// The names in the certificates of the gate.
const NAMES: [&str; 1] = ["127.0.0.1"];

/// A folder for the files of a client.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn write_client(&self, certificate: &Certificate) {
        self.write("client.crt", &certificate.pem);
        self.write("client.key", &certificate.key);
    }
}

/// Settings with TLS and the password of the gate.
fn encrypted(gate: &Gate, ca_file: &Path) -> KafkaSettings {
    KafkaSettings {
        tls: true,
        tls_files: TlsFileSettings { ca_file: Some(ca_file.to_owned()), ..TlsFileSettings::default() },
        sasl_mechanism: SaslMechanism::Plain,
        sasl_username: USER.to_owned(),
        sasl_password: PASSWORD.to_owned().into(),
        ..settings(&gate.address)
    }
}

/// The same with a token in `file` instead of the password.
fn with_token(gate: &Gate, ca_file: &Path, file: PathBuf) -> KafkaSettings {
    KafkaSettings {
        sasl_mechanism: SaslMechanism::OauthBearer,
        sasl_token_file: Some(file),
        ..encrypted(gate, ca_file)
    }
}

async fn failure(kafka: &Kafka, topic: &str) -> String {
    causes(&kafka.topic_retention(topic).await.unwrap_err())
}

#[tokio::test]
async fn verifies_the_name_the_authority_and_the_validity_of_a_broker() {
    let (topic, gate, files) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await, Files::new());
    let authority = Authority::new();
    let kafka = Kafka::new(&encrypted(&gate, &files.write("ca.crt", &authority.pem))).unwrap();
    for (certificate, why) in [
        (authority.server(&["kafka.example"]), "not valid for name"),
        (authority.expired_server(&NAMES), "expired"),
        (Authority::new().server(&NAMES), "UnknownIssuer"),
    ] {
        gate.require_tls(&certificate, None);
        let text = failure(&kafka, &topic).await;
        assert!(text.contains(why), "{text}");
    }
    gate.require_tls(&authority.server(&NAMES), None);
    read(&kafka, &topic, two_minutes()).await;
}

#[tokio::test]
async fn trusts_a_new_authority_without_a_restart() {
    let (topic, gate, files) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await, Files::new());
    let (old, new) = (Authority::new(), Authority::new());
    let kafka = Kafka::new(&encrypted(&gate, &files.write("ca.crt", &old.pem))).unwrap();
    gate.require_tls(&old.server(&NAMES), None);
    read(&kafka, &topic, two_minutes()).await;
    gate.require_tls(&new.server(&NAMES), None);
    failure(&kafka, &topic).await;
    files.write("ca.crt", &new.pem);
    read(&kafka, &topic, two_minutes()).await;
}

#[tokio::test]
async fn presents_a_required_client_certificate_and_the_next_one_without_a_restart() {
    let (topic, gate, files) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await, Files::new());
    let (brokers, clients) = (Authority::new(), Authority::new());
    let without = encrypted(&gate, &files.write("ca.crt", &brokers.pem));
    files.write_client(&clients.client("platform"));
    let with = KafkaSettings {
        tls_files: TlsFileSettings {
            certificate_file: Some(files.path("client.crt")),
            key_file: Some(files.path("client.key")),
            ..without.tls_files.clone()
        },
        ..without.clone()
    };
    gate.require_tls(&brokers.server(&NAMES), Some(&clients));
    failure(&Kafka::new(&without).unwrap(), &topic).await;
    let kafka = Kafka::new(&with).unwrap();
    read(&kafka, &topic, two_minutes()).await;

    let next = Authority::new();
    gate.require_tls(&brokers.server(&NAMES), Some(&next));
    failure(&kafka, &topic).await;
    files.write_client(&next.client("platform"));
    read(&kafka, &topic, two_minutes()).await;
}

#[tokio::test]
async fn authenticates_with_the_token_that_the_file_contains_now() {
    let (topic, gate, files) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await, Files::new());
    let authority = Authority::new();
    gate.require_tls(&authority.server(&NAMES), None);
    let ca_file = files.write("ca.crt", &authority.pem);
    let token = files.write("token", "outdated.token");
    let kafka = Kafka::new(&with_token(&gate, &ca_file, token)).unwrap();
    let text = failure(&kafka, &topic).await;
    assert!(text.contains("refused the user"), "{text}");
    assert!(!text.contains("outdated.token"), "{text}");
    files.write("token", &format!("{TOKEN}\n"));
    read(&kafka, &topic, two_minutes()).await;
}

#[tokio::test]
async fn requests_a_token_with_the_credentials_of_the_client() {
    let (topic, gate) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await);
    let issuer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", issuer.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut client, _) = issuer.accept().await.unwrap();
        let mut request = Vec::new();
        while !String::from_utf8_lossy(&request).ends_with("scope=kafka") {
            assert_ne!(client.read_buf(&mut request).await.unwrap(), 0);
        }
        let body = format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let kafka = Kafka::new(&KafkaSettings {
        sasl_mechanism: SaslMechanism::OauthBearer,
        sasl_username: USER.to_owned(),
        sasl_password: PASSWORD.to_owned().into(),
        sasl_token_url: url,
        sasl_token_scope: "kafka".to_owned(),
        ..settings(&gate.address)
    })
    .unwrap();
    // The issuer answers once: the token is used until shortly before its end.
    read(&kafka, &topic, two_minutes()).await;
    read(&kafka, &topic, two_minutes()).await;
    let request = asked.await.unwrap();
    assert!(request.starts_with("POST /token "), "{request}");
    assert!(request.contains("grant_type=client_credentials&scope=kafka"), "{request}");
    assert!(request.to_lowercase().contains("authorization: basic "), "{request}");
}

#[tokio::test]
async fn a_certificate_without_tls_is_refused_at_the_start() {
    let settings = KafkaSettings {
        tls_files: TlsFileSettings {
            ca_file: None,
            certificate_file: Some("/client.crt".into()),
            key_file: Some("/client.key".into()),
        },
        ..settings("127.0.0.1:9092")
    };
    let error = Kafka::new(&settings).unwrap_err();
    assert!(
        matches!(&error, KafkaError::Settings(why) if why.contains("kafka.certificate_file")),
        "{error:?}"
    );
}
