//! What the ladder will do about an issue: the replica that carries it out records its terms with each
//! pass, so that others can show the same decision.

use super::{OpenCase, RecoveryTerms, load, parse_step};
use crate::issues::broken;
use crate::{Connection, StorageError};
use chrono::TimeDelta;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int8, Text};
use diesel_async::RunQueryDsl;
use domain::ids::IssueId;
use domain::issues::{Ladder, RecoveryOutlook, RecoveryState};

/// Records that a pass over the open issues begins, by these terms; `is_suspended`: without a step,
/// because issues are evaluated late.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_pass(
    connection: &mut Connection,
    terms: &RecoveryTerms,
    is_suspended: bool,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "insert into issue_recovery (name, passed_at, is_suspended, pause_s, last_step, device_steps_per_day)
         values ('ladder', clock_timestamp(), $1, $2, $3, $4)
         on conflict (name) do update
         set passed_at = excluded.passed_at, is_suspended = excluded.is_suspended, pause_s = excluded.pause_s,
             last_step = excluded.last_step, device_steps_per_day = excluded.device_steps_per_day",
    )
    .bind::<Bool, _>(is_suspended)
    .bind::<Int8, _>(terms.ladder.pause.num_seconds())
    .bind::<Text, _>(terms.ladder.last.as_str())
    .bind::<Int8, _>(i64::from(terms.ladder.device_steps_per_day))
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct PassRow {
    #[diesel(sql_type = Bool)]
    is_suspended: bool,
    #[diesel(sql_type = Int8)]
    pause_s: i64,
    #[diesel(sql_type = Text)]
    last_step: String,
    #[diesel(sql_type = Int8)]
    device_steps_per_day: i64,
}

/// What the ladder will do about the issue `id`, as the last pass would decide now; `None` unless the
/// issue is open, at a device of a pile.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn outlook(
    connection: &mut Connection,
    id: IssueId,
) -> Result<Option<RecoveryOutlook>, StorageError> {
    let Some(OpenCase { case, now, .. }) = load(connection, &[id]).await?.pop() else { return Ok(None) };
    let pass: Option<PassRow> = diesel::sql_query(
        "select is_suspended, pause_s, last_step, device_steps_per_day from issue_recovery
         where name = 'ladder' and passed_at > clock_timestamp() - interval '1 minute'",
    )
    .get_result(connection)
    .await
    .optional()?;
    Ok(Some(match pass {
        None => RecoveryOutlook::without_step(RecoveryState::Off),
        Some(pass) if pass.is_suspended => RecoveryOutlook::without_step(RecoveryState::Suspended),
        Some(pass) => pass.ladder()?.outlook(&case, now),
    }))
}

impl PassRow {
    fn ladder(&self) -> Result<Ladder, StorageError> {
        Ok(Ladder {
            pause: TimeDelta::try_seconds(self.pause_s).ok_or_else(|| broken("pause_s"))?,
            last: parse_step(&self.last_step)?,
            device_steps_per_day: u32::try_from(self.device_steps_per_day).map_err(broken)?,
        })
    }
}
