//! A service's HTTP API, as its callers see it.

use anyhow::{Context as _, bail};
use reqwest::{Client, Method};
use serde_json::Value;
use std::time::{Duration, Instant};

/// One service.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; `null` when there is none.
    pub body: Value,
    /// From the first byte sent to the last one read.
    pub took: Duration,
}

impl Api {
    /// The service that listens on `address`.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(15)).build()?;
        Ok(Self { client, base: format!("http://{address}"), token: None })
    }

    /// The same, with a bearer token in each request.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    ///
    /// # Errors
    /// No answer, or none in JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// POST.
    ///
    /// # Errors
    /// No answer, or none in JSON.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// PUT.
    ///
    /// # Errors
    /// No answer, or none in JSON.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Method::PUT, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
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
        Ok(Answer { status, body, took: begun.elapsed() })
    }
}

impl Answer {
    /// This answer, if its status is `status`.
    ///
    /// # Errors
    /// It is another.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status != status {
            bail!("expected {status}, got {}: {}", self.status, self.body);
        }
        Ok(self)
    }

    /// This answer, if it is the problem called `code`.
    ///
    /// # Errors
    /// It is another.
    pub fn expect_problem(self, status: u16, code: &str) -> anyhow::Result<Self> {
        let answer = self.expect(status)?;
        if answer.text("/code") != code {
            bail!("expected the code {code}, got: {}", answer.body);
        }
        Ok(answer)
    }

    /// The text at a JSON pointer; empty when there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number at a JSON pointer.
    #[must_use]
    pub fn number(&self, pointer: &str) -> Option<f64> {
        self.body.pointer(pointer).and_then(Value::as_f64)
    }
}
