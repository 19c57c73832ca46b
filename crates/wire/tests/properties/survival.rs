//! No record makes the decoder panic, and the same record always decodes to the same result.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value};
use std::fs;
use std::sync::LazyLock;
use wire::{DecodeError, RawRecord, decode, decode_command};

/// The inputs of the golden tests, valid and invalid.
static GOLDEN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folders = ["accepted", "rejected", "commands"];
    let entries = folders.map(|folder| format!("{}/tests/golden/{folder}", env!("CARGO_MANIFEST_DIR")));
    let files =
        entries.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let inputs = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    inputs.map(|path| fs::read(path).unwrap()).collect()
});

/// The names that the decoder reads, so that arbitrary objects reach its inner checks.
const NAMES: [&str; 22] = [
    "eventId",
    "eventType",
    "chargePointId",
    "timestamp",
    "payload",
    "connectorId",
    "transactionId",
    "status",
    "meterValues",
    "sampledValue",
    "value",
    "unit",
    "meterStartWh",
    "details",
    "commandName",
    "issuedAt",
    "idTag",
    "context",
    "measurand",
    "meterStart",
    "meterStop",
    "meterValue",
];

const EVENT_TYPES: [&str; 9] = [
    "charge_point.connected",
    "charge_point.disconnected",
    "charge_point.heartbeat",
    "connector.status_changed",
    "transaction.started",
    "transaction.updated",
    "transaction.meter_values",
    "transaction.stopped",
    "command.response",
];

fn survives(value: &[u8]) {
    for record in [RawRecord::json(value), RawRecord::protobuf(value)] {
        let outcome = decode(&record);
        assert_eq!(outcome, decode(&record));
        if let Err(error) = outcome {
            assert!(DecodeError::REASONS.contains(&error.reason()));
            assert!(error.to_string().chars().count() < 1_000, "{error}");
        }
        let _ = decode_command(&record);
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(|integer| Value::from(integer.to_string())),
        select(EVENT_TYPES.to_vec()).prop_map(Value::from),
        select(vec!["Transaction.Begin", "Transaction.End", "Sample.Periodic"]).prop_map(Value::from),
        crate::iso_8601::text().prop_map(|(text, _)| Value::from(text)),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let name = prop_oneof![4 => select(NAMES.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((name, inner), 0..8).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes(value in vec(any::<u8>(), 0..500)) {
        survives(&value);
    }

    #[test]
    fn arbitrary_json(value in json()) {
        survives(value.to_string().as_bytes());
    }

    #[test]
    fn arbitrary_payloads(event_type in select(EVENT_TYPES.to_vec()), payload in json()) {
        let event = serde_json::json!({ "eventType": event_type, "chargePointId": "CP-1", "payload": payload });
        survives(event.to_string().as_bytes());
    }

    #[test]
    fn mutated_golden_files(
        file in any::<Index>(),
        mutations in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut value = file.get(&GOLDEN).clone();
        for (position, byte, mutation) in mutations {
            if value.is_empty() {
                break;
            }
            let position = position.index(value.len());
            match mutation {
                0 => value[position] = byte,
                1 => value.insert(position, byte),
                _ => drop(value.remove(position)),
            }
        }
        survives(&value);
    }

    #[test]
    fn mutated_protobuf(
        event in crate::generate::event(),
        mutations in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut value = wire::event::encode::encode_event_protobuf(&event);
        for (position, byte) in mutations {
            let position = position.index(value.len());
            value[position] = byte;
        }
        survives(&value);
    }
}
