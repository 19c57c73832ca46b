//! Commands that cannot be decoded because OCPP does not allow them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use wire::{RawRecord, decode_command};

fn reason(name: &str, payload: &Value) -> String {
    let command = json!({
        "commandId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "commandName": name, "chargePointId": "CP-001",
        "payload": payload, "gatewayId": "gateway-pod-xyz",
        "issuedAt": "2026-07-25T10:30:00.000Z", "expiresAt": "2026-07-25T10:31:00.000Z",
    });
    decode_command(&RawRecord::json(command.to_string().as_bytes())).unwrap_err().to_string()
}

#[test]
fn a_configuration_has_a_key_and_a_value_within_limits() {
    let reason = |payload: Value| reason("ChangeConfiguration", &payload);
    assert_eq!(reason(json!({"value": "300"})), "payload.key is missing");
    assert_eq!(reason(json!({"key": "HeartbeatInterval"})), "payload.value is missing");
    let long = |count| "x".repeat(count);
    assert_eq!(reason(json!({"key": long(51), "value": ""})), "payload.key must have at most 50 characters");
    assert_eq!(
        reason(json!({"key": "k", "value": long(501)})),
        "payload.value must have at most 500 characters"
    );
    assert_eq!(
        reason(json!({"key": "k", "value": "a\nb"})),
        "payload.value must not contain control characters"
    );
}

#[test]
fn rejects_words_unknown_to_ocpp() {
    assert!(
        reason("ChangeAvailability", &json!({"connectorId": 0, "type": "Off"})).starts_with("payload.type")
    );
    let trigger = reason("TriggerMessage", &json!({"requestedMessage": "Weather"}));
    assert!(trigger.starts_with("payload.requestedMessage"), "{trigger}");
    assert_eq!(reason("ClearCache", &json!({})), "commandName is not a command of the contract");
}
