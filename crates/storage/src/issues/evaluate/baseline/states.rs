//! The states of devices that are offline or have a fault, and of those that are watched for it.

use super::{Range, State};
use crate::issues::broken;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int2, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Bool)]
    online: bool,
    #[diesel(sql_type = Bool)]
    is_heard: bool,
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
    #[diesel(sql_type = Nullable<Timestamptz>)]
    in_time_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    read_at: DateTime<Utc>,
}

/// A status shows the clock of the device if it came after the late ones: then it was written soon after
/// the gateway appended it. When others were written is not known; they were by now.
const STATES: &str = "
    select device.charge_point_id, device.online, device.seen_at is not null as is_heard, device.gateway_id,
           device.last_seen_at, connector.connector_id, connector.status, connector.error_code,
           connector.vendor_error_code, connector.status_at, clock_timestamp() as read_at,
           case when connector.status_appended_at > (clock.state -> 'fact' ->> 'at')::timestamptz
                 and connector.status_at <> connector.status_appended_at
                then connector.status_appended_at end as in_time_at
    from piles
    join charge_points as device using (charge_point_id)
    left join issue_watches as clock on clock.charge_point_id = device.charge_point_id and clock.cause = 'clockSkew'
    left join connectors as connector
      on connector.charge_point_id = device.charge_point_id and connector.status is not null
      and (connector.status = 'Faulted' or connector.error_code is not null or clock.key is not null or exists (
             select from issue_watches as fault
             where fault.charge_point_id = device.charge_point_id and fault.cause = 'fault'
               and fault.connector_id = connector.connector_id))
    where piles.retired_at is null and piles.charge_point_id > $1 and piles.charge_point_id <= $2
      and (not device.online or connector.connector_id is not null or exists (
             select from issue_watches as offline
             where offline.charge_point_id = device.charge_point_id and offline.cause = 'offline'))
    order by device.charge_point_id, connector.connector_id";

/// The states of the devices in `range`.
pub(super) async fn load(tx: &mut Connection, range: Range<'_>) -> Result<Vec<State>, StorageError> {
    let rows: Vec<Row> =
        diesel::sql_query(STATES).bind::<Text, _>(range.after).bind::<Text, _>(range.last).load(tx).await?;
    let mut states = Vec::new();
    for row in rows {
        push(&mut states, row)?;
    }
    Ok(states)
}

fn push(states: &mut Vec<State>, row: Row) -> Result<(), StorageError> {
    let device = ChargePointId::parse(&row.charge_point_id).map_err(broken)?;
    let subject = FeedSubject::ChargePoint(device);
    let is_new = states.last().is_none_or(|state| state.change.subject != subject);
    // A device that was never heard is not offline.
    if is_new && (row.online || row.is_heard) {
        let gateway_id = row.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?;
        let body = ConnectivityChanged { online: row.online, gateway_id, confidence: Confidence::Live };
        let kind = FeedKind::ConnectivityChanged(body);
        let change = FeedChange { subject: subject.clone(), at: row.last_seen_at, kind };
        states.push(State { change, written_at: row.last_seen_at.min(row.read_at) });
    }
    let Some((connector, status)) = row.connector_id.zip(row.status) else { return Ok(()) };
    let body = ConnectorStatusChanged {
        connector_id: ConnectorId::parse(connector.into()).map_err(broken)?,
        status: ConnectorStatus::parse(&status).ok_or_else(|| broken(&status))?,
        previous_status: None,
        error_code: row.error_code,
        vendor_error_code: row.vendor_error_code,
        claimed_at: None,
    };
    let at = row.status_at.unwrap_or(row.last_seen_at);
    let change = FeedChange { subject, at, kind: FeedKind::ConnectorStatusChanged(body) };
    // Without that time it counts as late, which shows nothing of the clock.
    let written_at = row.in_time_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    states.push(State { change, written_at });
    Ok(())
}
