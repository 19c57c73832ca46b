//! Calls of both services, and their whole responses.

use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A request, except for its token.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    /// JSON, or a CSV file.
    pub body: Option<String>,
    pub if_match: Option<String>,
}

/// A response with everything that a caller can read.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// The header lines.
    pub headers: String,
    pub body: Vec<u8>,
}

impl Call {
    pub fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), body: None, if_match: None }
    }

    /// The same call for a version of a resource.
    pub fn tagged(mut self, tag: Option<&str>) -> Self {
        self.if_match = tag.map(str::to_owned);
        self
    }

    /// The request as text, with all that it names.
    pub fn what(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.body.as_deref().unwrap_or_default())
    }

    /// Whether command-dispatcher has the resource.
    pub fn is_command(&self) -> bool {
        self.path.contains("/commands") || self.path.contains("/command-batches")
    }

    pub fn request(&self, client: &Client, root: &str, method: Method, token: &str) -> RequestBuilder {
        let mut request = client.request(method, format!("{root}{}", self.path)).bearer_auth(token);
        if let Some(tag) = &self.if_match {
            request = request.header(IF_MATCH, tag);
        }
        match &self.body {
            None => request,
            Some(body) => {
                let is_json = body.starts_with('{');
                let media = if is_json { "application/json" } else { "text/csv" };
                request.header(CONTENT_TYPE, media).body(body.clone())
            }
        }
    }
}

impl Response {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
        };
        let headers = response.headers().iter().map(line).collect();
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
