//! The platform's main story with the deployed gateway: no start, no heartbeat, no answer, no
//! disconnection.

use crate::story::{code, delivered, is};
use domain::event::{EventKind, GatewayEvent, TransactionStop};
use domain::ids::{ChargePointId, ConnectorId, EventId, TransactionId};
use domain::status::ConnectorStatus;
use gateway_simulator::{DeviceSpec, Manner, Reconnect, SimulatorSettings};
use serde_json::{Value, json};
use system_tests::{Answer, Platform};
use testkit::{eventually, eventually_some, unique};
use uuid::Uuid;

fn deployed(settings: &mut SimulatorSettings) {
    settings.behaviour.manner = Manner::Deployed;
    settings.gateway.pods = 2;
}

fn connector() -> ConnectorId {
    ConnectorId::parse(1).unwrap()
}

fn start() -> Value {
    json!({ "idTag": "RFID123", "connectorId": 1 })
}

/// Registers a pile with only the fields that the requirements name, and connects its device to the
/// first pod. Returns the pile's path and the device.
async fn available_pile(platform: &Platform) -> (String, ChargePointId) {
    let device = ChargePointId::parse(&unique("CP")).unwrap();
    let station = platform.post_asset("/api/v1/stations", &json!({ "name": "站" })).await.body;
    let piles = format!("/api/v1/stations/{}/piles", station["id"].as_str().unwrap());
    let pile = json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120 });
    let created = platform.post_asset(&piles, &pile).await;
    assert_eq!((created.status, &created.body["currentType"]), (201, &Value::Null), "{}", created.body);
    let path = format!("/api/v1/piles/{}", created.body["id"].as_str().unwrap());
    let spec = DeviceSpec::new(device.clone()).with_connectors(1).on_pod(0);
    platform.simulator.connect(spec).await.unwrap();
    platform.pile("the pile to be available", &path, is("Available")).await;
    (path, device)
}

/// The pile's sessions, the newest first.
async fn sessions(platform: &Platform, pile: &str) -> Vec<Value> {
    let page = platform.asset(&format!("{pile}/sessions")).await.body;
    page["items"].as_array().unwrap().clone()
}

/// Waits until the pile has `number` sessions and the newest is as `wanted`; returns it.
async fn newest_session(
    platform: &Platform,
    pile: &str,
    number: usize,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    eventually_some("the session", || async {
        let sessions = sessions(platform, pile).await;
        (sessions.len() == number && wanted(&sessions[0])).then(|| sessions[0].clone())
    })
    .await
}

