//! Dead letters and their replays in responses.

use super::replay::Attempt;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use domain::devices::change::Changes;
use domain::ids::{ConnectorId, SessionId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use storage::ingest::dead_letters::{DeadLetter, Heading, Run};
use uuid::Uuid;

/// Largest part of a value that is shown as text, in bytes. Base64 contains the whole value.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// A dead letter without its bytes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetterHeading")]
pub struct HeadingView<'a> {
    id: Uuid,
    topic: &'a str,
    partition: i32,
    first_offset: i64,
    last_offset: i64,
    appended_at: Option<DateTime<Utc>>,
    reason: &'a str,
    detail: &'a str,
    charge_point_id: Option<&'a str>,
    event_id: Option<&'a str>,
    created_at: DateTime<Utc>,
    replayed_at: Option<DateTime<Utc>>,
    replay_outcome: Option<&'a str>,
}

impl<'a> HeadingView<'a> {
    pub fn of(letter: &'a Heading) -> Self {
        Self {
            id: letter.id,
            topic: &letter.topic,
            partition: letter.partition,
            first_offset: letter.first_offset,
            last_offset: letter.last_offset,
            appended_at: letter.appended_at,
            reason: &letter.reason,
            detail: &letter.detail,
            charge_point_id: letter.charge_point_id.as_deref(),
            event_id: letter.event_id.as_deref(),
            created_at: letter.created_at,
            replayed_at: letter.replayed_at,
            replay_outcome: letter.replay_outcome.as_deref(),
        }
    }
}

/// A dead letter with the bytes of its record.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetter")]
pub struct LetterView<'a> {
    #[serde(flatten)]
    heading: HeadingView<'a>,
    key: Option<String>,
    value: Option<String>,
    value_text: Option<&'a str>,
    #[schemars(with = "BTreeMap<String, String>")]
    headers: &'a serde_json::Value,
}

impl<'a> LetterView<'a> {
    pub fn of(letter: &'a DeadLetter) -> Self {
        let record = &letter.record;
        let encode = |bytes: &Vec<u8>| BASE64_STANDARD.encode(bytes);
        Self {
            heading: HeadingView::of(&letter.heading),
            key: record.key.as_ref().map(encode),
            value: record.value.as_ref().map(encode),
            value_text: record.value.as_deref().and_then(beginning),
            headers: &record.headers,
        }
    }
}

/// The first [`MAX_TEXT_BYTES`] of a value, cut at a character; `None` if it is not UTF-8.
fn beginning(value: &[u8]) -> Option<&str> {
    let text = str::from_utf8(value).ok()?;
    text.get(..text.floor_char_boundary(MAX_TEXT_BYTES))
}

/// The result of one replay.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Replay")]
pub struct ReplayView<'a> {
    dry_run: bool,
    #[serde(flatten)]
    attempt: AttemptView<'a>,
    changes: ChangesView,
}

impl<'a> ReplayView<'a> {
    pub fn of(run: Run, attempt: &'a Attempt) -> Self {
        Self {
            dry_run: run == Run::Dry,
            attempt: AttemptView::of(attempt),
            changes: ChangesView::of(&attempt.changes),
        }
    }
}

/// The result of one replay, without its changes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReplayAttempt")]
pub struct AttemptView<'a> {
    outcome: &'static str,
    reason: Option<&'a str>,
    detail: Option<&'a str>,
    event_type: Option<&'a str>,
    charge_point_id: Option<&'a str>,
}

impl<'a> AttemptView<'a> {
    pub fn of(attempt: &'a Attempt) -> Self {
        Self {
            outcome: attempt.outcome.as_str(),
            reason: attempt.reason.as_deref(),
            detail: attempt.detail.as_deref(),
            event_type: attempt.event_type.as_deref(),
            charge_point_id: attempt.charge_point_id.as_ref().map(|id| id.as_str()),
        }
    }
}

/// The changes by a replay. `chargePoint` tells whether the state of the charge point changed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReplayChanges")]
struct ChangesView {
    charge_point: bool,
    connectors: Vec<ConnectorId>,
    sessions: Vec<SessionId>,
}

impl ChangesView {
    fn of(changes: &Changes) -> Self {
        Self {
            charge_point: changes.charge_point,
            connectors: changes.connectors.clone(),
            sessions: changes.sessions.iter().map(|session| session.id).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_beginning_of_a_long_text_and_nothing_of_other_bytes() {
        assert_eq!(beginning(b"{}"), Some("{}"));
        assert_eq!(beginning(b"\xff{}"), None);
        let long = "桩".repeat(MAX_TEXT_BYTES);
        let shown = beginning(long.as_bytes()).unwrap();
        assert!(long.starts_with(shown));
        assert!((MAX_TEXT_BYTES - 2..=MAX_TEXT_BYTES).contains(&shown.len()), "{}", shown.len());
    }
}
