//! A gateway numbers every transaction 1: each charge is a session with its own energy.

use crate::sessions::charges::{charge, items, session, stop, time};
use crate::sessions::reported::Transaction;
use crate::story::code;
use domain::ids::ChargePointId;
use gateway_simulator::DeviceSpec;
use serde_json::{Value, json};
use system_tests::Platform;
use testkit::eventually;

fn register(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Checks that each Wh of the register belongs to at most one of `sessions`, which are in order, and
/// so does each sample.
async fn assert_apart(platform: &Platform, sessions: &[Value]) {
    let mut shown = f64::MIN;
    for session in sessions {
        let [start, stop] = ["meterStartWh", "meterStopWh"].map(|name| register(&session[name]));
        assert!(shown <= start && start < stop, "from {start} to {stop} Wh after {shown} Wh");
        assert!((register(&session["energyWh"]) - (stop - start)).abs() < 0.01, "{session}");
        let path = format!("/api/v1/sessions/{}/meter-samples", session["id"].as_str().unwrap());
        let samples = items(platform, &path).await;
        assert!(!samples.is_empty(), "{session}");
        for sample in samples {
            let energy = register(&sample["energyWh"]);
            assert!((start..=stop).contains(&energy), "a sample of {energy} Wh in {session}");
        }
        shown = stop;
    }
}

/// Sends the stop of `ended` again, while `open` has its transaction id; waits until more energy has
/// flown to `open`.
async fn repeat_stop(platform: &Platform, device: &ChargePointId, ended: &Value, open: &str) {
    let energy = async || session(platform, open).await["energyWh"].as_f64().unwrap();
    let before = energy().await;
    let again = Transaction { device, connector: 1, id: "1" };
    let register = register(&ended["meterStopWh"]);
    again.stop(platform, time(ended, "endedAt"), "Remote", register).await;
    eventually("more energy to flow", || async { energy().await > before }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_with_the_same_transaction_id_have_their_own_energy_and_stops() {
    let platform = Platform::start(|settings| settings.behaviour.same_transaction_id = true).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    let spec = DeviceSpec::new(device.clone()).with_connectors(1).with_register_wh(100_000.0);
    platform.simulator.connect(spec).await.unwrap();
    let first = charge(&platform, &pile, "DRIVER-1").await;
    let (first_stop, first) = stop(&platform, &pile, &first).await;
    let second = charge(&platform, &pile, "DRIVER-2").await;
    let refused = platform.command(&pile, "stop-transaction", &json!({ "sessionId": first["id"] })).await;
    assert_eq!(code(&refused), (409, "SESSION_ENDED"));
    repeat_stop(&platform, &device, &first, &second).await;
    assert!(session(&platform, &second).await["endedAt"].is_null());
    let (second_stop, second) = stop(&platform, &pile, &second).await;

    assert_eq!((&first["transactionId"], &second["transactionId"]), (&json!("1"), &json!("1")));
    let listed = items(&platform, "/api/v1/sessions?transactionId=1").await;
    assert_eq!(listed, [second.clone(), first.clone()], "the second charge changes nothing of the first");
    assert_apart(&platform, &[first.clone(), second.clone()]).await;
    for (command, session) in [(first_stop, &first), (second_stop, &second)] {
        eventually("the stop to be confirmed with its session", || async {
            let stop = platform.recorded_command(&command).await;
            stop["status"] == "confirmed" && stop["sessionId"] == session["id"]
        })
        .await;
    }
    ingestor.stop().await;
}
