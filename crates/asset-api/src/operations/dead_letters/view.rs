//! Dead letters and their replays in responses.

use super::replay::Attempt;
use crate::http::drivers::IdTags;
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
    /// The id of the dead letter, a UUID.
    id: Uuid,
    /// The Kafka topic of the record. A topic that ends in `#` and a number is a former log of that
    /// topic, which was replaced.
    topic: &'a str,
    /// The Kafka partition of the record.
    partition: i32,
    /// The offset of the record, or the first offset of an unreadable range.
    first_offset: i64,
    /// The offset of the record, or the last offset of an unreadable range; equal to `firstOffset`
    /// for a single record.
    last_offset: i64,
    /// When the record was appended to Kafka, RFC 3339 in UTC; null for an unreadable range.
    appended_at: Option<DateTime<Utc>>,
    /// Why the record could not be applied, as a code that never changes, such as
    /// `STOP_WITHOUT_SESSION` or `REFUSED_BY_DATABASE`.
    reason: &'a str,
    /// Why the record could not be applied, as a sentence for people.
    detail: &'a str,
    /// The device of the event. Set only if the event was decoded and could not be placed; null for
    /// all other reasons.
    charge_point_id: Option<&'a str>,
    /// The gateway's id of the event. Set only if the event was decoded and could not be placed;
    /// null for all other reasons.
    event_id: Option<&'a str>,
    /// When the dead letter was recorded, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// When the letter was last replayed, RFC 3339 in UTC; null if it never was. Dry runs do not
    /// count.
    replayed_at: Option<DateTime<Utc>>,
    /// The outcome of the last replay: `applied`, `ignored`, `unplaced`, `undecodable` or
    /// `refused`. Null if the letter was never replayed; dry runs do not count.
    replay_outcome: Option<&'a str>,
    /// The caller of the last replay: `sub` of its token, or `anonymous` without authentication. Null
    /// if the letter was never replayed, or by a release that did not record it.
    replayed_by: Option<&'a str>,
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
            replayed_by: letter.replayed_by.as_deref(),
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
    /// The key of the record, in Base64; null if the record has none, and for an unreadable range.
    key: Option<String>,
    /// The value of the record, in Base64; null if the record has none, for an unreadable range, and
    /// for callers without the scope `drivers:read`, because it may contain the token of a driver.
    value: Option<String>,
    /// The first 16 KiB of the value as text. Null if the value is not UTF-8 as a whole, or there
    /// is none; null, too, for callers without the scope `drivers:read`.
    value_text: Option<&'a str>,
    /// The headers of the record: a map from name to value in Base64. Empty for an unreadable
    /// range.
    #[schemars(with = "BTreeMap<String, String>")]
    headers: &'a serde_json::Value,
}

impl<'a> LetterView<'a> {
    /// The letter for a caller that sees `id_tags`. A value may contain the token of a driver at any
    /// place, because it may be invalid in any way.
    pub fn of(letter: &'a DeadLetter, id_tags: IdTags) -> Self {
        let record = &letter.record;
        let value = record.value.as_ref().filter(|_| id_tags == IdTags::Shown);
        let encode = |bytes: &Vec<u8>| BASE64_STANDARD.encode(bytes);
        Self {
            heading: HeadingView::of(&letter.heading),
            key: record.key.as_ref().map(encode),
            value: value.map(encode),
            value_text: value.and_then(|value| beginning(value)),
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
    /// Whether the replay was a dry run, which changes nothing.
    dry_run: bool,
    #[serde(flatten)]
    attempt: AttemptView<'a>,
    /// What the replay changed, or would change in a dry run; nothing unless `outcome` is
    /// `applied`.
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
    /// The outcome of the replay: `applied`, `ignored`, `unplaced`, `undecodable` or `refused`.
    /// `applied` and `ignored` settle the letter.
    outcome: &'static str,
    /// Why the event was not applied, as a code such as `DUPLICATE`, `STALE` or
    /// `STOP_WITHOUT_SESSION`. Null if it was applied.
    reason: Option<&'a str>,
    /// What could not be decoded, as a sentence that names the field. Null unless `outcome` is
    /// `undecodable`.
    detail: Option<&'a str>,
    /// The contract's name of the event, such as `transaction.stopped`; null if the record cannot
    /// be decoded.
    event_type: Option<&'a str>,
    /// The device of the event; null if the record cannot be decoded.
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

/// The changes by a replay. `chargePoint` states whether the state of the charge point changed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReplayChanges")]
struct ChangesView {
    /// Whether the state of the device itself changed: its connectivity, its boot report or what is
    /// remembered of its events.
    charge_point: bool,
    /// The connectors whose state changed or that are new; 0 is the device as a whole. Empty if
    /// there are none.
    connectors: Vec<ConnectorId>,
    /// The sessions that changed or are new. Empty if there are none.
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
