//! Chunks: the changes of one row.

use crate::StorageError;
use crate::database::bulk::{self, Rows};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Int4, Int8, Text, Timestamptz};
use domain::feed::{FeedChange, FeedKind};
use serde_json::Value;

/// Changes that one transaction wrote together.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The chunk's position in the feed, from 1 without gaps.
    pub position: i64,
    /// When the chunk was written, by PostgreSQL's clock.
    pub created_at: DateTime<Utc>,
    /// The changes in order; at most [`FeedChange::MAX_CHUNK_LEN`].
    pub changes: Vec<FeedChange>,
}

#[derive(QueryableByName)]
pub(super) struct ChunkRow {
    #[diesel(sql_type = Int8)]
    position: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    changes: String,
}

impl TryFrom<ChunkRow> for Chunk {
    type Error = StorageError;

    fn try_from(row: ChunkRow) -> Result<Self, StorageError> {
        let changes = serde_json::from_str(&row.changes).map_err(broken)?;
        Ok(Self { position: row.position, created_at: row.created_at, changes })
    }
}

/// The bodies of the rows for `changes`, with the number of changes in each.
pub(super) fn render(changes: &[FeedChange]) -> Result<Bodies, StorageError> {
    let rows = changes.chunks(FeedChange::MAX_CHUNK_LEN).map(|chunk| {
        let count = i32::try_from(chunk.len()).map_err(broken)?;
        Ok((render_chunk(chunk).map_err(broken)?, count))
    });
    let (bodies, counts) = rows.collect::<Result<_, StorageError>>()?;
    Ok(Bodies { bodies, counts })
}

/// The body of the row for `chunk`. Id tags that are too long for the previous release are stored
/// in two parts.
fn render_chunk(chunk: &[FeedChange]) -> serde_json::Result<String> {
    if chunk.iter().all(|change| long_id_tag(change).is_none()) {
        return serde_json::to_string(chunk);
    }
    let rows = chunk.iter().map(|change| {
        let mut row = serde_json::to_value(change)?;
        if let Some((head, rest)) = long_id_tag(change)
            && let Some(Value::Object(data)) = row.pointer_mut("/kind/data")
        {
            data.insert("idTag".to_owned(), head.into());
            data.insert("idTagRest".to_owned(), rest.into());
        }
        Ok(row)
    });
    serde_json::to_string(&rows.collect::<serde_json::Result<Vec<_>>>()?)
}

fn long_id_tag(change: &FeedChange) -> Option<(&str, &str)> {
    let FeedKind::SessionChanged(session) = &change.kind else { return None };
    let (head, rest) = session.id_tag.as_ref()?.parts();
    Some((head, rest?))
}

/// Chunks as columns, in order.
pub(super) struct Bodies {
    pub bodies: Vec<String>,
    pub counts: Vec<i32>,
}

impl Rows for Bodies {
    type Statement = Self;
    const SQL: &'static str = "insert into feed_chunks (changes, change_count) select body::json, size from unnest($1::text[], $2::integer[]) with ordinality as new (body, size, place) order by place";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.bodies)?;
        columns.push::<Int4, _>(&self.counts)
    }
}

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("feed_chunks", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

    #[test]
    fn stores_a_long_id_tag_in_two_parts_for_the_previous_release() {
        let change = serde_json::json!({
            "subject": { "chargePoint": "CP-1" },
            "at": "2026-11-28T12:22:19Z",
            "kind": { "type": "charging.session.changed.v1", "data": {
                "sessionId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "phase": "open", "connectorId": 1,
                "transactionId": "634", "idTag": TAG, "reservationId": null, "commandId": null,
                "startedAt": "2026-11-28T12:22:19Z", "startedBy": "event", "meterStartWh": 1.0,
                "endedAt": null, "endReason": null, "meterStopWh": null,
            } },
        });
        let change: FeedChange = serde_json::from_value(change).unwrap();
        let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
        let row: Value = serde_json::from_str(&stored).unwrap();
        let data = &row[0]["kind"]["data"];
        assert_eq!(
            (&data["idTag"], &data["idTagRest"]),
            (&"3f2504e0-4f89-11d3-9".into(), &"a0c-0305e82c3301".into())
        );
        assert_eq!(serde_json::from_str::<Vec<FeedChange>>(&stored).unwrap(), std::slice::from_ref(&change));
        let shown = serde_json::to_value(&change).unwrap();
        assert_eq!(shown["kind"]["data"]["idTag"], TAG, "followers must get the whole tag");
        assert_eq!(shown["kind"]["data"].get("idTagRest"), None);
    }
}
