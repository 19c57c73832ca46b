//! Tests of the rules for transactions and sampled values.

use super::Fixture;
use crate::check::verdict::RuleResult;
use domain::event::{EventKind, TransactionStart};
use domain::ids::{ConnectorId, TransactionId};

#[test]
fn reports_a_reused_transaction_id_once_per_device() {
    let mut fixture = Fixture::new();
    let start = |id: i64| {
        EventKind::TransactionStarted(TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: TransactionId::parse(&id.to_string()).ok(),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        })
    };
    fixture.send_event("pod-0", start(7)).at(10).send_event("pod-0", start(8));
    assert_eq!(fixture.result("TRANSACTION_ID_REUSED"), RuleResult::Pass);
    fixture.at(20).send_event("pod-0", start(7)).at(30).send_event("pod-0", start(7));
    assert_eq!(fixture.broken(), ["TRANSACTION_ID_REUSED"]);
    let finding = fixture.verdict().finding("TRANSACTION_ID_REUSED").unwrap().clone();
    assert_eq!((finding.broken, finding.judged), (1, 1));
    assert_eq!(finding.examples, ["partition 0 offset 2: CP-1 has another transaction 7"]);
}

#[test]
fn reports_flattened_measurands() {
    let mut fixture = Fixture::new();
    let sample = r#"{"timestamp":"2026-09-21T14:13:20Z","sampledValue":{"value":"60.0","measurand":"Energy.Active.Import.Register"}}"#;
    fixture.json(&format!(
        r#"{{"eventId":"e","eventType":"transaction.meter_values","chargePointId":"CP-1","gatewayId":"p",
            "timestamp":"2026-09-21T14:13:20Z","payload":{{"connectorId":1,"meterValues":[{sample},{sample}]}}}}"#
    ));
    assert_eq!(fixture.broken(), ["MEASURANDS_FLATTENED"]);
}

#[test]
fn reports_unusable_values() {
    let mut fixture = Fixture::new();
    for (event, value) in ["1150", "-5"].into_iter().enumerate() {
        fixture.json(&format!(
            r#"{{"eventId":"{event}","eventType":"transaction.meter_values","chargePointId":"CP-1","gatewayId":"p",
                "timestamp":"2026-09-21T14:13:20Z",
                "payload":{{"connectorId":1,"meterValues":[{{"sampledValue":{{"value":"{value}"}}}}]}}}}"#
        ));
    }
    let finding = fixture.verdict().finding("VALUE_UNUSABLE").unwrap().clone();
    assert_eq!((finding.result, finding.broken, finding.judged), (RuleResult::Warn, 1, 2));
    let reason = "payload.meterValues[0].sampledValue[0].value must not be negative, but is -5";
    assert_eq!(finding.examples, [format!("partition 0 offset 1: CP-1 {reason}")]);
    assert_eq!(fixture.result("UNDECODABLE"), RuleResult::Pass);
}

#[test]
fn reports_a_transaction_without_a_start() {
    let mut fixture = Fixture::new();
    for json in [
        r#""connector.status_changed","payload":{"connectorId":1,"status":"Available"}"#,
        r#""connector.status_changed","payload":{"connectorId":1,"status":"Charging"}"#,
        r#""transaction.meter_values","payload":{"connectorId":1,"transactionId":1790000000}"#,
    ] {
        fixture.json(&format!(
            r#"{{"eventId":"{}","gatewayId":"p","timestamp":"2026-09-21T14:13:20Z","chargePointId":"CP-1","eventType":{json}}}"#,
            uuid::Uuid::now_v7()
        ));
    }
    assert_eq!(fixture.broken(), ["STARTED_MISSING"]);
    let example = &fixture.verdict().finding("STARTED_MISSING").unwrap().examples[0].clone();
    assert_eq!(example, "partition 0 offset 2: transaction 1790000000 of CP-1");
}