/// Waits until the command is confirmed by an effect of that kind; returns its events.
async fn confirmed(platform: &Platform, accepted: &Answer, effect: &str) -> Vec<String> {
    let command = eventually_some("the effect of the command", || async {
        let command = platform.recorded_command(accepted).await;
        (command["effect"]["kind"] == effect).then_some(command)
    })
    .await;
    assert_eq!((&command["status"], &command["answer"]), (&json!("confirmed"), &Value::Null), "{command}");
    let events = command["events"].as_array().unwrap().iter();
    events.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

/// Starts a charge with a command, which is confirmed first by the connector's status, then by the
/// session that the meter values show. Returns the response to the command, and the session.
async fn charge(platform: &Platform, pile: &str, number: usize) -> (Answer, Value) {
    let accepted = platform.command(pile, "start-transaction", &start()).await;
    delivered(platform, &accepted).await;
    let grows = |session: &Value| session["energyWh"].as_f64().is_some_and(|energy| energy > 0.0);
    let session = newest_session(platform, pile, number, grows).await;
    let events = confirmed(platform, &accepted, "charging").await;
    let place = |name: &str| events.iter().position(|event| event == name).unwrap();
    assert!(place("status") < place("charging"), "{events:?}");
    assert_eq!(session["startedBy"], "readings");
    assert_eq!((&session["idTag"], &session["endedAt"]), (&json!("RFID123"), &Value::Null));
    assert_eq!(session["commandId"], accepted.body["commandId"]);
    let command = platform.recorded_command(&accepted).await;
    assert_eq!(command["sessionId"], session["id"]);
    (accepted, session)
}

/// Stops the charge with the command that `body` describes; the session ends.
async fn stop(platform: &Platform, pile: &str, number: usize, body: &Value) {
    let accepted = platform.command(pile, "stop-transaction", body).await;
    delivered(platform, &accepted).await;
    confirmed(platform, &accepted, "stopped").await;
    let ended = newest_session(platform, pile, number, |session| session["endedAt"].is_string()).await;
    assert_eq!(ended["endReason"], "Remote");
    let wh = |field: &str| ended[field].as_f64().unwrap();
    assert!(wh("energyWh") > 0.0 && wh("meterStopWh") - wh("meterStartWh") == wh("energyWh"), "{ended}");
    platform.pile("the connector to be free", pile, is("Available")).await;
}

/// The last two changes of the connection of the pile's device, the earlier first: online and confidence.
async fn last_connections(platform: &Platform, pile: &str) -> [Value; 2] {
    let history = platform.asset(&format!("{pile}/status-history")).await.body;
    let changes = history["items"].as_array().unwrap().iter();
    let mut connections = changes
        .filter(|change| change["kind"] == "connectivity")
        .map(|change| json!([change["online"], change["confidence"]]));
    let last = connections.next().unwrap();
    [connections.next().unwrap(), last]
}

/// When the connector last went to Charging, as its gateway wrote it, in milliseconds.
fn charging_since(platform: &Platform) -> i64 {
    let events = platform.simulator.events();
    let charges = |event: &GatewayEvent| match &event.kind {
        EventKind::StatusChanged(report) => report.status == ConnectorStatus::Charging,
        _ => false,
    };
    let newest = events.iter().rev().find(|sent| charges(&sent.event)).unwrap();
    newest.event.claimed_at.unwrap().timestamp_millis()
}

fn started_at(session: &Value) -> i64 {
    let text = session["startedAt"].as_str().unwrap();
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_of_a_deployed_gateway_charges_stops_and_is_reset() {
    let platform = Platform::start(deployed).await;
    let ingestor = platform.ingest();
    let (pile, _) = available_pile(&platform).await;

    let (accepted, session) = charge(&platform, &pile, 1).await;
    assert_eq!(accepted.body["route"], "key");
    assert_eq!(
        started_at(&session),
        charging_since(&platform),
        "the session began when the connector went to Charging"
    );
    assert_eq!(platform.asset(&pile).await.body["status"], "Charging");
    let again = platform.command(&pile, "start-transaction", &start()).await;
    assert_eq!(code(&again), (409, "CONNECTOR_NOT_AVAILABLE"));
    stop(&platform, &pile, 1, &json!({ "connectorId": 1 })).await;

    let (_, session) = charge(&platform, &pile, 2).await;
    let other = platform.command(&pile, "stop-transaction", &json!({ "transactionId": 999_999 })).await;
    assert_eq!(code(&other), (409, "TRANSACTION_MISMATCH"));
    stop(&platform, &pile, 2, &json!({ "transactionId": session["transactionId"] })).await;
    let none = platform.command(&pile, "stop-transaction", &json!({})).await;
    assert_eq!(code(&none), (409, "NO_ACTIVE_TRANSACTION"));

    let reset = platform.command(&pile, "reset", &json!({ "type": "Soft" })).await;
    delivered(&platform, &reset).await;
    confirmed(&platform, &reset, "restarted").await;
    no_dead_letters(&platform).await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_follow_a_device_that_moves_without_a_boot_and_need_no_key() {
    let platform = Platform::start(deployed).await;
    let ingestor = platform.ingest();
    let (pile, device) = available_pile(&platform).await;
    let pods = platform.simulator.pods();

    platform.simulator.reconnect(&device, 1, Reconnect::WithoutBoot).await.unwrap();
    let idle = ConnectorStatus::Available;
    platform.simulator.set_status(&device, connector(), idle, None).await.unwrap();
    let moved = |pile: &Value| pile["gatewayId"] == pods[1].as_str();
    platform.pile("the pile to be connected through the other pod", &pile, moved).await;
    let (accepted, _) = charge(&platform, &pile, 1).await;
    assert_eq!(
        (&accepted.body["route"], &accepted.body["gatewayId"]),
        (&json!("moved"), &json!(pods[1].as_str()))
    );
    let key = format!("conn:{device}");
    let named = platform.redis.get_many(&[key.as_str()]).await.unwrap();
    assert_eq!(named, [Some(pods[0].to_string())], "the key still names the pod of the last boot");

    platform.redis.delete(&key).await.unwrap();
    stop(&platform, &pile, 1, &json!({ "connectorId": 1 })).await;
    let (accepted, _) = charge(&platform, &pile, 2).await;
    let route = (&accepted.body["route"], &accepted.body["gatewayId"]);
    assert_eq!(route, (&json!("last-heard"), &json!(pods[1].as_str())));
    assert_eq!(platform.recorded_command(&accepted).await["route"], "last-heard");
    stop(&platform, &pile, 2, &json!({})).await;
    no_dead_letters(&platform).await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_survives_its_pods_death_and_the_commands_that_the_pod_reads_again() {
    let platform = Platform::start(deployed).await;
    let ingestor = platform.ingest_with(&[("feed.enabled", "false"), ("presence.probe_answer_s", "3")]);
    let (pile, device) = available_pile(&platform).await;
    let (started, session) = charge(&platform, &pile, 1).await;
    platform
        .ask_devices(&[
            ("presence.probe_answer_s", "3"),
            ("presence.gateway_silence_s", "3"),
            ("presence.gateway_answer_s", "3"),
            ("presence.gateway_interval_s", "2"),
            ("presence.probe_interval_s", "5"),
        ])
        .await;

    platform.simulator.kill_pod(0).await.unwrap();
    let lost = |pile: &Value| pile["confidence"] == "unanswered" && pile["online"] == false;
    platform.pile("the device to be offline", &pile, lost).await;
    let [doubted, lost] = last_connections(&platform, &pile).await;
    assert_eq!((doubted, lost), (json!([true, "doubtful"]), json!([false, "unanswered"])));

    // No offset was committed: the pod begins with the oldest command.
    platform.simulator.restart_pod(0).unwrap();
    platform.simulator.reconnect(&device, 0, Reconnect::WithoutBoot).await.unwrap();
    let charging = ConnectorStatus::Charging;
    platform.simulator.set_status(&device, connector(), charging, None).await.unwrap();
    let id = started.body["commandId"].as_str().unwrap();
    eventually("the start to be read again", || async {
        let commands = platform.simulator.commands();
        commands.iter().filter(|received| received.command.id.to_string() == id).count() > 1
    })
    .await;
    let live = |pile: &Value| pile["confidence"] == "live" && pile["online"] == true;
    platform.pile("the device to be online again", &pile, live).await;
    stop(&platform, &pile, 1, &json!({ "connectorId": 1 })).await;
    let [ended] = sessions(&platform, &pile).await.try_into().unwrap();
    assert_eq!(
        (&ended["id"], &ended["startedAt"]),
        (&session["id"], &session["startedAt"]),
        "it must be one session"
    );
    no_dead_letters(&platform).await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_of_an_unknown_transaction_is_a_session() {
    let platform = Platform::start(deployed).await;
    let ingestor = platform.ingest();
    let (pile, device) = available_pile(&platform).await;
    for status in [ConnectorStatus::Preparing, ConnectorStatus::Charging] {
        platform.simulator.set_status(&device, connector(), status, None).await.unwrap();
    }
    let stopped = EventKind::TransactionStopped(TransactionStop {
        transaction_id: Some(TransactionId::parse("634").unwrap()),
        reason: Some("Local".to_owned()),
        meter_stop_wh: Some(1_152_000.0),
        stopped_at: None,
    });
    let event = GatewayEvent {
        event_id: EventId::parse(&Uuid::now_v7().to_string()).unwrap(),
        charge_point_id: device.clone(),
        gateway_id: platform.simulator.pod_of(&device).await,
        claimed_at: Some(runtime::clock::now()),
        trace_id: None,
        kind: stopped,
    };
    platform.simulator.send(event).await.unwrap();
    let session = newest_session(&platform, &pile, 1, |session| session["endedAt"].is_string()).await;
    assert_eq!((&session["startedBy"], &session["transactionId"]), (&json!("stop"), &json!("634")));
    assert_eq!(started_at(&session), charging_since(&platform));
    assert_eq!(session["meterStopWh"], 1_152_000.0);
    no_dead_letters(&platform).await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_starts_in_quick_succession_one_is_sent() {
    let platform = Platform::start(deployed).await;
    let ingestor = platform.ingest();
    let (pile, _) = available_pile(&platform).await;
    let body = start();
    let (one, other) = tokio::join!(
        platform.command(&pile, "start-transaction", &body),
        platform.command(&pile, "start-transaction", &body)
    );
    let (sent, refused) = if one.status == 202 { (one, other) } else { (other, one) };
    delivered(&platform, &sent).await;
    assert_eq!(code(&refused), (409, "COMMAND_IN_FLIGHT"));
    confirmed(&platform, &sent, "charging").await;
    let third = platform.command(&pile, "start-transaction", &body).await;
    assert_eq!(code(&third), (409, "CONNECTOR_NOT_AVAILABLE"));
    assert_eq!(platform.database.json("select count(*) from commands").await, 1);
    assert_eq!(platform.simulator.commands().len(), 1);
    stop(&platform, &pile, 1, &json!({ "connectorId": 1 })).await;
    let (_, session) = charge(&platform, &pile, 2).await;
    assert!(session["endedAt"].is_null(), "the guard of the first start is missing");
    ingestor.stop().await;
}

/// Checks that every sent record was read, and none became a dead letter.
async fn no_dead_letters(platform: &Platform) {
    let sent = platform.simulator.statistics().events_sent;
    let read = "select coalesce(sum(next_offset), 0) from ingest_partitions";
    eventually("everything to be read", || async {
        platform.database.json(read).await.as_f64() >= Some(f64::from(u32::try_from(sent).unwrap()))
    })
    .await;
    let letters = "select coalesce(json_agg(json_build_array(reason, detail)), '[]') from dead_letters";
    assert_eq!(platform.database.json(letters).await, json!([]));
}
