//! Open issues with what was tried, and the state of their places.

use super::{parse_state, parse_step};
use crate::issues::broken;
use crate::issues::key_row::KeyRow;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Int2, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ConnectorId, IssueId, PileId};
use domain::issues::{Attempt, AttemptState, Circumstances, RecoveryCase};
use domain::status::ConnectorStatus;
use serde::Deserialize;
use uuid::Uuid;

/// An open issue at a device of a pile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// The issue.
    pub issue: IssueId,
    /// The pile of the device.
    pub pile_id: PileId,
    /// What the ladder knows of it.
    pub case: RecoveryCase,
    /// When it was read, by PostgreSQL's clock.
    pub now: DateTime<Utc>,
}

/// `commands.charge_point_id` has the database's collation.
const CASES: &str = "
    select issue.id, issue.cause, issue.charge_point_id, issue.connector_id, issue.opened_at, issue.muted_until,
           issue.assignee is not null as is_assigned, pile.id as pile_id,
           coalesce(device.online, false) as is_online, work.ends_at as maintenance_until,
           used.connectors as in_use, tried.attempts, device_steps.last_of_others, device_steps.in_day, clock.now
    from issues issue
    cross join (select clock_timestamp() as now) clock
    join piles pile on pile.charge_point_id = issue.charge_point_id collate \"C\" and pile.retired_at is null
    left join charge_points device on device.charge_point_id = issue.charge_point_id collate \"C\"
    cross join lateral (
        select max(ends_at) as ends_at from maintenance_windows
        where maintenance_windows.station_id = pile.station_id and (pile_id is null or pile_id = pile.id)
          and begins_at <= clock.now and ends_at > clock.now
    ) work
    cross join lateral (
        select coalesce(array_agg(distinct connector_id), '{}') as connectors
        from (
            select connector_id from sessions
            where charge_point_id = issue.charge_point_id collate \"C\" and ended_at is null
              and sessions.id::text is distinct from issue.fact ->> 'sessionId'
            union all
            select connector_id from connectors
            where charge_point_id = issue.charge_point_id collate \"C\" and status = any($2)
            union all
            select coalesce(connector_id, 0::smallint) from commands
            where charge_point_id = issue.charge_point_id collate \"default\" and open
              and name = 'RemoteStartTransaction' and expires_at > clock.now
        ) charges
    ) used
    cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object(
                   'number', attempt.number, 'step', attempt.step, 'at', coalesce(command.issued_at, attempt.at),
                   'state', command.state, 'isRefused', attempt.refusal is not null) order by attempt.number), '[]') as attempts
        from issue_attempts attempt left join commands command on command.id = attempt.command_id
        where attempt.issue_id = issue.id
    ) tried
    cross join lateral (
        select max(coalesce(command.issued_at, attempt.at)) filter (where attempt.issue_id <> issue.id) as last_of_others,
               count(*) filter (where command.state <> 'failed') as in_day
        from issue_attempts attempt left join commands command on command.id = attempt.command_id
        where attempt.charge_point_id = issue.charge_point_id collate \"C\"
          and attempt.at > clock.now - interval '1 day'
    ) device_steps
    where issue.id = any($1) and issue.closed_at is null and issue.charge_point_id is not null
    order by issue.id";

#[derive(QueryableByName)]
struct CaseRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(embed)]
    key: KeyRow,
    #[diesel(sql_type = Timestamptz)]
    opened_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    muted_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    is_assigned: bool,
    #[diesel(sql_type = SqlUuid)]
    pile_id: Uuid,
    #[diesel(sql_type = Bool)]
    is_online: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    maintenance_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Array<Int2>)]
    in_use: Vec<i16>,
    #[diesel(sql_type = Jsonb)]
    attempts: serde_json::Value,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_of_others: Option<DateTime<Utc>>,
    #[diesel(sql_type = Int8)]
    in_day: i64,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttemptRow {
    number: u32,
    step: String,
    at: DateTime<Utc>,
    state: Option<String>,
    is_refused: bool,
}

/// Those of the issues `ids` that are open, at a device of a pile, in the order of their ids.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn load(connection: &mut Connection, ids: &[IssueId]) -> Result<Vec<OpenCase>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let charges = ConnectorStatus::ALL.into_iter().filter(|status| status.is_charge());
    let charges: Vec<&str> = charges.map(ConnectorStatus::as_str).collect();
    let rows: Vec<CaseRow> = diesel::sql_query(CASES)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(charges)
        .load(connection)
        .await?;
    rows.into_iter().map(OpenCase::try_from).collect()
}

impl TryFrom<CaseRow> for OpenCase {
    type Error = StorageError;

    fn try_from(row: CaseRow) -> Result<Self, StorageError> {
        let connector = |number: i64| ConnectorId::parse(number).map_err(broken);
        let attempts: Vec<AttemptRow> = serde_json::from_value(row.attempts).map_err(broken)?;
        let in_use = row.in_use.into_iter().map(|number| connector(number.into()));
        let case = RecoveryCase {
            key: row.key.parse()?,
            opened_at: row.opened_at,
            attempts: attempts.into_iter().map(Attempt::try_from).collect::<Result<_, _>>()?,
            circumstances: Circumstances {
                muted_until: row.muted_until,
                maintenance_until: row.maintenance_until,
                is_assigned: row.is_assigned,
                is_online: row.is_online,
                in_use: in_use.collect::<Result<_, _>>()?,
                last_step_of_others: row.last_of_others,
                steps_in_day: u32::try_from(row.in_day).map_err(broken)?,
            },
        };
        Ok(Self { issue: IssueId(row.id), pile_id: PileId(row.pile_id), case, now: row.now })
    }
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StorageError;

    fn try_from(row: AttemptRow) -> Result<Self, StorageError> {
        let state = match row.state.as_deref() {
            Some(state) => AttemptState::Command(parse_state(state)?),
            None if row.is_refused => AttemptState::Refused,
            None => AttemptState::Pending,
        };
        Ok(Self { number: row.number, step: parse_step(&row.step)?, at: row.at, state })
    }
}
