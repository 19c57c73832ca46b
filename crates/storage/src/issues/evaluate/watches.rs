//! The memory of the rules.

use super::context::Places;
use crate::issues::broken;
use crate::issues::key_row::KeyRow;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, GatewayId, IssueId};
use domain::issues::{Cause, Evaluation, IssueKey, IssuePlace, Rule, Seen, Standing, Watch};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Watches by what they watch.
pub(super) type Watches = BTreeMap<IssueKey, Watch>;

#[derive(QueryableByName)]
struct WatchRow {
    #[diesel(embed)]
    key: KeyRow,
    #[diesel(sql_type = Jsonb)]
    state: Value,
}

fn parse(row: WatchRow) -> Result<(IssueKey, Watch), StorageError> {
    Ok((row.key.parse()?, serde_json::from_value(row.state).map_err(broken)?))
}

/// All watches of `devices`.
pub(super) async fn load_of_devices(
    tx: &mut Connection,
    devices: &BTreeSet<&ChargePointId>,
) -> Result<Watches, StorageError> {
    if devices.is_empty() {
        return Ok(Watches::new());
    }
    let devices: Vec<&str> = devices.iter().map(|device| device.as_str()).collect();
    let rows: Vec<WatchRow> = diesel::sql_query(
        "select cause, charge_point_id, connector_id, state from issue_watches where charge_point_id = any($1)",
    )
    .bind::<Array<Text>, _>(devices)
    .load(tx)
    .await?;
    rows.into_iter().map(parse).collect()
}

/// Up to `limit` watches whose time is over at `until`, those that were due first.
pub(super) async fn load_due(
    tx: &mut Connection,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Watches, StorageError> {
    let rows: Vec<WatchRow> = diesel::sql_query(
        "select cause, charge_point_id, connector_id, state from issue_watches
         where due_at <= $1 order by due_at limit $2",
    )
    .bind::<Timestamptz, _>(until)
    .bind::<Int8, _>(limit)
    .load(tx)
    .await?;
    rows.into_iter().map(parse).collect()
}

/// Up to `limit` watches for causes that none of `rules` is about.
pub(super) async fn load_without_rule(
    tx: &mut Connection,
    rules: &[Rule],
    limit: i64,
) -> Result<Watches, StorageError> {
    let causes: Vec<&str> = Rule::causes_without(rules).map(Cause::as_str).collect();
    if causes.is_empty() {
        return Ok(Watches::new());
    }
    // A key begins with the cause and a blank, which '!' follows: ranges of the primary key.
    let rows: Vec<WatchRow> = diesel::sql_query(
        "select watch.cause, watch.charge_point_id, watch.connector_id, watch.state
         from unnest($1::text[]) as turned_off(cause)
         cross join lateral (
           select cause, charge_point_id, connector_id, state from issue_watches
           where key > turned_off.cause || ' ' and key < turned_off.cause || '!' order by key limit $2) as watch
         limit $2",
    )
    .bind::<Array<Text>, _>(causes)
    .bind::<Int8, _>(limit)
    .load(tx)
    .await?;
    rows.into_iter().map(parse).collect()
}

/// The watches of devices that are part of the outage `issue`.
pub(super) async fn load_of_outage(tx: &mut Connection, issue: IssueId) -> Result<Watches, StorageError> {
    let rows: Vec<WatchRow> = diesel::sql_query(
        "select cause, charge_point_id, connector_id, state from issue_watches where outage_id = $1",
    )
    .bind::<SqlUuid, _>(issue.0)
    .load(tx)
    .await?;
    rows.into_iter().map(parse).collect()
}

/// The watches of offline devices of a gateway or a station that are issues of their own.
pub(super) async fn load_own(tx: &mut Connection, place: &IssuePlace) -> Result<Watches, StorageError> {
    let (gateway, station) = match place {
        IssuePlace::Gateway(gateway) => (Some(gateway.as_str()), None),
        IssuePlace::Station(station) => (None, Some(station.0)),
        IssuePlace::ChargePoint(_) | IssuePlace::Connector(..) => return Ok(Watches::new()),
    };
    let rows: Vec<WatchRow> = diesel::sql_query(
        "select cause, charge_point_id, connector_id, state from issue_watches
         where (gateway_id = $1 or station_id = $2) and cause = 'offline' and state -> 'standing' ? 'open'",
    )
    .bind::<Nullable<Text>, _>(gateway)
    .bind::<Nullable<SqlUuid>, _>(station)
    .load(tx)
    .await?;
    rows.into_iter().map(parse).collect()
}

/// Stores the watches that changed in `evaluation`; deletes idle ones.
pub(super) async fn store(
    tx: &mut Connection,
    evaluation: &Evaluation,
    places: &Places,
) -> Result<(), StorageError> {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (key, watch) in evaluation.changed() {
        if watch.is_idle() {
            gone.push(key.to_string());
        } else {
            kept.push(row_of(key, watch, places)?);
        }
    }
    if !gone.is_empty() {
        let delete = diesel::sql_query("delete from issue_watches where key = any($1)");
        delete.bind::<Array<Text>, _>(gone).execute(tx).await?;
    }
    if !kept.is_empty() {
        diesel::sql_query(
            "insert into issue_watches
             select * from jsonb_populate_recordset(null::issue_watches, $1)
             on conflict (key) do update set
               state = excluded.state, due_at = excluded.due_at, gateway_id = excluded.gateway_id,
               station_id = excluded.station_id, outage_id = excluded.outage_id",
        )
        .bind::<Jsonb, _>(Value::Array(kept))
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// The row of a watch, as JSON.
fn row_of(key: &IssueKey, watch: &Watch, places: &Places) -> Result<Value, StorageError> {
    let device = key.place.charge_point().ok_or_else(|| broken("a watch without a device"))?;
    let is_offline = key.cause == Cause::Offline;
    let outage = match watch.standing {
        Standing::PartOf(issue) => Some(issue),
        Standing::None | Standing::Open(_) => None,
    };
    Ok(json!({
        "key": key.to_string(),
        "cause": key.cause.as_str(),
        "charge_point_id": device,
        "connector_id": key.place.connector(),
        "state": watch,
        "due_at": watch.due_at(),
        "gateway_id": gateway(watch).filter(|_| is_offline),
        "station_id": places.get(device).filter(|_| is_offline).map(|place| place.station_id),
        "outage_id": outage,
    }))
}

/// The gateway through which the device was last heard.
pub(super) fn gateway(watch: &Watch) -> Option<&str> {
    match &watch.fact.as_ref()?.seen {
        Seen::Connectivity { gateway_id, .. } => gateway_id.as_ref().map(GatewayId::as_str),
        _ => None,
    }
}
