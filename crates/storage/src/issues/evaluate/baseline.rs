//! The states of devices whose last change is not in the feed any more: what is wrong, and what shows
//! that it is not.
//!
//! They are read once, in the order of devices, a batch with each pass that has read the whole feed.
//! What they show counts after the changes that were written before, see
//! [`Evaluation::apply_state`](domain::issues::Evaluation::apply_state).

mod ends;
mod states;

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::feed::FeedChange;
use domain::ids::ChargePointId;
use domain::issues::{Rule, Signal, WrittenChange};

/// A batch of states.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    /// The states, as the changes that led to them.
    pub states: Vec<State>,
    /// The ends of watched conditions that other rows show.
    pub ends: Vec<Signal>,
    /// A time after all changes that the states rest on, by PostgreSQL's clock; `None` without a batch.
    pub read_at: Option<DateTime<Utc>>,
    /// The last device of the batch; `None` if there are no further devices.
    pub after: Option<String>,
}

/// A state of a device.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// The change that led to it.
    pub change: FeedChange,
    /// When that was written at the latest, by PostgreSQL's clock.
    pub written_at: DateTime<Utc>,
}

impl State {
    /// As the rules judge it.
    pub(super) const fn written(&self) -> WrittenChange<'_> {
        WrittenChange { change: &self.change, written_at: self.written_at, is_punctual: false }
    }
}

impl Baseline {
    /// The devices that it is about.
    pub(super) fn devices(&self) -> impl Iterator<Item = &ChargePointId> {
        let of_states = self.states.iter().filter_map(|state| state.change.charge_point());
        of_states.chain(self.ends.iter().filter_map(|end| end.key.place.charge_point()))
    }
}

/// Devices in the order of their ids.
#[derive(Debug, Clone, Copy)]
struct Range<'a> {
    /// The one before the first.
    after: &'a str,
    last: &'a str,
}

#[derive(QueryableByName)]
struct Batch {
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    #[diesel(sql_type = Int8)]
    devices: i64,
}

#[derive(QueryableByName)]
struct Clock {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// The states of up to `limit` devices after the device `after`: those of piles, and those that are
/// watched.
pub(super) async fn load(
    tx: &mut Connection,
    rules: &[Rule],
    after: &str,
    limit: i64,
) -> Result<Baseline, StorageError> {
    let batch: Batch = diesel::sql_query(
        "select max(charge_point_id) as last, count(*) as devices
         from (select charge_point_id
               from ((select charge_point_id from piles
                      where retired_at is null and charge_point_id > $1 order by charge_point_id limit $2)
                     union
                     (select distinct charge_point_id from issue_watches
                      where charge_point_id > $1 order by charge_point_id limit $2)) as known
               order by charge_point_id limit $2) as batch",
    )
    .bind::<Text, _>(after)
    .bind::<Int8, _>(limit)
    .get_result(tx)
    .await?;
    let Some(last) = batch.last else { return Ok(Baseline::default()) };
    let range = Range { after, last: &last };
    let states = states::load(tx, range).await?;
    let ends = ends::load(tx, rules, range).await?;
    let clock: Clock = diesel::sql_query("select clock_timestamp() as now").get_result(tx).await?;
    Ok(Baseline { states, ends, read_at: Some(clock.now), after: (batch.devices == limit).then_some(last) })
}
