//! A proxy in front of a real broker that forwards nothing before SASL has succeeded, like a broker
//! with authentication, and with TLS if it is given a certificate.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsasl::{
    callback::{Context, Request, SessionCallback, SessionData},
    config::SASLConfig,
    mechanisms::scram::properties::ScramStoredPassword,
    prelude::{Mechname, SASLServer, Session, SessionError},
    property::AuthId,
    validate::{NoValidation, Validate, ValidationError},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use std::sync::{Arc, Mutex};
use testkit::certificates::{Authority, Certificate};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// The only user that the gate accepts.
pub const USER: &str = "platform";
/// The user's password.
pub const PASSWORD: &str = "pencil";
/// The only token that the gate accepts.
pub const TOKEN: &str = "header.payload.signature";

/// The stored form of the password: the salt of RFC 7677, 4,096 rounds; per mechanism the stored
/// key and the server key.
const SALT: &str = "W22ZaK0SNY7soEsUEjb6gQ==";
const SHA_256: [&str; 2] =
    ["N2xkC1jbCJnghpnqw2B3tXx8yTbU8QD9YAcYoqczDhI=", "8eog6lVkUBHnBwMANhg91vXhNKHkbu+zqPADR8WJgYg="];
const SHA_512: [&str; 2] = [
    "sM+ccNf1cEio26TKwlqU3feE5Ma5Q+A7gKMd0YE52PQXV3ssuJUlm+SlyaQ0ln33jUTMeAN3Yk7QZ796qmeUPA==",
    "NLgR1jQdV3Pm2oLJSq8xXmSP9nEo1i1darG6zdihAxKUNnR2A+DpQVPCBfnfp2HDs/OS9DBJ5Vu0ovQnlamJKw==",
];

const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
const AUTHENTICATION_FAILED: i16 = 58;

/// How the gate accepts connections.
type Tls = Arc<Mutex<Option<TlsAcceptor>>>;

/// The gate; it closes when dropped.
pub struct Gate {
    /// The address that the gate listens on.
    pub address: String,
    tls: Tls,
    accepting: JoinHandle<()>,
}

impl Gate {
    pub async fn before(broker: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tls = Tls::default();
        let acceptor = Arc::clone(&tls);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let broker = TcpStream::connect(&broker).await.unwrap();
                let acceptor = acceptor.lock().unwrap().clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(client, broker).await,
                        // A failed handshake is the client's to report.
                        Some(acceptor) => {
                            if let Ok(client) = acceptor.accept(client).await {
                                serve(client, broker).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, tls, accepting }
    }

    /// Requires TLS of new connections, and of clients a certificate from `clients`, if given.
    pub fn require_tls(&self, certificate: &Certificate, clients: Option<&Authority>) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
        let config = builder.with_single_cert(chain, key).unwrap();
        *self.tls.lock().unwrap() = Some(TlsAcceptor::from(Arc::new(config)));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The progress of an authentication.
enum Login {
    /// The session of a mechanism that has more than one message.
    Mechanism(String, Option<Box<Session<NoValidation>>>),
    None,
    Done,
}

async fn serve(mut client: impl AsyncRead + AsyncWrite + Unpin, mut broker: TcpStream) {
    let mut login = Login::None;
    while let Some(frame) = read(&mut client).await {
        let api = i16::from_be_bytes([frame[0], frame[1]]);
        // API key, version and correlation id of the request, and the client id.
        let name = usize::try_from(i16::from_be_bytes([frame[8], frame[9]])).unwrap();
        let body = &frame[10 + name..];
        let answer = match (api, &mut login) {
            (SASL_HANDSHAKE, _) => {
                let mechanism = std::str::from_utf8(&body[2..]).unwrap().to_owned();
                let session = mechanism.starts_with("SCRAM").then(|| Box::new(session(&mechanism)));
                login = Login::Mechanism(mechanism, session);
                Some([&[0, 0, 0, 0, 0, 1], body].concat())
            }
            (SASL_AUTHENTICATE, Login::Mechanism(mechanism, session)) => {
                let (done, mut answer) = step(mechanism, session.as_deref_mut(), &body[4..]);
                if done {
                    login = Login::Done;
                }
                if frame[3] == 1 {
                    // Version 1: in addition the lifetime of the session, here without an end.
                    answer.extend([0; 8]);
                }
                Some(answer)
            }
            (_, Login::Done) => None,
            _ => return,
        };
        let answer = match answer {
            Some(answer) => [&frame[4..8], &*answer].concat(),
            None => {
                write(&mut broker, &frame).await;
                read(&mut broker).await.unwrap()
            }
        };
        write(&mut client, &answer).await;
    }
}

/// One step; returns whether it was the last one, and the body of the response.
fn step(mechanism: &str, session: Option<&mut Session<NoValidation>>, message: &[u8]) -> (bool, Vec<u8>) {
    let mut reply = Vec::new();
    let outcome = match mechanism {
        // A broker answers an invalid token with the reason, and the client's abort with an error.
        "OAUTHBEARER" if message.starts_with(b"n,,") => {
            let accepted = message == format!("n,,\x01auth=Bearer {TOKEN}\x01\x01").as_bytes();
            if !accepted {
                reply = br#"{"status":"invalid_token"}"#.to_vec();
            }
            Some(accepted)
        }
        "PLAIN" => {
            let expected = format!("\0{USER}\0{PASSWORD}");
            (message == expected.as_bytes()).then_some(true)
        }
        // SCRAM reports a wrong proof in its own message; a broker answers with an error.
        _ => session
            .and_then(|session| session.step(Some(message), &mut reply).ok())
            .filter(|_| !reply.starts_with(b"e="))
            .map(|state| state.is_finished()),
    };
    let Some(done) = outcome else {
        let words = "no such user";
        let length = i16::try_from(words.len()).unwrap().to_be_bytes();
        return (
            false,
            [&AUTHENTICATION_FAILED.to_be_bytes(), &length, words.as_bytes(), &[0; 4][..]].concat(),
        );
    };
    let length = u32::try_from(reply.len()).unwrap().to_be_bytes();
    (done, [&[0, 0, 0xff, 0xff], &length[..], &reply].concat())
}

fn session(mechanism: &str) -> Session<NoValidation> {
    let config = SASLConfig::builder().with_default_mechanisms().with_callback(Stored).unwrap();
    let mechanism = Mechname::parse(mechanism.as_bytes()).unwrap();
    SASLServer::<NoValidation>::new(config).start_suggested(mechanism).unwrap()
}

/// The user's stored password.
struct Stored;

impl SessionCallback for Stored {
    fn callback(
        &self,
        session: &SessionData,
        context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        if context.get_ref::<AuthId>() == Some(USER) {
            let is_512 = session.mechanism().mechanism.as_str() == "SCRAM-SHA-512";
            let keys = if is_512 { SHA_512 } else { SHA_256 };
            let [salt, stored, server] = [SALT, keys[0], keys[1]].map(|text| STANDARD.decode(text).unwrap());
            request.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
                4_096, &salt, &stored, &server,
            ))?;
        }
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        _: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        Ok(())
    }
}

async fn read(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    let mut frame = vec![0; usize::try_from(length).unwrap()];
    from.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap();
    // A disconnected peer is detected at the next read.
    drop(to.write_u32(length).await);
    drop(to.write_all(frame).await);
}
