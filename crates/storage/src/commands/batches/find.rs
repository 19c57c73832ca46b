//! Batches, read for whoever asks how far they are.

use super::{CommandBatch, Row, impossible};
use crate::schema::{command_batch_items as items, command_batches, commands};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::commands::{CommandLife, CommandState, Failure};
use domain::ids::{ChargePointId, CommandBatchId, CommandId, PileId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A pile of a batch, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem {
    /// The pile.
    pub pile_id: PileId,
    /// Its device, when it was commanded or when the batch was asked for.
    pub charge_point_id: ChargePointId,
    /// Where it stands.
    pub state: ItemState,
    /// Its command, once it is sent.
    pub command_id: Option<CommandId>,
    /// Why it was refused, as a code and for people.
    pub refusal: Option<(String, Option<String>)>,
    /// Why its command failed, if it did.
    pub failure: Option<Failure>,
}

/// Where a pile of a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemState {
    /// Its turn has not come yet.
    Waiting,
    /// There is no command to it, and there will be none.
    Refused,
    /// There is a command, which stands so.
    Sent(CommandState),
}

impl ItemState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Refused,
        Self::Sent(CommandState::Accepted),
        Self::Sent(CommandState::Published),
        Self::Sent(CommandState::Unknown),
        Self::Sent(CommandState::Confirmed),
        Self::Sent(CommandState::Rejected),
        Self::Sent(CommandState::Failed),
        Self::Sent(CommandState::Expired),
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Sent(state) => state.as_str(),
        }
    }

    /// The state called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The batch called `id`.
///
/// # Errors
/// When Postgres fails or the row cannot be.
pub async fn find(
    connection: &mut Connection,
    id: CommandBatchId,
) -> Result<Option<CommandBatch>, StorageError> {
    let row =
        command_batches::table.find(id.0).select(Row::as_select()).first(connection).await.optional()?;
    row.map(CommandBatch::try_from).transpose()
}

/// How many piles of the batch called `id` stand where; states in which none is are left out.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn count_items(
    connection: &mut Connection,
    id: CommandBatchId,
) -> Result<BTreeMap<ItemState, i64>, StorageError> {
    let counted: Vec<Counted> = diesel::sql_query(
        "select coalesce(command.state, item.state) as state, count(*) as count
         from command_batch_items as item left join commands as command on command.id = item.command_id
         where item.batch_id = $1 group by 1",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    counted.into_iter().map(|counted| Ok((parse(&counted.state)?, counted.count))).collect()
}

/// Piles of the batch called `id`, those with the greatest ids first: at most `limit`, of those in `state` if one is named, and
/// with an id less than `before`.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn list_items(
    connection: &mut Connection,
    id: CommandBatchId,
    state: Option<ItemState>,
    before: Option<PileId>,
    limit: i64,
) -> Result<Vec<BatchItem>, StorageError> {
    let mut query = items::table
        .left_join(commands::table.on(items::command_id.eq(commands::id.nullable())))
        .filter(items::batch_id.eq(id.0))
        .select(ItemRow::as_select())
        .order(items::pile_id.desc())
        .limit(limit)
        .into_boxed();
    query = match state {
        Some(ItemState::Sent(state)) => query.filter(commands::state.eq(state.as_str())),
        Some(state) => query.filter(items::state.eq(state.as_str())),
        None => query,
    };
    if let Some(before) = before {
        query = query.filter(items::pile_id.lt(before.0));
    }
    query.load(connection).await?.into_iter().map(ItemRow::into_item).collect()
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Int8)]
    count: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = items, check_for_backend(diesel::pg::Pg))]
struct ItemRow {
    pile_id: Uuid,
    charge_point_id: String,
    state: String,
    command_id: Option<Uuid>,
    code: Option<String>,
    detail: Option<String>,
    #[diesel(embed)]
    command: Option<CommandPart>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = commands, check_for_backend(diesel::pg::Pg))]
struct CommandPart {
    charge_point_id: String,
    state: String,
    life: serde_json::Value,
}

impl ItemRow {
    fn into_item(self) -> Result<BatchItem, StorageError> {
        let device = self.command.as_ref().map_or(&self.charge_point_id, |command| &command.charge_point_id);
        let charge_point_id = ChargePointId::parse(device).map_err(impossible)?;
        let (of_command, life) = self.command.map(|command| (command.state, command.life)).unzip();
        let life: Option<CommandLife> = life.map(serde_json::from_value).transpose().map_err(impossible)?;
        Ok(BatchItem {
            pile_id: PileId(self.pile_id),
            charge_point_id,
            // With its command, if there is one.
            state: parse(of_command.as_ref().unwrap_or(&self.state))?,
            command_id: self.command_id.map(CommandId),
            refusal: self.code.map(|code| (code, self.detail)),
            failure: life.and_then(|life| life.failure()),
        })
    }
}

fn parse(word: &str) -> Result<ItemState, StorageError> {
    ItemState::parse(word).ok_or_else(|| impossible(format!("state {word:?}")))
}
