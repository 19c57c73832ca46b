//! The recovery ladder: which commands were tried at an issue, and which one is next.
//!
//! An attempt is recorded before its command is sent. The id of the command follows from the issue and
//! the number of the attempt, so that it is sent once, whatever is interrupted.

mod case;
mod outlook;

pub use case::{OpenCase, load};
pub use outlook::{outlook, record_pass};

use super::publish::publish;
use super::{broken, find};
use crate::database::current_schema::lock_key;
use crate::schema::{commands, issue_attempts};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int4, Int8, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::commands::CommandState;
use domain::ids::{CommandId, ConnectorId, IssueId, PileId};
use domain::issues::{Cause, Decision, Ladder, RecoveryStep};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// When steps are tried, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryTerms {
    /// When they are tried.
    pub ladder: Ladder,
    /// The most attempts within a minute, at all issues.
    pub steps_per_minute: u32,
}

/// An attempt whose command must be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedStep {
    /// The issue.
    pub issue: IssueId,
    /// The number of the attempt.
    pub number: u32,
    /// The step.
    pub step: RecoveryStep,
    /// The pile of the device.
    pub pile_id: PileId,
    /// The connector of the issue; `None` if it is about the device.
    pub connector: Option<ConnectorId>,
}

/// The result of [`claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The command of this attempt must be sent. It may have been sent by a replica that died.
    Step(ClaimedStep),
    /// As many attempts were made within a minute as are allowed.
    Limited,
    /// Nothing is to be done at the issue now.
    Nothing,
}

/// An attempt and its command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueAttempt {
    /// The number among the attempts at the issue, from 1.
    pub number: u32,
    /// The step.
    pub step: RecoveryStep,
    /// When it was last decided.
    pub at: DateTime<Utc>,
    /// Its command and the state of that; `None` while it is not recorded, and if it was refused.
    pub command: Option<(CommandId, CommandState)>,
    /// The code with which its command was refused; `None` if it was not.
    pub refusal: Option<String>,
}

impl ClaimedStep {
    /// The id of the command.
    #[must_use]
    pub fn command_id(&self) -> CommandId {
        CommandId::of_recovery(self.issue, self.number)
    }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Up to `limit` open issues at devices with a cause that commands may end, in the order of their ids;
/// only those after the issue `after`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_open(
    connection: &mut Connection,
    after: IssueId,
    limit: i64,
) -> Result<Vec<IssueId>, StorageError> {
    let is_helped = |cause: &Cause| RecoveryStep::ALL.into_iter().any(|step| step.helps_against(*cause));
    let causes: Vec<&str> = Cause::ALL.into_iter().filter(is_helped).map(Cause::as_str).collect();
    let rows: Vec<IdRow> = diesel::sql_query(
        "select id from issues
         where closed_at is null and charge_point_id is not null and cause = any($1) and id > $2
         order by id limit $3",
    )
    .bind::<Array<Text>, _>(causes)
    .bind::<SqlUuid, _>(after.0)
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| IssueId(row.id)).collect())
}

/// Whether the open issues are those of the present: all changes of the feed that are older than `lag`
/// are evaluated, and all partitions of `ingest_topic` were read to their end within that time.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_current(
    connection: &mut Connection,
    ingest_topic: &str,
    lag: Duration,
) -> Result<bool, StorageError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_current: bool,
    }
    let row: Row = diesel::sql_query(
        "select coalesce(evaluator.evaluated_at > bound.at
                         and not exists (select from feed_chunks
                                         where position > evaluator.position and created_at < bound.at)
                         and not exists (select from feed_chunks where position is null and created_at < bound.at)
                         and ingest.caught_up_at > bound.at, false) as is_current
         from (select clock_timestamp() - make_interval(secs => $2) as at) bound
         left join issue_progress evaluator on evaluator.name = 'evaluator'
         cross join (select min(caught_up_at) as caught_up_at from ingest_partitions where topic = $1) ingest",
    )
    .bind::<Text, _>(ingest_topic)
    .bind::<Float8, _>(lag.as_secs_f64())
    .get_result(connection)
    .await?;
    Ok(row.is_current)
}

