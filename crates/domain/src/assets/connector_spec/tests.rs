use super::*;
use serde_json::{Value, json};

fn read(written: Value) -> Result<Outlets, String> {
    serde_json::from_value(written).map_err(|error| error.to_string())
}

#[test]
fn connectors_are_kept_in_order() {
    let two = json!([{ "connectorId": 2, "type": "GB_DC", "maxPowerKw": 120 }, { "connectorId": 1, "type": "GB_AC" }]);
    let written = serde_json::to_value(read(two).unwrap()).unwrap();
    let ordered = json!([{ "connectorId": 1, "type": "GB_AC", "maxPowerKw": null },
                             { "connectorId": 2, "type": "GB_DC", "maxPowerKw": 120.0 }]);
    assert_eq!(written, ordered);
}

#[test]
fn every_type_has_the_same_name_in_every_form() {
    for kind in ConnectorType::ALL {
        assert_eq!(ConnectorType::parse(kind.as_str()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn rejects_repeated_numbers_and_invalid_values() {
    let outlet = |id| json!({ "connectorId": id, "type": "CCS_2" });
    assert_eq!(read(json!([outlet(0)])), Err(InvalidOutlets::Whole.to_string()));
    assert_eq!(read(json!([outlet(2), outlet(1), outlet(2)])), Err(InvalidOutlets::Twice(2).to_string()));
    let many: Vec<_> = (1..=33).map(outlet).collect();
    assert_eq!(read(json!(many)), Err(InvalidOutlets::TooMany.to_string()));
    assert!(read(json!([{ "connectorId": 1, "type": "CCS_2", "maxPowerKw": 0 }])).is_err());
    assert!(read(json!([{ "connectorId": 1001, "type": "CCS_2" }])).is_err());
}
