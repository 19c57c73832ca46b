//! The live state of the devices of piles, for readers: many devices in one round trip.

mod find_many;

pub use find_many::{PileQuery, find_many_with_live};

use super::row::Row;
use crate::database::operators;
use crate::devices::charge_points::confidence;
use crate::devices::connectors::ConnectorRow;
use crate::schema::{charge_points, connectors, piles, sessions};
use crate::sessions::{SessionRow, fill_registers};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Pile};
use domain::devices::connector::Connector;
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, ConnectorId, GatewayId};
use domain::sessions::session::ChargingSession;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// The last known state of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveView {
    /// Whether the device is connected to a gateway, according to the last event.
    pub online: bool,
    /// How far `online` can be trusted.
    pub confidence: Confidence,
    /// When the platform last heard from the device: by the platform's own clock if known, never
    /// before `last_seen_at`.
    pub heard_at: DateTime<Utc>,
    /// When the device's newest record was appended.
    pub last_seen_at: DateTime<Utc>,
    /// When the newest record of a boot or a heartbeat was appended; `None` if there was none.
    pub last_heartbeat_at: Option<DateTime<Utc>>,
    /// The gateway of the device's last event; `None` if unknown.
    pub gateway_id: Option<GatewayId>,
    /// Firmware version from the last `BootNotification`; `None` if unknown.
    pub firmware_version: Option<String>,
    /// The partition of the device's last event; `None` if unknown.
    pub partition: Option<i32>,
    /// The reported connectors; 0, the device as a whole, is one of them.
    pub connectors: BTreeMap<ConnectorId, LiveConnector>,
}

/// The last known state of a connector.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveConnector {
    /// Status and meter readings.
    pub state: Connector,
    /// The open session on the connector.
    pub session: Option<ChargingSession>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = charge_points, check_for_backend(Pg))]
struct ChargePointRow {
    charge_point_id: String,
    online: bool,
    last_seen_at: DateTime<Utc>,
    last_heartbeat_at: Option<DateTime<Utc>>,
    gateway_id: Option<String>,
    firmware_version: Option<String>,
    seen_partition: Option<i32>,
    written_at: Option<DateTime<Utc>>,
    confidence: Option<String>,
}

/// The live state of the devices with these ids. Devices that were never heard are absent, and so
/// are open sessions outside `bound`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn load_live(
    connection: &mut Connection,
    bound: &OperatorBound,
    ids: &[&ChargePointId],
) -> Result<HashMap<ChargePointId, LiveView>, StorageError> {
    let names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    // Polled together on a shared connection, the statements are sent without waiting for each
    // other's answers.
    let shared = &*connection;
    let (heard, connectors, sessions) = tokio::try_join!(
        charge_points::table
            .filter(charge_points::charge_point_id.eq_any(&names))
            .select(ChargePointRow::as_select())
            .load(&mut &*shared),
        connectors::table
            .filter(connectors::charge_point_id.eq_any(&names))
            .select(ConnectorRow::as_select())
            .load(&mut &*shared),
        sessions::table
            .filter(sessions::charge_point_id.eq_any(&names))
            .filter(sessions::ended_at.is_null())
            .filter(of_current_pile())
            .filter(operators::sessions(bound))
            .order((sessions::started_at.asc(), sessions::id.asc()))
            .select(SessionRow::as_select())
            .load(&mut &*shared),
    )?;
    assemble_by_device(connection, heard, connectors, sessions).await
}

/// The live state of the device with id `id` as in [`load_live`]; `None` if it was never heard.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find_live(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: &ChargePointId,
) -> Result<Option<LiveView>, StorageError> {
    Ok(load_live(connection, bound, &[id]).await?.remove(id))
}

