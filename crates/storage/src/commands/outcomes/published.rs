//! Publications of commands to which nothing else has happened: one statement, without reading them.

use super::{PublishOutcome, change};
use crate::commands::row::impossible;
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError, feed};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::commands::{CommandRecord, Step};
use domain::feed::FeedChange;
use domain::ids::CommandId;
use domain::merged::Merged;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Records the publications among `outcomes` whose commands are as they were inserted; returns the
/// ids of these commands.
///
/// # Errors
/// If PostgreSQL fails.
pub(super) async fn record(
    connection: &mut Connection,
    outcomes: &[PublishOutcome],
) -> Result<BTreeSet<CommandId>, StorageError> {
    let expected: Vec<(&PublishOutcome, &CommandRecord, CommandRecord)> =
        outcomes.iter().filter_map(expect).collect();
    let mut recorded = BTreeSet::new();
    for part in expected.chunks(FeedChange::MAX_CHUNK_LEN) {
        let mut columns = Published::default();
        for (outcome, before, after) in part {
            columns.devices.push(before.charge_point_id.as_str());
            columns.ids.push(before.id.0);
            columns.before.push(serde_json::to_value(&before.life).map_err(impossible)?);
            columns.after.push(serde_json::to_value(&after.life).map_err(impossible)?);
            columns.states.push(after.life.state().as_str());
            columns.changes.push(feed::render_element(&change(after, outcome.at))?);
        }
        let ids: Vec<Uuid> = Bulk(columns).load(connection).await?;
        recorded.extend(ids.into_iter().map(CommandId));
    }
    Ok(recorded)
}

/// The outcome with its command before and after it; `None` unless the command was published and
/// the caller has inserted it.
fn expect(outcome: &PublishOutcome) -> Option<(&PublishOutcome, &CommandRecord, CommandRecord)> {
    let before = outcome.inserted.as_deref().filter(|_| matches!(outcome.step, Step::Published { .. }))?;
    let mut after = before.clone();
    let merged = after.life.apply(outcome.at, outcome.step.clone());
    (merged == Merged::Changed && after.is_open() == before.is_open()).then_some((outcome, before, after))
}

/// Publications as columns.
#[derive(Default)]
struct Published<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Uuid>,
    before: Vec<serde_json::Value>,
    after: Vec<serde_json::Value>,
    states: Vec<&'static str>,
    changes: Vec<String>,
}

/// Devices are locked first, in key order, and the id of the feed's chunk is drawn only then. A
/// command that was changed while this waited for a lock is compared again, in its newest version.
impl Rows for Published<'_> {
    type Statement = Published<'static>;
    const SQL: &'static str =
        "with new as materialized (select * from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::text[], $6::text[])
           with ordinality as new (device, id, before, after, state, change, place)),
         locked as materialized (
           select count(*) from (
             select 1 from new join charge_points on charge_points.charge_point_id = new.device
             order by charge_points.charge_point_id for update of charge_points) as held),
         written as (
           update commands set state = new.state, life = new.after
           from new, locked
           where commands.charge_point_id = new.device and commands.id = new.id and commands.life = new.before
           returning commands.id, new.change, new.place),
         appended as (
           insert into feed_chunks (changes, change_count)
           select ('[' || string_agg(change, ',' order by place) || ']')::json, count(*)::integer
           from written having count(*) > 0)
         select id from written";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)?;
        columns.push::<Jsonb, _>(&self.before)?;
        columns.push::<Jsonb, _>(&self.after)?;
        columns.push::<Text, _>(&self.states)?;
        columns.push::<Text, _>(&self.changes)
    }
}

impl Lookup for Published<'_> {
    type Answer = SqlUuid;
}
