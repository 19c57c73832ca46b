//! The platform's main story, with a gateway that keeps the contract and with awkward ones.

use domain::ids::ConnectorId;
use gateway_simulator::Outcome;
use serde_json::{Value, json};
use std::num::NonZeroU16;
use std::time::Duration;
use system_tests::{Answer, COMMAND_PARTITIONS, Platform};
use testkit::eventually;
use wire::routing::RoutingHash;

const PATIENCE: Duration = Duration::from_secs(120);

pub fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

pub fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |pile| pile["status"] == status
}

/// Checks that the command was accepted, and that the pod of the device has read it from its
/// partition.
pub async fn delivered(platform: &Platform, answer: &Answer) {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.body["commandId"].as_str().unwrap();
    let received = platform
        .simulator
        .wait_for_command(|seen| seen.command.id.to_string() == id, PATIENCE)
        .await
        .unwrap();
    let gateway = answer.body["gatewayId"].as_str().unwrap();
    assert_eq!(received.pod.as_str(), gateway);
    let partition = RoutingHash::Fnv1a32.partition(gateway, NonZeroU16::new(COMMAND_PARTITIONS).unwrap());
    assert_eq!((received.partition, &answer.body["partition"]), (partition, &json!(partition)));
    assert_eq!(received.outcome, Outcome::Accepted);
}

/// Checks that all commands are confirmed and their effects were observed: those named, in their
/// order, each with whether it led to the only session, which in turn names the command that
/// started it.
async fn settled(platform: &Platform, expected: &[(&str, bool)]) {
    let lives = "select json_agg(json_build_array(c.name, c.session_id = s.id and s.command_id is not null)
                                 order by c.issued_at)
                 from commands c, sessions s
                 where c.state = 'confirmed' and not c.open
                   and jsonb_path_exists(c.life, '$.trail[*] ? (@.step == \"tookEffect\")')";
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, of_session)| if *of_session { json!([name, true]) } else { json!([name, null]) })
        .collect();
    eventually("the commands to reach their final states", || async {
        platform.database.json(lives).await == json!(expected)
    })
    .await;
}

