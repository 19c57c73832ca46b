//! The ends of watched conditions that sessions, receipts and piles show.

use super::Range;
use crate::issues::key_row::KeyRow;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Float8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::feed::{AssetAction, SessionPhase};
use domain::ids::SessionId;
use domain::issues::{Cause, Fact, Rule, Seen, Signal, Verdict};
use uuid::Uuid;

/// The ends of what is watched at the devices in `range`.
pub(super) async fn load(
    tx: &mut Connection,
    rules: &[Rule],
    range: Range<'_>,
) -> Result<Vec<Signal>, StorageError> {
    let mut ends = load_sessions(tx, range).await?;
    ends.extend(load_receipts(tx, rules, range).await?);
    ends.extend(load_removed(tx, range).await?);
    Ok(ends)
}

/// A watch whose condition has ended.
#[derive(QueryableByName)]
struct Ended {
    #[diesel(embed)]
    watch: KeyRow,
    /// When it ended; now if that is not known.
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

impl Ended {
    fn signal(&self, seen: Seen) -> Result<Signal, StorageError> {
        let key = self.watch.parse()?;
        Ok(Signal { key, verdict: Verdict::Absent, about: None, fact: Fact { at: self.at, seen } })
    }
}

#[derive(QueryableByName)]
struct SessionEnd {
    #[diesel(embed)]
    ended: Ended,
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
    #[diesel(sql_type = Text)]
    phase: String,
}

/// A session that is watched has ended or was withdrawn; or one began after an accepted start.
async fn load_sessions(tx: &mut Connection, range: Range<'_>) -> Result<Vec<Signal>, StorageError> {
    let rows: Vec<SessionEnd> = diesel::sql_query(
        "select watch.cause, watch.charge_point_id, watch.connector_id, about.id as session_id,
                case when session.id is null then 'withdrawn' else 'ended' end as phase,
                coalesce(session.ended_at, clock_timestamp()) as at
         from issue_watches as watch
         cross join lateral (select (watch.state ->> 'about')::uuid as id) as about
         left join sessions as session on session.id = about.id
         where watch.cause in ('stuckSession', 'sessionWithoutEnergy', 'priceGap') and about.id is not null
           and watch.charge_point_id > $1 and watch.charge_point_id <= $2
           and (session.id is null or (watch.cause = 'stuckSession' and session.ended_at is not null)
                or (watch.cause = 'sessionWithoutEnergy' and session.ended_at < watch.due_at))
         union all
         select watch.cause, watch.charge_point_id, watch.connector_id, began.id, 'open', began.started_at
         from issue_watches as watch
         cross join lateral (
           select id, started_at from sessions
           where charge_point_id = watch.charge_point_id
             and started_at > (watch.state -> 'fact' ->> 'at')::timestamptz
           order by started_at desc limit 1) as began
         where watch.cause = 'startWithoutCharge' and watch.charge_point_id > $1 and watch.charge_point_id <= $2",
    )
    .bind::<Text, _>(range.after)
    .bind::<Text, _>(range.last)
    .load(tx)
    .await?;
    let signal = |row: SessionEnd| {
        let phase = match row.phase.as_str() {
            "open" => SessionPhase::Open,
            "ended" => SessionPhase::Ended,
            _ => SessionPhase::Withdrawn,
        };
        row.ended.signal(Seen::Session { session_id: SessionId(row.session_id), phase })
    };
    rows.into_iter().map(signal).collect()
}

#[derive(QueryableByName)]
struct ReceiptEnd {
    #[diesel(embed)]
    ended: Ended,
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
    #[diesel(sql_type = Nullable<Float8>)]
    energy_wh: Option<f64>,
    #[diesel(sql_type = Bool)]
    is_priced: bool,
}

/// The latest receipt at the connector, of its last 20 sessions, that was written after the last sign.
const RECEIPTS: &str = "
    select watch.cause, watch.charge_point_id, watch.connector_id, latest.session_id, latest.issued_at as at,
           (latest.content ->> 'energyWh')::float8 as energy_wh, latest.content ->> 'price' is not null as is_priced
    from issue_watches as watch
    cross join lateral (
      select receipt.session_id, receipt.issued_at, receipt.content
      from (select id, started_at from sessions
            where charge_point_id = watch.charge_point_id and connector_id = watch.connector_id
            order by started_at desc limit 20) as session
      join session_receipts as receipt on receipt.session_id = session.id
      where receipt.issued_at > (watch.state -> 'fact' ->> 'at')::timestamptz
      order by session.started_at desc, receipt.number desc limit 1) as latest
    where watch.cause in ('sessionWithoutEnergy', 'priceGap') and watch.charge_point_id > $1 and watch.charge_point_id <= $2";

/// A later receipt has energy, or a price.
async fn load_receipts(
    tx: &mut Connection,
    rules: &[Rule],
    range: Range<'_>,
) -> Result<Vec<Signal>, StorageError> {
    let rows: Vec<ReceiptEnd> =
        diesel::sql_query(RECEIPTS).bind::<Text, _>(range.after).bind::<Text, _>(range.last).load(tx).await?;
    let is_enough = |energy_wh: f64| rules.iter().any(|rule| rule.has_enough_energy(energy_wh));
    let mut ends = Vec::new();
    for row in rows {
        let session_id = SessionId(row.session_id);
        let is_price = row.ended.watch.cause == Cause::PriceGap.as_str();
        match row.energy_wh {
            _ if is_price && row.is_priced => {
                ends.push(row.ended.signal(Seen::Price { session_id, unpriced: None })?);
            }
            Some(energy_wh) if !is_price && is_enough(energy_wh) => {
                ends.push(row.ended.signal(Seen::Energy { session_id, energy_wh })?);
            }
            _ => {}
        }
    }
    Ok(ends)
}

#[derive(QueryableByName)]
struct RemovedEnd {
    #[diesel(embed)]
    ended: Ended,
    #[diesel(sql_type = Bool)]
    is_retired: bool,
}

/// The device is in no pile any more.
async fn load_removed(tx: &mut Connection, range: Range<'_>) -> Result<Vec<Signal>, StorageError> {
    let rows: Vec<RemovedEnd> = diesel::sql_query(
        "select watch.cause, watch.charge_point_id, watch.connector_id,
                coalesce(last.placed_until, clock_timestamp()) as at, former.retired_at is not null as is_retired
         from issue_watches as watch
         left join lateral (
           select pile_id, placed_until from placements
           where charge_point_id = watch.charge_point_id order by placed_from desc limit 1) as last on true
         left join piles as former on former.id = last.pile_id
         where watch.charge_point_id > $1 and watch.charge_point_id <= $2
           and not exists (
             select from piles where charge_point_id = watch.charge_point_id and retired_at is null)",
    )
    .bind::<Text, _>(range.after)
    .bind::<Text, _>(range.last)
    .load(tx)
    .await?;
    let signal = |row: RemovedEnd| {
        let action = if row.is_retired { AssetAction::Retired } else { AssetAction::Updated };
        row.ended.signal(Seen::Removed { action })
    };
    rows.into_iter().map(signal).collect()
}
