//! Chunks: the changes of one row.

use crate::StorageError;
use crate::database::bulk::{self, Rows};
use crate::feed::owners;
use chrono::{DateTime, Utc};
use diesel::Queryable;
use diesel::result::QueryResult;
use diesel::sql_types::{Int4, Jsonb, Nullable, Text};
use domain::commands::CommandState;
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, IssueSnapshot, StationChanged};
use domain::ids::StationId;
use serde_json::Value;

/// Changes that one transaction wrote together.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The chunk's position in the feed, from 1; without gaps except those of jumps.
    pub position: i64,
    /// When the chunk was written, by PostgreSQL's clock.
    pub created_at: DateTime<Utc>,
    /// The changes in order; at most [`FeedChange::MAX_CHUNK_LEN`].
    pub changes: Vec<FeedChange>,
    /// The stored operator of each change, in their order; empty if the chunk has none.
    pub operators: Vec<Option<String>>,
}

#[derive(Queryable)]
pub(super) struct ChunkRow {
    position: i64,
    created_at: DateTime<Utc>,
    changes: String,
    operators: Option<Vec<Option<String>>>,
}

impl TryFrom<ChunkRow> for Chunk {
    type Error = StorageError;

    fn try_from(row: ChunkRow) -> Result<Self, StorageError> {
        let changes = parse(&row.changes).map_err(broken)?;
        let operators = row.operators.unwrap_or_default();
        Ok(Self { position: row.position, created_at: row.created_at, changes, operators })
    }
}

/// The bodies of the rows for `changes`, with the number of changes in each.
pub(super) fn render(changes: &[FeedChange]) -> Result<Bodies, StorageError> {
    let rows = changes.chunks(FeedChange::MAX_CHUNK_LEN).map(|chunk| {
        let count = i32::try_from(chunk.len()).map_err(broken)?;
        Ok((render_chunk(chunk).map_err(broken)?, count, owners::of_chunk(chunk)))
    });
    let (bodies, counts, owners) = rows.collect::<Result<_, StorageError>>()?;
    Ok(Bodies { bodies, counts, owners })
}

/// One element of a body.
pub(super) fn render_element(change: &FeedChange) -> Result<String, StorageError> {
    let body = render_chunk(std::slice::from_ref(change)).map_err(broken)?;
    let element = body.strip_prefix('[').and_then(|body| body.strip_suffix(']'));
    element.map(str::to_owned).ok_or_else(|| broken("a chunk is not an array"))
}

/// The type of a change that the previous release does not know. It rejects a chunk with an unknown
/// type, so such a change is stored as a change of its session, whose fields it has, with its type
/// under this key; that release ignores the key.
const STORED_TYPE: &str = "feedType";
/// The type as which such a change is stored.
const KNOWN_TYPE: &str = "charging.session.changed.v1";

/// A change of an issue, whose subject the previous release does not know either, is stored as a
/// change of a station that does not exist, with the id of the issue. The change itself is under this
/// key, which that release ignores; it would restore the type under [`STORED_TYPE`].
const STORED_CHANGE: &str = "feedChange";

/// The state of a command that the previous release does not know, under this key, which that
/// release ignores.
const STORED_STATE: &str = "feedState";
/// The state as which it is stored: a final one.
const KNOWN_STATE: CommandState = CommandState::Expired;

/// The body of the row for `chunk`, in a form that the previous release can read: id tags that are
/// too long for it are in two parts, and types, states and subjects that it does not know are replaced.
fn render_chunk(chunk: &[FeedChange]) -> serde_json::Result<String> {
    let is_known = |change: &FeedChange| {
        long_id_tag(change).is_none()
            && !is_of_new_type(change)
            && !is_in_new_state(change)
            && change.kind.issue().is_none()
    };
    if chunk.iter().all(is_known) {
        return serde_json::to_string(chunk);
    }
    let rows = chunk.iter().map(|change| {
        if let Some(issue) = change.kind.issue() {
            return issue_row(change, issue);
        }
        let mut row = serde_json::to_value(change)?;
        if let Some(Value::Object(data)) = row.pointer_mut("/kind/data") {
            if let Some((head, rest)) = long_id_tag(change) {
                data.insert("idTag".to_owned(), head.into());
                data.insert("idTagRest".to_owned(), rest.into());
            }
            if is_in_new_state(change) {
                let state = data.insert("state".to_owned(), KNOWN_STATE.as_str().into());
                data.insert(STORED_STATE.to_owned(), state.into());
            }
            if is_of_new_type(change) {
                data.insert(STORED_TYPE.to_owned(), change.kind.type_name().into());
                set_type(&mut row, KNOWN_TYPE.into());
            }
        }
        Ok(row)
    });
    serde_json::to_string(&rows.collect::<serde_json::Result<Vec<_>>>()?)
}

