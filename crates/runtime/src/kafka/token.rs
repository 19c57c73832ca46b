//! Tokens for OAUTHBEARER: from a file, or from the issuer's token endpoint (client credentials,
//! RFC 6749, section 4.4).

use std::{
    io,
    time::{Duration, Instant},
};

use credentials::Secret;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::{
    KafkaError,
    login::{Password, invalid, user},
};
use crate::{causes, settings::KafkaSettings};

/// The largest response of the token endpoint, in bytes.
const MAX_RESPONSE: usize = 256 << 10;
/// The part of a token's life after which a new one is requested.
const USED_PERCENT: u32 = 80;

/// The source of tokens.
pub(super) enum Tokens {
    File(Secret),
    Endpoint(Box<Endpoint>),
}

/// The token endpoint of an issuer, with the latest token.
pub(super) struct Endpoint {
    client: reqwest::Client,
    url: reqwest::Url,
    client_id: Secret,
    client_secret: Secret,
    scope: String,
    /// Locked during a request, so that concurrent connections share its token.
    held: Mutex<Option<Token>>,
}

struct Token {
    value: SecretString,
    renew_at: Instant,
}

impl Tokens {
    /// # Errors
    /// If not exactly one source is set, or the source is not usable.
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let refuse = |reason: &str| KafkaError::Settings(reason.to_owned());
        match (&settings.sasl_token_file, settings.sasl_token_url.as_str()) {
            (Some(file), "") => {
                let none = SecretString::default();
                let token = Secret::new(&none, Some(file), "kafka.sasl_token_file");
                token.map(Self::File).map_err(|error| invalid(&error))
            }
            (None, "") => Err(refuse(
                "kafka.sasl_mechanism is OAUTHBEARER: set kafka.sasl_token_file or kafka.sasl_token_url",
            )),
            (Some(_), _) => {
                Err(refuse("kafka.sasl_token_file and kafka.sasl_token_url exclude each other; unset one"))
            }
            (None, url) => Endpoint::new(url, settings).map(|endpoint| Self::Endpoint(Box::new(endpoint))),
        }
    }

    /// A token that is valid now, as far as its source says.
    pub(super) async fn current(&self) -> Result<SecretString, io::Error> {
        match self {
            Self::File(file) => Ok(file.current()),
            Self::Endpoint(endpoint) => endpoint.current().await,
        }
    }
}

impl Endpoint {
    fn new(url: &str, settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let refuse = |reason: String| KafkaError::Settings(format!("kafka.sasl_token_url {url:?}: {reason}"));
        let parsed: reqwest::Url = url.parse().map_err(|error| refuse(format!("{error}")))?;
        let is_local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && is_local) {
            return Err(refuse("it must be https, because it receives the client's secret".to_owned()));
        }
        let (client_id, client_secret) = user(settings)?;
        if client_id.current().expose_secret().is_empty() {
            return Err(refuse(
                "set kafka.sasl_username and kafka.sasl_password, the client's id and secret".to_owned(),
            ));
        }
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.connect_timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| refuse(causes(&error)))?;
        let scope = settings.sasl_token_scope.clone();
        Ok(Self { client, url: parsed, client_id, client_secret, scope, held: Mutex::default() })
    }

    async fn current(&self) -> Result<SecretString, io::Error> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.value.clone());
        }
        let token = self.request().await?;
        let value = token.value.clone();
        *held = Some(token);
        Ok(value)
    }

    async fn request(&self) -> Result<Token, io::Error> {
        #[derive(serde::Deserialize)]
        struct Granted {
            access_token: String,
            /// Seconds.
            expires_in: Option<u64>,
        }
        let asked_at = Instant::now();
        let failed = |error: reqwest::Error| {
            io::Error::other(format!("no token from kafka.sasl_token_url: {}", causes(&error.without_url())))
        };
        let Password { username, password } = Password::current(&self.client_id, &self.client_secret);
        let request = self
            .client
            .post(self.url.clone())
            .basic_auth(username, Some(password.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form(&self.scope));
        let mut response =
            request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_RESPONSE {
                return Err(io::Error::other("the response of kafka.sasl_token_url is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        // The error could repeat parts of the token.
        let Granted { access_token, expires_in } = serde_json::from_slice(&body).map_err(|_invalid| {
            io::Error::other("the response of kafka.sasl_token_url has no access_token")
        })?;
        // Without a lifetime, each connection requests a token.
        let life = Duration::from_secs(expires_in.unwrap_or(0).min(86_400));
        Ok(Token { value: access_token.into(), renew_at: asked_at + life * USED_PERCENT / 100 })
    }
}

/// The body of a request for a token with these scopes.
fn form(scope: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if !scope.is_empty() {
        form.append_pair("scope", scope);
    }
    form.finish()
}
