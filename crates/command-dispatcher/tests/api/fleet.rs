//! Piles and the recorded state of their devices.

use crate::app::TestApp;
use std::fmt::Write as _;
use std::time::Duration;
use uuid::Uuid;

/// The recorded state of a device.
#[derive(Clone, Copy, Default)]
pub struct Device<'a> {
    /// Whether the device is online; `None` when it was never heard.
    pub online: Option<bool>,
    /// Connectors and their statuses.
    pub connectors: &'a [(i16, &'a str)],
    /// Open sessions: connector and transaction.
    pub sessions: &'a [(i16, Option<&'a str>)],
    /// The gateway that holds the device by its key in Redis.
    pub gateway: Option<&'a str>,
}

impl<'a> Device<'a> {
    /// Online, held by a gateway, with these connectors.
    pub const fn online(connectors: &'a [(i16, &'a str)]) -> Self {
        Self { online: Some(true), connectors, sessions: &[], gateway: Some("gateway-pod-xyz") }
    }

    /// Online, held by a gateway, charging.
    pub const fn charging(sessions: &'a [(i16, Option<&'a str>)]) -> Self {
        Self { sessions, ..Self::online(&[(1, "Charging"), (2, "Charging")]) }
    }
}

/// A pile in the database.
pub struct Pile {
    pub id: Uuid,
    pub charge_point_id: String,
}

impl TestApp {
    /// Creates a pile with such a device, in a station of its own.
    pub async fn pile(&self, device: Device<'_>) -> Pile {
        let station = self.station().await;
        self.pile_in(station, device).await
    }

    /// Creates a station.
    pub async fn station(&self) -> Uuid {
        let id = Uuid::now_v7();
        let sql = format!(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('{id}', 'Site', 'Open', now(), now(), 1)"
        );
        self.database.execute(&sql).await;
        id
    }

    /// Creates a pile with such a device in `station`.
    pub async fn pile_in(&self, station: Uuid, device: Device<'_>) -> Pile {
        let pile = Pile { id: Uuid::now_v7(), charge_point_id: testkit::unique("CP") };
        self.database.execute(&statements(station, &pile, device)).await;
        if let Some(gateway) = device.gateway {
            self.set_route_key(gateway, &pile.charge_point_id).await;
        }
        pile
    }

    /// The id of the session on a connector of the pile.
    pub async fn session_id(&self, pile: &Pile, connector: i16) -> String {
        let sql = format!(
            "select id from sessions where charge_point_id = '{}' and connector_id = {connector}",
            pile.charge_point_id
        );
        self.database.json(&sql).await.as_str().unwrap().to_owned()
    }

    /// Has `gateway` write its key in Redis for the device (or pile) with id `name`.
    pub async fn set_route_key(&self, gateway: &str, name: &str) {
        let key = format!("conn:{name}");
        self.redis.set_with_ttl(&key, gateway, Duration::from_secs(300)).await.unwrap();
    }
}

fn statements(station: Uuid, Pile { id, charge_point_id }: &Pile, device: Device<'_>) -> String {
    let mut sql = format!(
        "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                            updated_at, version)
         values ('{id}', '{station}', '{charge_point_id}', 'DC-120', 120, 'DC', now(), now(), 1);"
    );
    if let Some(online) = device.online {
        write!(
            sql,
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('{charge_point_id}', {online}, now());"
        )
        .unwrap();
    }
    for (connector, status) in device.connectors {
        write!(
            sql,
            "insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                                     status_partition, status_offset, status_event)
             values ('{charge_point_id}', {connector}, '{status}', now(), now(), 0, 0, 1);"
        )
        .unwrap();
    }
    for (connector, transaction) in device.sessions {
        let session = Uuid::now_v7();
        let transaction = transaction.map_or("null".to_owned(), |id| format!("'{id}'"));
        write!(
            sql,
            "insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at)
             values ('{session}', '{charge_point_id}', {connector}, {transaction}, now());"
        )
        .unwrap();
    }
    sql
}
