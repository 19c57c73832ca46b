//! The outcomes of the piles of a batch, which are recorded once and never change.

use super::item_key;
use crate::database::bulk::{self, Bulk, Rows};
use crate::schema::command_batch_items as items;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::ids::{CommandBatchId, CommandId, PileId};
use uuid::Uuid;

/// The outcome of a pile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Id of the batch.
    pub batch_id: CommandBatchId,
    /// Id of the pile.
    pub pile_id: PileId,
    /// The outcome.
    pub outcome: Outcome,
}

/// Whether a pile was commanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The pile has this command, if it has been recorded.
    Sent(CommandId),
    /// The pile is refused, unless it has a command already.
    Refused {
        /// The code of the refusal.
        code: String,
        /// A text for people.
        detail: Option<String>,
    },
}

/// The piles of a batch that have not been processed yet.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_waiting(
    connection: &mut Connection,
    batch_id: CommandBatchId,
) -> Result<Vec<PileId>, StorageError> {
    let ids: Vec<Uuid> = items::table
        .filter(items::batch_id.eq(batch_id.0).and(items::state.eq("waiting")))
        .select(items::pile_id)
        .order(items::pile_id)
        .load(connection)
        .await?;
    Ok(ids.into_iter().map(PileId).collect())
}

/// Records the outcomes of waiting piles and returns how many were recorded. A pile that is to be
/// refused but has a command by now is recorded as sent, and a pile whose command is not recorded
/// stays waiting.
///
/// # Errors
/// If PostgreSQL fails; nothing is written in that case.
pub async fn settle_many(connection: &mut Connection, settled: &[Settled]) -> Result<usize, StorageError> {
    connection.transaction(async |tx| settle_in(tx, settled).await).await
}

/// The same in the transaction `tx`.
pub(super) async fn settle_in(tx: &mut Connection, settled: &[Settled]) -> Result<usize, StorageError> {
    // Sorted by key, so that two transactions that insert the same keys do not deadlock.
    let mut ordered: Vec<&Settled> = settled.iter().collect();
    ordered.sort_by_key(|settled| (settled.batch_id, settled.pile_id));
    let mut columns = Columns::default();
    ordered.into_iter().for_each(|settled| columns.push(settled));
    // A separate statement, so that the next one sees what another transaction recorded under a key
    // meanwhile.
    if columns.code.iter().any(Option::is_some) {
        Bulk(Bars(&columns)).execute(tx).await?;
    }
    Ok(Bulk(Outcomes(&columns)).execute(tx).await?)
}

#[derive(Default)]
struct Columns<'a> {
    batch_id: Vec<Uuid>,
    pile_id: Vec<Uuid>,
    key: Vec<String>,
    command_id: Vec<Option<Uuid>>,
    code: Vec<Option<&'a str>>,
    detail: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, settled: &'a Settled) {
        self.batch_id.push(settled.batch_id.0);
        self.pile_id.push(settled.pile_id.0);
        self.key.push(item_key(settled.batch_id, settled.pile_id).text());
        let (command, code, detail) = match &settled.outcome {
            Outcome::Sent(id) => (Some(id.0), None, None),
            Outcome::Refused { code, detail } => (None, Some(code.as_str()), detail.as_deref()),
        };
        self.command_id.push(command);
        self.code.push(code);
        self.detail.push(detail);
    }
}

/// Takes the keys of refused piles, so that no command can be recorded under them any more.
struct Bars<'a>(&'a Columns<'a>);

impl Rows for Bars<'_> {
    type Statement = Bars<'static>;
    const SQL: &'static str = "insert into idempotency_keys (key, request_digest, batch_id)
         select key, 0, batch_id from unnest($1::uuid[], $2::text[], $3::text[]) as settled (batch_id, key, code) where code is not null order by key
         on conflict (key) do nothing";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.0.batch_id)?;
        columns.push::<Text, _>(&self.0.key)?;
        columns.push::<Nullable<Text>, _>(&self.0.code)
    }
}

/// Records the outcomes.
struct Outcomes<'a>(&'a Columns<'a>);

impl Rows for Outcomes<'_> {
    type Statement = Outcomes<'static>;
    const SQL: &'static str = "update command_batch_items as item set
           state = case when command.id is null then 'refused' else 'sent' end,
           command_id = command.id,
           code = case when command.id is null then settled.code end,
           detail = case when command.id is null then settled.detail end,
           settled_at = statement_timestamp()
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[]) as settled (batch_id, pile_id, key, command_id, code, detail)
         left join idempotency_keys as named on named.key = settled.key
         left join commands as command on command.id = coalesce(settled.command_id, named.command_id)
         where item.batch_id = settled.batch_id and item.pile_id = settled.pile_id and item.state = 'waiting'
           and (settled.code is not null or command.id is not null)";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.0.batch_id)?;
        columns.push::<SqlUuid, _>(&self.0.pile_id)?;
        columns.push::<Text, _>(&self.0.key)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.0.command_id)?;
        columns.push::<Nullable<Text>, _>(&self.0.code)?;
        columns.push::<Nullable<Text>, _>(&self.0.detail)
    }
}
