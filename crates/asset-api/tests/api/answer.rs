//! A response for tests; its snapshot hides what differs from run to run.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::fmt::Write as _;
use uuid::Uuid;

/// The headers that a snapshot shows.
const SHOWN: [&str; 6] = ["content-type", "location", "etag", "allow", "retry-after", "www-authenticate"];

/// A whole response.
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    /// Sends `request` and reads the whole response.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Status, headers and body as text. Ids are numbered; recent times and cursors are hidden.
    pub fn snapshot(&self) -> String {
        let mut ids = Ids::default();
        let mut text = format!("{}\n", self.status);
        for name in SHOWN {
            if let Some(value) = self.header(name) {
                writeln!(text, "{name}: {}", ids.hide_in(value)).unwrap();
            }
        }
        if !self.text.is_empty() {
            let body = hide(self.json(), &mut ids);
            write!(text, "\n{}", serde_json::to_string_pretty(&body).unwrap()).unwrap();
        }
        text
    }
}

fn hide(value: Value, ids: &mut Ids) -> Value {
    match value {
        Value::String(text) if is_recent(&text) => "[now]".into(),
        Value::String(text) => ids.hide_in(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| hide(item, ids)).collect(),
        Value::Object(mut fields) => {
            fields.remove("traceId");
            let hidden = fields.into_iter().map(|(name, value)| match value {
                Value::String(_) if name == "nextCursor" => (name, "[cursor]".into()),
                value => (name, hide(value, ids)),
            });
            hidden.collect()
        }
        other => other,
    }
}

fn is_recent(text: &str) -> bool {
    let time = text.parse::<DateTime<Utc>>();
    time.is_ok_and(|time| (runtime::clock::now() - time).abs() < TimeDelta::hours(1))
}

/// The ids in a response, in order of their first occurrence.
#[derive(Default)]
struct Ids(Vec<Uuid>);

impl Ids {
    fn hide_in(&mut self, text: &str) -> String {
        let segments = text.split('/').map(|segment| match Uuid::try_parse(segment) {
            Ok(id) => self.number(id),
            Err(_) => segment.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn number(&mut self, id: Uuid) -> String {
        let place = self.0.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.0.push(id);
            self.0.len() - 1
        });
        format!("[id {}]", place + 1)
    }
}
