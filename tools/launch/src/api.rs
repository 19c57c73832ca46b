//! A client of a service's HTTP API.

use anyhow::{Context as _, bail};
use reqwest::{Client, Method};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A client of one service.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

/// An HTTP response.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` if it is empty.
    pub body: Value,
    /// The time from the first byte sent to the last byte read.
    pub took: Duration,
}

impl Api {
    /// A client of the service that listens on `address`.
    ///
    /// # Errors
    /// When the client cannot be created.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(15)).build()?;
        Ok(Self { client, base: format!("http://{address}"), token: None })
    }

    /// The same client, with this bearer token in each request.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// The base URL, without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a GET request.
    ///
    /// # Errors
    /// When there is no response, or its body is not JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<Response> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a POST request.
    ///
    /// # Errors
    /// When there is no response, or its body is not JSON.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends a PUT request.
    ///
    /// # Errors
    /// When there is no response, or its body is not JSON.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        self.send(Method::PUT, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Response> {
        let begun = Instant::now();
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        Ok(Response { status, body, took: begun.elapsed() })
    }
}

impl Response {
    /// Returns this response if its status is `status`.
    ///
    /// # Errors
    /// When the status is another one.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status != status {
            bail!("expected {status}, got {}: {}", self.status, self.body);
        }
        Ok(self)
    }

    /// Returns this response if it is a problem with the code `code`.
    ///
    /// # Errors
    /// When it is not.
    pub fn expect_problem(self, status: u16, code: &str) -> anyhow::Result<Self> {
        let response = self.expect(status)?;
        if response.text("/code") != code {
            bail!("expected the code {code}, got: {}", response.body);
        }
        Ok(response)
    }

    /// The text at a JSON pointer; empty if there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number at a JSON pointer; `None` if there is none.
    #[must_use]
    pub fn number(&self, pointer: &str) -> Option<f64> {
        self.body.pointer(pointer).and_then(Value::as_f64)
    }
}
