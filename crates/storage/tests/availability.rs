//! The counts in SQL equal those that `domain` derives from the same devices.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::DateTime;
use diesel_async::SimpleAsyncConnection;
use domain::assets::{ConnectorType, OperatorBound};
use domain::ids::{ChargePointId, ConnectorId, PileId, StationId};
use domain::status::{ConnectorStatus, PileStatus};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use storage::assets::availability::{self, Availability, Tally};
use storage::assets::connector_counts;
use storage::assets::pile_counts::{self, PileCounts};
use storage::assets::piles::{self, Filter};
use testkit::TestDatabase;
use uuid::Uuid;

/// The power that each connector reported, in W.
const POWER_W: i32 = 1_500;

/// The state of one device.
#[derive(Debug, Clone)]
struct Device {
    /// `None` if the device was never heard.
    online: Option<bool>,
    /// Connectors with a status, or with meter readings only.
    connectors: BTreeMap<u16, Option<ConnectorStatus>>,
    /// Declared connectors, with their types.
    declared: BTreeMap<u16, ConnectorType>,
}

fn device() -> impl Strategy<Value = Device> {
    let status = prop::option::weighted(0.9, prop::sample::select(ConnectorStatus::ALL.to_vec()));
    let kind = prop::sample::select(ConnectorType::ALL.to_vec());
    let parts = (
        prop::option::weighted(0.9, prop::bool::weighted(0.8)),
        prop::collection::btree_map(0..4_u16, status, 0..4),
        prop::collection::btree_map(1..4_u16, kind, 0..3),
    );
    parts.prop_map(|(online, connectors, declared)| {
        let connectors = if online.is_some() { connectors } else { BTreeMap::new() };
        Device { online, connectors, declared }
    })
}

impl Device {
    fn statuses(&self) -> impl Iterator<Item = (u16, ConnectorStatus)> {
        self.connectors.iter().filter_map(|(id, status)| Some((*id, (*status)?)))
    }

    /// The status of its pile, derived by `domain`.
    fn status(&self) -> PileStatus {
        let statuses = self.statuses().map(|(id, status)| (ConnectorId::parse(id.into()).unwrap(), status));
        self.online.map_or(PileStatus::Unknown, |online| PileStatus::roll_up(online, statuses))
    }

    /// Adds its pile and connectors to the expected counts.
    fn count(&self, station: &mut Availability) {
        *station.piles.entry(self.status()).or_default() += 1;
        let out = [ConnectorStatus::Faulted, ConnectorStatus::Unavailable];
        let whole = self.connectors.get(&0).copied().flatten().filter(|status| out.contains(status));
        let ids = self.declared.keys().chain(self.connectors.keys().filter(|id| **id != 0));
        let ids: std::collections::BTreeSet<_> = ids.copied().collect();
        for id in ids {
            let own = self.connectors.get(&id).copied().flatten();
            let status = match self.online {
                None => PileStatus::Unknown,
                Some(false) => PileStatus::Offline,
                Some(true) => whole.or(own).map_or(PileStatus::Unknown, PileStatus::Reported),
            };
            let tally = station.connectors.entry(self.declared.get(&id).copied()).or_default();
            *tally.entry(status).or_default() += 1;
        }
    }