/// The pile of `query`, and the live state of its device, if it was ever heard. One round trip, and another one
/// if an open session has no start register from an event.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find_with_live(
    connection: &mut Connection,
    query: &PileQuery,
) -> Result<Option<(Pile, Option<LiveView>)>, StorageError> {
    let PileQuery { id, bound, .. } = query;
    let pile = || piles::table.filter(piles::id.eq(id.0)).filter(operators::piles(bound));
    // The statements run at once, so each of them looks up the device by the same key.
    let device = || pile().select(piles::charge_point_id.nullable()).single_value();
    let shared = &*connection;
    let (found, connectors, sessions) = tokio::try_join!(
        pile()
            .left_join(charge_points::table.on(charge_points::charge_point_id.eq(piles::charge_point_id)))
            .select((Row::as_select(), Option::<ChargePointRow>::as_select()))
            .load::<(Row, Option<ChargePointRow>)>(&mut &*shared),
        connectors::table
            .filter(connectors::charge_point_id.nullable().eq(device()))
            .select(ConnectorRow::as_select())
            .load(&mut &*shared),
        sessions::table
            .filter(sessions::charge_point_id.nullable().eq(device()))
            .filter(sessions::ended_at.is_null())
            .filter(sessions::pile_id.is_null().or(sessions::pile_id.eq(id.0)))
            .filter(operators::sessions(bound))
            .order((sessions::started_at.asc(), sessions::id.asc()))
            .select(SessionRow::as_select())
            .load(&mut &*shared),
    )?;
    let Some((row, heard)) = found.into_iter().next() else { return Ok(None) };
    let pile = Pile::try_from(row)?;
    if !query.selects(&pile) {
        return Ok(None);
    }
    let mut live = assemble_by_device(connection, heard.into_iter().collect(), connectors, sessions).await?;
    let live = live.remove(&pile.details.charge_point_id);
    Ok(Some((pile, live)))
}

/// The session did not begin in another pile that its device was in.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_current_pile() -> _ {
    let current = piles::table
        .filter(piles::charge_point_id.eq(sessions::charge_point_id))
        .filter(piles::retired_at.is_null())
        .filter(piles::id.nullable().eq(sessions::pile_id));
    sessions::pile_id.is_null().or(exists(current))
}

async fn assemble_by_device(
    connection: &mut Connection,
    heard: Vec<ChargePointRow>,
    connectors: Vec<ConnectorRow>,
    sessions: Vec<SessionRow>,
) -> Result<HashMap<ChargePointId, LiveView>, StorageError> {
    let views: Result<HashMap<_, _>, _> = heard.into_iter().map(ChargePointRow::into_view).collect();
    let mut states = Vec::with_capacity(connectors.len());
    for row in connectors {
        let (device, state) = row.into_state()?;
        states.extend(ChargePointId::parse(&device).ok().map(|device| (device, state)));
    }
    let sessions: Result<Vec<_>, _> = sessions.into_iter().map(ChargingSession::try_from).collect();
    let sessions = sessions?.into_iter().map(|session| (session.charge_point_id.clone(), session)).collect();
    assemble(connection, views?, states, sessions).await
}

/// Adds connectors and open sessions to the devices with the same keys. Those without a device are
/// left out.
async fn assemble<K: Eq + Hash>(
    connection: &mut Connection,
    mut views: HashMap<K, LiveView>,
    connectors: Vec<(K, Connector)>,
    sessions: Vec<(K, ChargingSession)>,
) -> Result<HashMap<K, LiveView>, StorageError> {
    for (key, state) in connectors {
        if let Some(view) = views.get_mut(&key) {
            view.connectors.insert(state.id, LiveConnector { state, session: None });
        }
    }
    let (keys, mut sessions): (Vec<_>, Vec<_>) = sessions.into_iter().unzip();
    fill_registers(connection, &mut sessions).await?;
    for (key, session) in keys.into_iter().zip(sessions) {
        if let Some(view) = views.get_mut(&key) {
            // Of several sessions without an end, the newest applies, which comes last.
            let connector = view.connector(session.connector_id);
            connector.session = Some(session);
        }
    }
    Ok(views)
}

impl LiveView {
    fn connector(&mut self, id: ConnectorId) -> &mut LiveConnector {
        self.connectors
            .entry(id)
            .or_insert_with(|| LiveConnector { state: Connector::new(id), session: None })
    }
}

impl ChargePointRow {
    fn into_view(self) -> Result<(ChargePointId, LiveView), StorageError> {
        let broken = |what| StorageError::inconsistent("charge_points", what);
        let id = ChargePointId::parse(&self.charge_point_id).map_err(broken)?;
        let view = LiveView {
            online: self.online,
            confidence: confidence(self.confidence.as_deref())?,
            heard_at: self.last_seen_at.max(self.written_at.unwrap_or(self.last_seen_at)),
            last_seen_at: self.last_seen_at,
            last_heartbeat_at: self.last_heartbeat_at,
            gateway_id: self.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?,
            firmware_version: self.firmware_version,
            partition: self.seen_partition,
            connectors: BTreeMap::new(),
        };
        Ok((id, view))
    }
}
