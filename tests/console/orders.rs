//! The orders of the player: actions of devices, and invalid records.

use domain::event::{EventKind, GatewayEvent, TransactionStart};
use domain::ids::{ChargePointId, ConnectorId, EventId, IdTag};
use domain::status::ConnectorStatus;
use gateway_simulator::settings::LoadSettings;
use gateway_simulator::{DeviceSpec, Load};
use runtime::Shutdown;
use runtime::kafka::NewRecord;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{Ingestor, Platform, steady};
use testkit::unique;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// What orders can act on.
pub struct World {
    pub platform: Platform,
    pub ingestor: Mutex<Option<Ingestor>>,
    pub load: Mutex<Option<JoinHandle<()>>>,
}

/// Starts an ingestor that writes receipts soon after the end of a session, and for which a device is
/// an issue soon after it went offline.
pub fn ingest(platform: &Platform) -> Ingestor {
    platform.ingest_with(&[
        ("feed.enabled", "false"),
        ("receipts.grace_s", "1"),
        ("issues.offline_after_s", "3"),
    ])
}

/// Carries out an order; returns when the gateway has sent the events.
///
/// # Panics
/// When the order is unknown, or cannot be carried out.
pub async fn carry_out(world: &World, order: Value) {
    let platform = &world.platform;
    let text = |name: &str| order.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| order.get(name).and_then(Value::as_u64).unwrap_or(1);
    let device = || ChargePointId::parse(text("device")).unwrap();
    match text("do") {
        "connect" => {
            let connectors = u16::try_from(number("connectors")).unwrap();
            let spec = DeviceSpec::new(device()).with_connectors(connectors);
            platform.simulator.connect(spec).await.unwrap();
        }
        "disconnect" => {
            platform.simulator.disconnect(&device()).await.unwrap();
        }
        "status" => {
            let connector = ConnectorId::parse(i64::try_from(number("connector")).unwrap()).unwrap();
            let status = ConnectorStatus::parse(text("status")).unwrap();
            platform.simulator.set_status(&device(), connector, status, None).await.unwrap();
        }
        "begin-unnamed" => begin_unnamed(platform, device()).await,
        "attempts" => write_attempts(platform, text("issue"), text("command")).await,
        "outage" => open_outage(platform, text("issue"), text("gateway"), number("devices")).await,
        "outage-over" => close_outage(platform, text("issue")).await,
        "ledger" => write_ledger(platform, text("pile"), text("until")).await,
        "garbage" => {
            let record = NewRecord {
                key: Some(text("key").as_bytes().to_vec()),
                value: Some(text("value").as_bytes().to_vec()),
                headers: BTreeMap::new(),
                timestamp: runtime::clock::now(),
            };
            let topic = &platform.simulator_settings.topics.events;
            platform.kafka.writer(topic).publish(0, vec![record], Duration::from_secs(120)).await.unwrap();
        }
        "ingest" => {
            let mut ingestor = world.ingestor.lock().await;
            let running = ingestor.take();
            if order.get("on").and_then(Value::as_bool) == Some(true) {
                *ingestor = Some(running.unwrap_or_else(|| ingest(platform)));
            } else if let Some(running) = running {
                running.stop().await;
            }
        }
        "load" => {
            let [rate, devices] = ["rate", "devices"].map(|name| u32::try_from(number(name)).unwrap());
            let settings = LoadSettings {
                id_prefix: text("prefix").to_owned(),
                ..steady(rate, number("seconds"), devices)
            };
            *world.load.lock().await = Some(begin(platform, settings).await);
        }
        "load-over" => {
            if let Some(load) = world.load.lock().await.take() {
                load.await.unwrap();
            }
        }
        unknown => panic!("unknown order {unknown:?}"),
    }
}

