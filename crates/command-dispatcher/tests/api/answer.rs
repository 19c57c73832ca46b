//! A response of the service, as snapshots show it.

use reqwest::StatusCode;
use serde_json::Value;
use std::fmt;
use uuid::Uuid;

/// Status, relevant headers, and body.
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub retry_after: Option<String>,
    pub is_replay: bool,
    pub body: Value,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        let header = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Self {
            status: response.status(),
            location: header("location"),
            retry_after: header("retry-after"),
            is_replay: header("idempotent-replayed").is_some(),
            body: response.json().await.unwrap(),
        }
    }

    /// A text field of the body.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {self}"))
    }

    /// The command that the response is about.
    pub fn command_id(&self) -> Uuid {
        Uuid::parse_str(self.text("commandId")).unwrap()
    }
}

/// Without what differs from run to run.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in [("location", &self.location), ("retry-after", &self.retry_after)] {
            if let Some(value) = value {
                writeln!(f, "{name}: {}", without_names(value))?;
            }
        }
        let mut body = self.body.clone();
        for field in ["issuedAt", "expiresAt", "publishedAt", "traceId", "createdAt", "finishedAt"] {
            match body.get_mut(field) {
                Some(value) if value.is_string() => *value = format!("[{field}]").into(),
                _ => {}
            }
        }
        for event in body.get_mut("events").and_then(|events| events.as_array_mut()).into_iter().flatten() {
            event["at"] = "[at]".into();
        }
        f.write_str(&without_names(&serde_json::to_string_pretty(&body).unwrap()))
    }
}

/// Replaces ids, and names that are unique to this run, by words.
fn without_names(text: &str) -> String {
    let in_a_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut shown = text.to_owned();
    for name in text.split(|c| !in_a_name(c)) {
        if let Some((kind @ ("CP" | "commands"), id)) = name.rsplit_once('-')
            && Uuid::try_parse(id).is_ok()
        {
            shown = shown.replace(name, kind);
        } else if Uuid::try_parse(name).is_ok() {
            shown = shown.replace(name, "[id]");
        }
    }
    shown
}
