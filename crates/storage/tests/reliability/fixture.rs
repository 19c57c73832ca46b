//! A pile whose device was faulted for two hours on the first of three days.

use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{PileId, StationId};
use domain::reliability::Window;
use domain::tariffs::Zone;
use serde_json::Value;
use storage::PooledConnection;
use storage::devices::status_changes::DAYS;
use storage::reliability::roll_up::{Computed, compute};
use testkit::TestDatabase;
use uuid::Uuid;

pub const STATION: StationId = StationId(Uuid::from_u128(1));
pub const PILE: PileId = PileId(Uuid::from_u128(2));

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn of(operator: &str) -> OperatorBound {
    OperatorBound::Only([operator.to_owned()].into())
}

/// The days from 1 June 2026 in Shanghai that have ended on `day`.
pub fn window(day: u32) -> Window {
    Window {
        zone: Zone::parse("Asia/Shanghai").unwrap(),
        kept_since: at("2026-05-31T16:00:00Z"),
        until: at(&format!("2026-06-{day:02}T16:00:00Z")),
    }
}

/// The station of operator `a` with the pile of `CP-1`, which was registered after it was heard.
const SITE: &str = "
    insert into stations (id, name, operator_id, status, created_at, updated_at, version)
    values ('00000000-0000-0000-0000-000000000001', 'North', 'a', 'Open', '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', 1);
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'CP-1', 'DC-120', 120,
            '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', 1);
    insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, '2026-06-01T00:00:00Z');
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    values ('CP-1', 1, 'Available', '2026-06-01T00:00:00Z', '2026-06-01T00:00:00Z', 0, 0, 1);";

/// A database with the pile and its history.
pub struct Ledger {
    pub database: TestDatabase,
    pub connection: PooledConnection,
}

impl Ledger {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let mut connection = database.pool.connection().await.unwrap();
        for day in ["2026-05-31", "2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"] {
            DAYS.ensure(&mut connection, day.parse().unwrap()).await.unwrap();
        }
        database.execute(SITE).await;
        let ledger = Self { database, connection };
        ledger.connectivity("2026-05-31T16:00:00Z", true).await;
        ledger.status("2026-05-31T16:00:00Z", 1, None, "Available").await;
        ledger.status("2026-06-01T10:00:00Z", 1, Some("Available"), "Faulted").await;
        ledger.status("2026-06-01T12:00:00Z", 1, Some("Faulted"), "Available").await;
        ledger
    }

    /// Records that the status changed at this time, and at once.
    pub async fn status(&self, at: &str, connector: u16, previous: Option<&str>, status: &str) {
        self.late_status((at, at), connector, previous, status).await;
    }

    /// Records a status some time after it changed.
    pub async fn late_status(
        &self,
        (at, noted_at): (&str, &str),
        connector: u16,
        previous: Option<&str>,
        status: &str,
    ) {
        let previous = previous.map_or_else(|| "null".to_owned(), |previous| format!("'{previous}'"));
        self.database
            .execute(&format!(
                "insert into status_changes (charge_point_id, noted_at, place, at, connector_id, status, previous_status)
                 values ('CP-1', '{noted_at}', {connector}, '{at}', {connector}, '{status}', {previous})"
            ))
            .await;
    }

    pub async fn connectivity(&self, at: &str, online: bool) {
        self.database
            .execute(&format!(
                "insert into status_changes (charge_point_id, noted_at, place, at, online)
                 values ('CP-1', '{at}', 9, '{at}', {online})"
            ))
            .await;
    }

    /// Computes all that is due in one transaction.
    pub async fn compute(&mut self, window: &Window) -> Computed {
        compute(&mut self.connection, window, None, 100).await.unwrap()
    }

    /// The columns of all days of `CP-1`, by connector and day.
    pub async fn days(&self, columns: &str) -> Value {
        self.database
            .json(&format!(
                "select coalesce(jsonb_agg(jsonb_build_array({columns}) order by connector_id, began_at), '[]')
                 from reliability_days where charge_point_id = 'CP-1'"
            ))
            .await
    }
}