/// Whether the device of the pile was online after each change of its connection, the earliest first.
async fn connections(platform: &Platform, pile: &str) -> Vec<bool> {
    let history = platform.asset(&format!("{pile}/status-history")).await.body;
    let changes = history["items"].as_array().unwrap().iter().rev();
    changes.filter_map(|change| change["online"].as_bool()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_registered_comes_online_charges_and_is_reset() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    assert_eq!(platform.asset(&pile).await.body["status"], "Unknown");
    let start = json!({ "idTag": "RFID123", "connectorId": 1 });
    assert_eq!(code(&platform.command(&pile, "start-transaction", &start).await), (409, "PILE_OFFLINE"));

    platform.connect(&device).await;
    let online = platform.pile("the pile to be available", &pile, is("Available")).await;
    assert!(online["lastHeartbeatAt"].is_string());
    delivered(&platform, &platform.command(&pile, "start-transaction", &start).await).await;
    let charges =
        |pile: &Value| pile["status"] == "Charging" && pile["connectors"][0]["energyWh"].is_number();
    let charging = platform.pile("energy to flow", &pile, charges).await;
    let before = charging["connectors"][0]["energyWh"].as_f64().unwrap();
    let climbs = |pile: &Value| pile["connectors"][0]["energyWh"].as_f64().unwrap() > before;
    platform.pile("energy to grow", &pile, climbs).await;
    let again = platform.command(&pile, "start-transaction", &start).await;
    assert_eq!(code(&again), (409, "CONNECTOR_NOT_AVAILABLE"));
    let other = platform.command(&pile, "stop-transaction", &json!({ "transactionId": 999_999 })).await;
    assert_eq!(code(&other), (409, "TRANSACTION_MISMATCH"));

    delivered(&platform, &platform.command(&pile, "stop-transaction", &json!({})).await).await;
    platform.pile("the session to end", &pile, is("Available")).await;
    let none = platform.command(&pile, "stop-transaction", &json!({})).await;
    assert_eq!(code(&none), (409, "NO_ACTIVE_TRANSACTION"));
    let ended = "select transaction_id is not null as named, ended_at > started_at as ended, meter_stop_wh > meter_start_wh as charged from sessions";
    let sessions = platform.database.json(&format!("select json_agg(s) from ({ended}) s")).await;
    assert_eq!(sessions, json!([{ "named": true, "ended": true, "charged": true }]));
    settled(&platform, &[("RemoteStartTransaction", true), ("RemoteStopTransaction", true)]).await;

    platform.simulator.disconnect(&device).await.unwrap();
    platform.pile("the pile to be offline", &pile, is("Offline")).await;
    assert_eq!(code(&platform.command(&pile, "reset", &json!({})).await), (409, "PILE_OFFLINE"));
    platform.connect(&device).await;
    platform.pile("the pile to be back", &pile, is("Available")).await;
    delivered(&platform, &platform.command(&pile, "reset", &json!({ "type": "Hard" })).await).await;
    // The device is away for too short a time to be seen offline.
    eventually("the end of the reboot", || async {
        connections(&platform, &pile).await == [true, false, true, false, true]
    })
    .await;
    platform.pile("the pile to be available after the reboot", &pile, is("Available")).await;
    settled(
        &platform,
        &[("RemoteStartTransaction", true), ("RemoteStopTransaction", true), ("Reset", false)],
    )
    .await;
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_gateway_is_understood() {
    let platform = Platform::start(|settings| settings.behaviour.awkward = true).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    platform.connect(&device).await;
    platform.pile("the pile to be available", &pile, is("Available")).await;
    delivered(&platform, &platform.command(&pile, "start-transaction", &json!({ "idTag": "RFID123" })).await)
        .await;
    platform.pile("the pile to charge", &pile, is("Charging")).await;
    // The transaction's id first comes with meter values: until then a stop cannot name it.
    eventually("the transaction's id to be known", || async {
        platform.command(&pile, "stop-transaction", &json!({ "connectorId": 1 })).await.status == 202
    })
    .await;
    platform.pile("the session to end", &pile, is("Available")).await;
    let unnamed = platform
        .database
        .json("select count(*) from sessions where transaction_id is null or ended_at is null");
    assert_eq!(unnamed.await, json!(0));
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulted_pile_and_a_device_that_moved() {
    let platform = Platform::start(|settings| settings.gateway.pods = 2).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    platform.connect(&device).await;
    platform.pile("the pile to be available", &pile, is("Available")).await;
    let fault = domain::status::ConnectorStatus::Faulted;
    platform.simulator.set_status(&device, ConnectorId::WHOLE, fault, Some("GroundFailure")).await.unwrap();
    platform.pile("the pile to be faulted", &pile, is("Faulted")).await;
    let start = json!({ "idTag": "RFID123", "connectorId": 1 });
    assert_eq!(
        code(&platform.command(&pile, "start-transaction", &start).await),
        (409, "PILE_NOT_AVAILABLE")
    );
    let fine = domain::status::ConnectorStatus::Available;
    platform.simulator.set_status(&device, ConnectorId::WHOLE, fine, None).await.unwrap();
    platform.pile("the pile to be repaired", &pile, is("Available")).await;

    let held = platform.simulator.pod_of(&device).await.unwrap();
    let pods = platform.simulator.pods();
    let elsewhere = pods.iter().position(|pod| *pod != held).unwrap();
    platform.simulator.move_to_pod(&device, elsewhere, gateway_simulator::Disconnection::Late).await.unwrap();
    let moved = |pile: &Value| pile["gatewayId"] == pods[elsewhere].as_str();
    platform.pile("the pile to be connected through the other pod", &pile, moved).await;
    let sent = platform.command(&pile, "start-transaction", &start).await;
    delivered(&platform, &sent).await;
    assert_eq!(sent.body["gatewayId"], pods[elsewhere].as_str());
    let after = platform.pile("the pile to charge", &pile, is("Charging")).await;
    assert_eq!(after["online"], true, "the old pod's late disconnection changes nothing");
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn state_that_no_replica_updates_is_not_trusted() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    platform.connect(&device).await;
    let trusted = |pile: &Value| pile["status"] == "Available" && pile["confidence"] == "live";
    platform.pile("the pile to be trusted", &pile, trusted).await;
    ingestor.stop().await;
    platform.pile("the pile to be doubted", &pile, |pile| pile["confidence"] == "stale").await;
    let ingestor = platform.ingest();
    platform.pile("the pile to be trusted again", &pile, trusted).await;
    ingestor.stop().await;
}
