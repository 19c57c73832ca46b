//! The states of devices whose last change is not in the feed any more.
//!
//! They are read once, in the order of devices, a batch with each pass that has read the whole feed.
//! What they show counts after the changes that were written before, see
//! [`Evaluation::begin_with`](domain::issues::Evaluation::begin_with).

use crate::issues::broken;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int2, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;

/// A batch of states.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    /// What is wrong, as the changes that led to it.
    pub states: Vec<FeedChange>,
    /// A time after all changes that the states rest on, by PostgreSQL's clock; `None` without states.
    pub read_at: Option<DateTime<Utc>>,
    /// The last device of the batch; `None` if there are no further devices.
    pub after: Option<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Bool)]
    is_offline: bool,
    #[diesel(sql_type = Nullable<Text>)]
    gateway_id: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    error_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    vendor_error_code: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    status_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    read_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Batch {
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    #[diesel(sql_type = Int8)]
    devices: i64,
}

/// The states of up to `limit` devices of piles after the device `after`.
pub(super) async fn load(tx: &mut Connection, after: &str, limit: i64) -> Result<Baseline, StorageError> {
    let batch: Batch = diesel::sql_query(
        "select max(charge_point_id) as last, count(*) as devices
         from (select charge_point_id from piles
               where retired_at is null and charge_point_id > $1 order by charge_point_id limit $2) as batch",
    )
    .bind::<Text, _>(after)
    .bind::<Int8, _>(limit)
    .get_result(tx)
    .await?;
    let Some(last) = batch.last else { return Ok(Baseline::default()) };
    // A device that was never heard is not offline.
    let rows: Vec<Row> = diesel::sql_query(
        "select device.charge_point_id, not device.online and device.seen_at is not null as is_offline,
                device.gateway_id, device.last_seen_at, fault.connector_id, fault.status, fault.error_code,
                fault.vendor_error_code, fault.status_at, clock_timestamp() as read_at
         from piles
         join charge_points as device using (charge_point_id)
         left join connectors as fault
           on fault.charge_point_id = device.charge_point_id and fault.status is not null
           and (fault.status = 'Faulted' or fault.error_code is not null)
         where piles.retired_at is null and piles.charge_point_id > $1 and piles.charge_point_id <= $2
           and (not device.online or fault.connector_id is not null)
         order by device.charge_point_id, fault.connector_id",
    )
    .bind::<Text, _>(after)
    .bind::<Text, _>(last.as_str())
    .load(tx)
    .await?;
    let read_at = rows.iter().map(|row| row.read_at).max();
    let mut states = Vec::new();
    for row in rows {
        push(&mut states, row)?;
    }
    Ok(Baseline { states, read_at, after: (batch.devices == limit).then_some(last) })
}

fn push(states: &mut Vec<FeedChange>, row: Row) -> Result<(), StorageError> {
    let device = ChargePointId::parse(&row.charge_point_id).map_err(broken)?;
    let subject = FeedSubject::ChargePoint(device);
    let is_new = states.last().is_none_or(|state| state.subject != subject);
    if row.is_offline && is_new {
        let gateway_id = row.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?;
        let body = ConnectivityChanged { online: false, gateway_id, confidence: Confidence::Live };
        let kind = FeedKind::ConnectivityChanged(body);
        states.push(FeedChange { subject: subject.clone(), at: row.last_seen_at, kind });
    }
    let Some((connector, status)) = row.connector_id.zip(row.status) else { return Ok(()) };
    let body = ConnectorStatusChanged {
        connector_id: ConnectorId::parse(connector.into()).map_err(broken)?,
        status: ConnectorStatus::parse(&status).ok_or_else(|| broken(&status))?,
        previous_status: None,
        error_code: row.error_code,
        vendor_error_code: row.vendor_error_code,
    };
    let at = row.status_at.unwrap_or(row.last_seen_at);
    states.push(FeedChange { subject, at, kind: FeedKind::ConnectorStatusChanged(body) });
    Ok(())
}