fn issue_row(change: &FeedChange, issue: &IssueSnapshot) -> serde_json::Result<Value> {
    let station_id = StationId(issue.issue_id.0);
    let stand_in = StationChanged { station_id, action: AssetAction::Updated, version: issue.version };
    let kind = FeedKind::StationChanged(stand_in);
    let mut row =
        serde_json::to_value(FeedChange { subject: FeedSubject::Station(station_id), at: change.at, kind })?;
    if let Some(Value::Object(data)) = row.pointer_mut("/kind/data") {
        data.insert(STORED_CHANGE.to_owned(), serde_json::to_value(change)?);
    }
    Ok(row)
}

/// The changes of a row that [`render_chunk`] or an earlier release wrote.
fn parse(body: &str) -> serde_json::Result<Vec<FeedChange>> {
    if ![STORED_TYPE, STORED_STATE, STORED_CHANGE].iter().any(|key| body.contains(key)) {
        return serde_json::from_str(body);
    }
    let rows: Vec<Value> = serde_json::from_str(body)?;
    let change = |mut row: Value| {
        let Some(data) = row.pointer_mut("/kind/data").and_then(Value::as_object_mut) else {
            return serde_json::from_value(row);
        };
        if let Some(change) = data.remove(STORED_CHANGE) {
            return serde_json::from_value(change);
        }
        if let Some(state) = data.remove(STORED_STATE) {
            data.insert("state".to_owned(), state);
        }
        if let Some(kind) = data.remove(STORED_TYPE) {
            set_type(&mut row, kind);
        }
        serde_json::from_value(row)
    };
    rows.into_iter().map(change).collect()
}

fn set_type(row: &mut Value, kind: Value) {
    if let Some(stored) = row.pointer_mut("/kind/type") {
        *stored = kind;
    }
}

const fn is_of_new_type(change: &FeedChange) -> bool {
    matches!(change.kind, FeedKind::SessionMetered(_) | FeedKind::SessionSettled(_))
}

fn is_in_new_state(change: &FeedChange) -> bool {
    matches!(&change.kind, FeedKind::CommandChanged(command) if command.state == CommandState::Cancelled)
}

fn long_id_tag(change: &FeedChange) -> Option<(&str, &str)> {
    let session = match &change.kind {
        FeedKind::SessionChanged(session) => session,
        FeedKind::SessionMetered(metered) => &metered.session,
        FeedKind::SessionSettled(settled) => &settled.session,
        _ => return None,
    };
    let (head, rest) = session.id_tag.as_ref()?.parts();
    Some((head, rest?))
}

/// Chunks as columns, in order.
pub(super) struct Bodies {
    pub bodies: Vec<String>,
    pub counts: Vec<i32>,
    /// What determines the operators of the changes, see [`owners`]; null for chunks of events.
    pub owners: Vec<Option<Value>>,
}

impl Rows for Bodies {
    type Statement = Self;
    const SQL: &'static str = "insert into feed_chunks (changes, change_count, operators)
         select body::json, size, case when owners is not null then (
                  select array_agg(coalesce(
                           owner ->> 'operator',
                           (select stations.operator_id from stations
                            where stations.id = coalesce((owner ->> 'station')::uuid, (
                              select piles.station_id from piles where piles.id = (owner ->> 'pile')::uuid))),
                           (select coalesce(tariffs.operator_id, '') from tariffs
                            where tariffs.id = (owner ->> 'tariff')::uuid)) order by number)
                  from jsonb_array_elements(owners) with ordinality as each (owner, number)) end
         from unnest($1::text[], $2::integer[], $3::jsonb[]) with ordinality as new (body, size, owners, place)
         order by place";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.bodies)?;
        columns.push::<Int4, _>(&self.counts)?;
        columns.push::<Nullable<Jsonb>, _>(&self.owners)
    }
}

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("feed_chunks", what)
}

#[cfg(test)]
mod tests;