/// Writes the 30 days of a pile before `until` to the reliability ledger: connector 1 was faulted for an hour
/// of each, connector 2 up. They are of a device that the platform does not know, so none is computed again.
async fn write_ledger(platform: &Platform, pile: &str, until: &str) {
    let rows = format!(
        "insert into reliability_days (charge_point_id, connector_id, began_at, day, pile_id, station_id, operator_id, up_s,
                                       faulted_s, unavailable_s, offline_s, unknown_s, maintenance_s, grid_s, vandalism_s,
                                       third_party_s, failures, repairs, repair_s, starts_accepted, starts_charging)
         select 'LEDGER-' || piles.id, connector, day::timestamp at time zone 'Asia/Shanghai', day, piles.id, station_id, operator_id,
                86400 - down, down, 0, 0, 0, 0, 0, 0, 0, down / 3600, down / 3600, down, 4, 3
         from piles join stations on stations.id = piles.station_id, generate_series(1, 2) as connector,
              generate_series(1, 30) as ago,
              lateral (select date '{until}' - ago as day, case connector when 1 then 3600 else 0 end as down) as one
         where piles.id = '{pile}'"
    );
    platform.database.execute(&rows).await;
}

/// Writes two steps of the recovery ladder at an issue, as command-dispatcher does: the first was refused,
/// the second is the command. The ladder has no pauses for the next hour.
async fn write_attempts(platform: &Platform, issue: &str, command: &str) {
    let rows = format!(
        "insert into issue_attempts (issue_id, number, step, command_id, charge_point_id, at, refusal)
         select id, 1, 'trigger', gen_random_uuid(), charge_point_id, now(), 'CONNECTOR_NOT_AVAILABLE'
         from issues where id = '{issue}'
         union all
         select id, 2, 'softReset', '{command}', charge_point_id, now(), null from issues where id = '{issue}';
         insert into issue_recovery (name, passed_at, is_suspended, pause_s, last_step, device_steps_per_day)
         values ('ladder', now() + interval '1 hour', false, 0, 'outOfService', 10) on conflict do nothing"
    );
    platform.database.execute(&rows).await;
}

/// Opens an outage of a gateway with this many devices, of which each sixth is online again: the gateway of
/// the simulated devices has too many for one.
async fn open_outage(platform: &Platform, issue: &str, gateway: &str, devices: u64) {
    let rows = format!(
        "insert into issues (id, key, cause, severity, gateway_id, opened_at, fact, changed_at)
         values ('{issue}', 'offline gateway {gateway}', 'offline', 'critical', '{gateway}', now(),
                 jsonb_build_object('kind', 'outage', 'at', now(), 'offline', {devices}, 'devices', {devices}), now());
         insert into issue_events (issue_id, number, at, kind, detail)
         select id, 1, opened_at, 'opened', fact from issues where id = '{issue}';
         insert into issue_devices (issue_id, charge_point_id, joined_at, left_at)
         select '{issue}', 'OUTAGE-' || lpad(number::text, 4, '0'), now(), case when number % 6 = 0 then now() end
         from generate_series(1, {devices}) as number"
    );
    platform.database.execute(&rows).await;
}

/// Closes such an outage.
async fn close_outage(platform: &Platform, issue: &str) {
    let rows = format!(
        "update issues set closed_at = now(), proof = jsonb_build_object('kind', 'recovered', 'at', now(), 'offline', 0)
         where id = '{issue}'"
    );
    platform.database.execute(&rows).await;
}

/// Announces many devices, and lets them send events at a constant rate from then on; every event
/// must be published.
async fn begin(platform: &Platform, settings: LoadSettings) -> JoinHandle<()> {
    let mut load = Load::new(&settings, &platform.simulator_settings, &platform.kafka).await.unwrap();
    load.announce().await.unwrap();
    tokio::spawn(async move {
        let (rate, duration) = (settings.events_per_second, Duration::from_secs(settings.duration_s));
        load.produce(rate, duration, &Shutdown::new(Duration::from_secs(1))).await.unwrap();
        assert_eq!(load.failed(), 0);
    })
}

/// Reports that a transaction began on connector 1, without its id, and nothing after that.
async fn begin_unnamed(platform: &Platform, device: ChargePointId) {
    let start = TransactionStart {
        connector_id: ConnectorId::parse(1).unwrap(),
        transaction_id: None,
        id_tag: IdTag::parse("DRIVER-0").ok(),
        meter_start_wh: Some(1_000.0),
        reservation_id: None,
    };
    let event = GatewayEvent {
        event_id: EventId::parse(&unique("event")).unwrap(),
        gateway_id: platform.simulator.pod_of(&device).await,
        charge_point_id: device,
        claimed_at: Some(runtime::clock::now()),
        trace_id: None,
        kind: EventKind::TransactionStarted(start),
    };
    platform.simulator.send(event).await.unwrap();
}