    fn insert(&self, sql: &mut String, station: Uuid, number: usize) {
        let outlets: Vec<_> = self
            .declared
            .iter()
            .map(|(id, kind)| {
                format!(r#"{{"connectorId": {id}, "type": "{}", "maxPowerKw": null}}"#, kind.as_str())
            })
            .collect();
        writeln!(
            sql,
            "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version, connectors)
             values ('{}', '{station}', 'CP-{number}', 'm', 1, 'DC', '2026-01-01', '2026-01-01', 1, '[{}]');",
            Uuid::now_v7(),
            outlets.join(", ")
        )
        .unwrap();
        let Some(online) = self.online else { return };
        writeln!(
            sql,
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('CP-{number}', {online}, '2026-07-25');"
        )
        .unwrap();
        for (id, status) in &self.connectors {
            let status = status.map_or("null".to_owned(), |status| format!("'{status}'"));
            writeln!(
                sql,
                "insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                                         status_partition, status_offset, status_event, power_w, power_at)
                 values ('CP-{number}', {id}, {status}, '2026-07-25', '2026-07-25', 0, 1, 1, {POWER_W}, '2026-07-25');"
            )
            .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_finds_piles_by_their_derived_status() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut runner = TestRunner::default();
    let devices = prop::collection::vec(device(), 300).new_tree(&mut runner).unwrap().current();
    let stations: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let mut sql = String::new();
    for id in &stations {
        writeln!(
            sql,
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('{id}', 'S', 'Open', '2026-01-01', '2026-01-01', 1);"
        )
        .unwrap();
    }
    let mut expected: BTreeMap<StationId, Availability> = BTreeMap::new();
    for (number, device) in devices.iter().enumerate() {
        // The last station has no piles.
        let station = stations[number % 4];
        device.insert(&mut sql, station, number);
        device.count(expected.entry(StationId(station)).or_default());
    }
    connection.batch_execute(&sql).await.unwrap();

    let ids: Vec<_> = stations.iter().copied().map(StationId).collect();
    let mut counted = availability::load_many(&mut connection, &ids).await.unwrap();
    for station in counted.values_mut() {
        let trust = std::mem::take(&mut station.trust);
        assert_eq!(i64::try_from(trust.len()).unwrap(), station.piles.values().sum::<i64>());
        let unheard = trust.iter().filter(|trust| trust.confidence.is_none()).count();
        let unknown = station.piles.get(&PileStatus::Unknown).copied().unwrap_or_default();
        assert!(
            i64::try_from(unheard).unwrap() <= unknown,
            "a device that was never heard must have the status Unknown"
        );
    }
    assert_eq!(counted.into_iter().collect::<BTreeMap<_, _>>(), expected);
    let mut piles = Tally::new();
    for (status, count) in expected.values().flat_map(|station| &station.piles) {
        *piles.entry(*status).or_default() += count;
    }
    let mut counts =
        pile_counts::count(&mut connection, &OperatorBound::All, DateTime::UNIX_EPOCH).await.unwrap();
    let trust = std::mem::take(&mut counts.trust);
    assert_eq!(trust.iter().map(|(_, count)| count).sum::<i64>(), 300);
    assert_eq!(counts, PileCounts { piles, stations: BTreeMap::from([("Open", 5)]), trust: Vec::new() });
    let mut connectors = Tally::new();
    for (status, count) in expected.values().flat_map(Availability::connectors_of_all_types) {
        *connectors.entry(status).or_default() += count;
    }
    let counted = connector_counts::count(&mut connection, &OperatorBound::All).await.unwrap();
    assert_eq!(counted.connectors, connectors);
    let charging = connectors.get(&PileStatus::Reported(ConnectorStatus::Charging)).copied().unwrap_or(0);
    assert_eq!(counted.charging_power_w, f64::from(POWER_W) * f64::from(i32::try_from(charging).unwrap()));
    let power_w = connector_counts::charging_power_w(&mut connection, &OperatorBound::All).await.unwrap();
    assert_eq!(power_w, counted.charging_power_w);
    assert_eq!(availability::load(&mut connection, ids[4]).await.unwrap(), Availability::default());

    let words = ConnectorStatus::ALL.map(PileStatus::Reported);
    for status in words.into_iter().chain([PileStatus::Unknown, PileStatus::Offline]) {
        let filter = Filter { status: Some(status), ..Filter::default() };
        let found = piles::list(&mut connection, &OperatorBound::All, &filter, None, 1000).await.unwrap();
        let mut found: Vec<_> = found.into_iter().map(|pile| pile.details.charge_point_id).collect();
        found.sort();
        let number = |device: usize| ChargePointId::parse(&format!("CP-{device}")).unwrap();
        let such = devices.iter().enumerate().filter(|(_, device)| device.status() == status);
        let mut such: Vec<_> = such.map(|(device, _)| number(device)).collect();
        such.sort();
        assert_eq!(found, such, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_count_retired_piles() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let device = Device { online: Some(true), connectors: BTreeMap::new(), declared: BTreeMap::new() };
    let station = Uuid::now_v7();
    let mut sql = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{station}', 'S', 'Open', '2026-01-01', '2026-01-01', 1);"
    );
    device.insert(&mut sql, station, 1);
    device.insert(&mut sql, station, 2);
    connection.batch_execute(&sql).await.unwrap();
    connection
        .batch_execute("update piles set retired_at = '2026-07-25' where charge_point_id = 'CP-1'")
        .await
        .unwrap();
    let counted = availability::load(&mut connection, StationId(station)).await.unwrap();
    assert_eq!(counted.piles, BTreeMap::from([(PileStatus::Unknown, 1)]));
    let connectors = connector_counts::count(&mut connection, &OperatorBound::All).await.unwrap();
    assert_eq!(connectors.connectors, Tally::new(), "neither pile has a connector");
    let gone = Filter { retired: true, ..Filter::default() };
    let gone = piles::list(&mut connection, &OperatorBound::All, &gone, None, 10).await.unwrap();
    assert_eq!(gone[0].details.charge_point_id.as_str(), "CP-1");
    assert_eq!(piles::find(&mut connection, &OperatorBound::All, PileId(gone[0].id.0)).await.unwrap(), None);
}