/// Decides the next step at the issue `id` and records it as an attempt, in one transaction. An attempt
/// whose command is not recorded is returned again after the pause of the ladder. One transaction at a time does so, and the
/// issue does not close or change meanwhile.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn claim(
    connection: &mut Connection,
    id: IssueId,
    terms: &RecoveryTerms,
) -> Result<Claim, StorageError> {
    connection
        .transaction(async |tx| {
            let lock = concat!("select pg_advisory_xact_lock(", lock_key!("charging recovery"), ")");
            diesel::sql_query(lock).execute(tx).await?;
            let open = "select id from issues where id = $1 and closed_at is null for update";
            let open: Option<IdRow> =
                diesel::sql_query(open).bind::<SqlUuid, _>(id.0).get_result(tx).await.optional()?;
            if open.is_none() {
                return Ok(Claim::Nothing);
            }
            let Some(OpenCase { pile_id, case, now, .. }) = load(tx, &[id]).await?.pop() else {
                return Ok(Claim::Nothing);
            };
            let Decision::Try(step, number) = terms.ladder.decide(&case, now) else {
                return Ok(Claim::Nothing);
            };
            if count_in_minute(tx).await? >= i64::from(terms.steps_per_minute) {
                return Ok(Claim::Limited);
            }
            let claimed =
                ClaimedStep { issue: id, number, step, pile_id, connector: case.key.place.connector() };
            match case.attempts.last() {
                Some(last) if last.number == number => repeat(tx, &claimed).await?,
                _ => insert(tx, &claimed).await?,
            }
            Ok(Claim::Step(claimed))
        })
        .await
}

async fn count_in_minute(tx: &mut Connection) -> Result<i64, StorageError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Int8)]
        count: i64,
    }
    let counted = "select count(*) from issue_attempts where at > clock_timestamp() - interval '1 minute'";
    let row: Row = diesel::sql_query(counted).get_result(tx).await?;
    Ok(row.count)
}

/// Records an attempt at a locked issue, appends it to the history, and publishes the issue. Last in its
/// transaction.
async fn insert(tx: &mut Connection, claimed: &ClaimedStep) -> Result<(), StorageError> {
    diesel::sql_query(
        "with changed as (
           update issues set version = version + 1, changed_at = statement_timestamp()
           where id = $1
           returning id, version, changed_at, charge_point_id),
         attempted as (
           insert into issue_attempts (issue_id, number, step, command_id, charge_point_id, at)
           select id, $2, $3, $4, charge_point_id, changed_at from changed)
         insert into issue_events (issue_id, number, at, kind, detail)
         select id, version, changed_at, 'attempted', jsonb_build_object('step', $3, 'number', $2) from changed",
    )
    .bind::<SqlUuid, _>(claimed.issue.0)
    .bind::<Int4, _>(i32::try_from(claimed.number).map_err(broken)?)
    .bind::<Text, _>(claimed.step.as_str())
    .bind::<SqlUuid, _>(claimed.command_id().0)
    .execute(tx)
    .await?;
    let issue = find(tx, &OperatorBound::All, claimed.issue).await?;
    publish(tx, issue.as_slice(), &BTreeSet::new()).await
}

/// Records that an attempt is made again.
async fn repeat(tx: &mut Connection, claimed: &ClaimedStep) -> Result<(), StorageError> {
    diesel::sql_query("update issue_attempts set at = statement_timestamp() where command_id = $1")
        .bind::<SqlUuid, _>(claimed.command_id().0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Records that the command of an attempt was refused with `code`, unless another replica has recorded
/// the command.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn refuse(
    connection: &mut Connection,
    claimed: &ClaimedStep,
    code: &str,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "update issue_attempts set refusal = $2
         where command_id = $1 and refusal is null
           and not exists (select from commands where commands.id = issue_attempts.command_id)",
    )
    .bind::<SqlUuid, _>(claimed.command_id().0)
    .bind::<Text, _>(code)
    .execute(connection)
    .await?;
    Ok(())
}

/// The last attempts at the issue `id`, at most [`MAX_LISTED`](super::MAX_LISTED), the earliest first.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_attempts(
    connection: &mut Connection,
    id: IssueId,
) -> Result<Vec<IssueAttempt>, StorageError> {
    type Columns = (i32, String, DateTime<Utc>, Option<String>, Option<Uuid>, Option<String>);
    let rows: Vec<Columns> = issue_attempts::table
        .left_join(commands::table.on(commands::id.eq(issue_attempts::command_id)))
        .filter(issue_attempts::issue_id.eq(id.0))
        .order(issue_attempts::number.desc())
        .limit(super::MAX_LISTED)
        .select((
            issue_attempts::number,
            issue_attempts::step,
            issue_attempts::at,
            issue_attempts::refusal,
            commands::id.nullable(),
            commands::state.nullable(),
        ))
        .load(connection)
        .await?;
    let attempt = |(number, step, at, refusal, command, state): Columns| {
        let state = state.as_deref().map(parse_state).transpose()?;
        Ok(IssueAttempt {
            number: u32::try_from(number).map_err(broken)?,
            step: parse_step(&step)?,
            at,
            command: command.map(CommandId).zip(state),
            refusal,
        })
    };
    rows.into_iter().rev().map(attempt).collect()
}

fn parse_step(step: &str) -> Result<RecoveryStep, StorageError> {
    RecoveryStep::parse(step).ok_or_else(|| broken(format!("step {step:?}")))
}

fn parse_state(state: &str) -> Result<CommandState, StorageError> {
    let known = CommandState::ALL.into_iter().find(|known| known.as_str() == state);
    known.ok_or_else(|| broken(format!("state {state:?} of a command")))
}
