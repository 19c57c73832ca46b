//! Commands of callers count as probes of their devices.

use crate::fixture::{Fixture, HOUR, NOW, ask, device, dueness, gateway, runtime_now};
use chrono::TimeDelta;
use domain::commands::{Command, CommandKind, TriggeredMessage};
use domain::devices::presence::Confidence;
use domain::event::{BootReport, EventKind, StatusReport};
use domain::ids::{CommandId, ConnectorId, PileId};
use domain::status::ConnectorStatus;
use serde_json::json;
use storage::Connection;
use storage::commands::{self, NewCommand};
use storage::devices::presence::{due, gateways};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_in_flight_replaces_a_probe_until_expiry_or_doubt() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    let command = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{0}', 'North', 'Open', now(), now(), 1);
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
         values ('{0}', '{0}', '{1}', 'DC-120', 120, now(), now(), 1);
         insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at,
                               life, open, degraded)
         values ('{0}', '{0}', '{1}', 'reset', '{{}}', 'published', 'pod-1', 0, now(), now() + interval '60 s', '{{}}', true, false)",
        Uuid::nil(),
        device(1),
    );
    fixture.database.execute(&command).await;
    fixture.age(61).await;
    fixture.caught_up(&mut connection).await;
    let quiet = [gateway("pod-1")];
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    assert_eq!(due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap(), []);
    fixture.database.execute("update gateways set suspected_at = clock_timestamp()").await;
    assert_eq!(due::list_suspected(&mut connection, HOUR, 10).await.unwrap().len(), 1);
    fixture.database.execute("update gateways set suspected_at = null").await;
    fixture.database.execute("update commands set expires_at = now() - interval '1 s'").await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap().len(), 1);
    assert_eq!(due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn distinguishes_charging_devices_and_skips_commanded_ones() {
    let (mut fixture, mut connection) = Fixture::new().await;
    let charging = EventKind::StatusChanged(StatusReport {
        connector_id: ConnectorId::parse(1).unwrap(),
        status: ConnectorStatus::Charging,
        error_code: None,
        info: None,
        vendor_error_code: None,
    });
    fixture.write_event(&mut connection, &device(1), charging, runtime_now(), TimeDelta::zero()).await;
    fixture.heartbeat(&mut connection, &device(2)).await;
    fixture.age(100).await;
    fixture.caught_up(&mut connection).await;
    command(&fixture, &mut connection, TriggeredMessage::Heartbeat).await;
    let due = due::list_silent(&mut connection, &dueness(), 10).await.unwrap();
    assert_eq!(
        due.iter().map(|due| (&due.charge_point_id, due.is_busy)).collect::<Vec<_>>(),
        [(&device(1), true)]
    );
}

/// A caller's command to device 2 to send `requested`.
async fn command(fixture: &Fixture, connection: &mut Connection, requested: TriggeredMessage) {
    let (station, pile) = (Uuid::from_u128(1), Uuid::from_u128(2));
    fixture.database.execute(&format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{station}', 'North', 'Open', now(), now(), 1) on conflict do nothing;
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at, updated_at, version)
         values ('{pile}', '{station}', 'CP-2', 'DC-120', 120, 'DC', now(), now(), 1) on conflict do nothing"
    )).await;
    let kind = CommandKind::TriggerMessage { requested, connector_id: None };
    let new = NewCommand {
        goal: kind.goal(None),
        command: Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: device(2),
            gateway_id: gateway("pod-1"),
            kind,
            issued_at: runtime_now(),
            expires_at: runtime_now() + TimeDelta::seconds(60),
            trace_id: None,
        },
        pile_id: PileId(pile),
        route: domain::commands::RouteSource::Key,
        partition: 7,
        payload: json!({ "requestedMessage": format!("{requested:?}") }),
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        issued_by: None,
        keyed: None,
        limits: None,
    };
    assert_eq!(commands::insert_many(connection, &[new]).await.unwrap(), commands::Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_a_requested_boot_as_an_answer() {
    let (mut fixture, mut connection) = Fixture::new().await;
    let boot = || EventKind::Connected(BootReport::default());
    fixture.heartbeat(&mut connection, &device(2)).await;
    command(&fixture, &mut connection, TriggeredMessage::BootNotification).await;
    let answers = "select json_agg(memory -> 'boot_answer' ->> 'asked_at' is not null order by charge_point_id) from charge_points";
    assert_eq!(fixture.database.json(answers).await, json!([false]));
    fixture.write_event(&mut connection, &device(2), boot(), runtime_now(), TimeDelta::zero()).await;
    assert_eq!(fixture.database.json(answers).await, json!([true]));
    fixture.heartbeat(&mut connection, &device(3)).await;
    ask(&mut connection, &device(3)).await;
    fixture.write_event(&mut connection, &device(3), boot(), runtime_now(), TimeDelta::zero()).await;
    assert_eq!(fixture.database.json(answers).await, json!([true, true]));
}
