//! Meter samples: one row for each connector and instant, in the partition of its day.

use crate::fixture::Fixture;
use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use serde_json::json;
use testkit::eventually;

/// A meter value event with one reading for each instant and energy.
fn meter_values(id: &str, readings: &[(DateTime<Utc>, u32)]) -> String {
    let readings = readings.iter().map(|(at, wh)| {
        json!({ "timestamp": at, "sampledValue": [
            { "value": wh, "measurand": "Energy.Active.Import.Register" },
            { "value": "230.5", "measurand": "Voltage" }] })
    });
    json!({
        "eventId": id, "eventType": "transaction.meter_values", "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now(),
        "payload": { "connectorId": 1, "transactionId": 7, "meterValues": readings.collect::<Vec<_>>() }
    })
    .to_string()
}

fn hours_ago(hours: i64) -> DateTime<Utc> {
    runtime::clock::now() - TimeDelta::hours(hours)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_reading_is_one_row_of_its_day() {
    let fixture = Fixture::new(2).await;
    let readings = [(hours_ago(50), 100), (hours_ago(26), 200), (hours_ago(0), 300)];
    let log = [meter_values("1", &readings), meter_values("2", &readings[1..])];
    let replica = fixture.start();
    for partition in [0, 1] {
        let last = fixture.publish(partition, &log).await;
        fixture.written(partition, last).await;
    }
    assert_snapshot!(
        fixture.rows("select charge_point_id as id, connector_id as c, energy_wh, power_w, voltage_v from meter_samples order by taken_at").await,
        @r#"[{"c":1,"energy_wh":100,"id":"CP-1","power_w":null,"voltage_v":230.5},{"c":1,"energy_wh":200,"id":"CP-1","power_w":null,"voltage_v":230.5},{"c":1,"energy_wh":300,"id":"CP-1","power_w":null,"voltage_v":230.5}]"#
    );
    let days = fixture.rows("select count(distinct tableoid) as days from meter_samples").await;
    assert_snapshot!(days, @r#"[{"days":3}]"#);
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_of_days_that_are_not_kept_are_not_stored() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start_with(&[("ingest.sample_retention_days", "2")]);
    let readings = [(hours_ago(100), 100), (hours_ago(0), 300)];
    let last = fixture.publish(0, &[meter_values("1", &readings)]).await;
    fixture.written(0, last).await;
    assert_snapshot!(fixture.rows("select energy_wh from meter_samples").await, @r#"[{"energy_wh":300}]"#);
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_day_partitions_ahead_and_drops_old_ones() {
    let fixture = Fixture::new(1).await;
    let tables = [storage::devices::meter_samples::DAYS, storage::devices::status_changes::DAYS];
    let days_ago = |days| (runtime::clock::now() - TimeDelta::days(days)).date_naive();
    let mut connection = fixture.database.pool.connection().await.unwrap();
    for days in [30, 10] {
        for table in tables {
            table.ensure(&mut connection, days_ago(days)).await.unwrap();
        }
    }
    let retention = [("ingest.sample_retention_days", "7"), ("ingest.status_retention_days", "20")];
    let replica = fixture.start_with(&retention);
    for (table, kept) in tables.into_iter().zip([&[][..], &[days_ago(10)]]) {
        eventually("the old days to be dropped", || async {
            let mut connection = fixture.database.pool.connection().await.unwrap();
            let days = table.list(&mut connection).await.unwrap();
            days.contains(&days_ago(-1)) && !days.contains(&days_ago(30)) && {
                let old: Vec<_> = days.into_iter().filter(|day| *day < days_ago(9)).collect();
                old == kept
            }
        })
        .await;
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recreates_a_day_partition_that_is_lost_while_batches_are_written() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start();
    let first = fixture.publish(0, &[meter_values("1", &[(hours_ago(0), 100)])]).await;
    fixture.written(0, first).await;
    for table in [storage::devices::meter_samples::DAYS, storage::devices::status_changes::DAYS] {
        let days = table.list(&mut fixture.database.pool.connection().await.unwrap()).await.unwrap();
        for day in days {
            fixture.database.execute(&format!("drop table {}_{}", table.table(), day.format("%Y%m%d"))).await;
        }
    }
    let online = json!({
        "eventId": "2", "eventType": "charge_point.connected", "chargePointId": "CP-2", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now(), "payload": {}
    });
    let last = fixture.publish(0, &[meter_values("3", &[(hours_ago(0), 200)]), online.to_string()]).await;
    fixture.written(0, last).await;
    assert_snapshot!(fixture.rows("select energy_wh from meter_samples").await, @r#"[{"energy_wh":200}]"#);
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}
