use super::*;
use serde_json::{Value, json};

fn read(written: Value) -> Result<Value, String> {
    let parsed: StartableStatuses = serde_json::from_value(written).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(parsed).unwrap())
}

#[test]
fn statuses_are_kept_once_and_in_order() {
    let written = json!(["Preparing", "Finishing", "Available", "Preparing"]);
    assert_eq!(read(written), Ok(json!(["Available", "Preparing", "Finishing"])));
}

#[test]
fn accepts_exactly_the_statuses_in_which_a_charge_can_start() {
    for status in ConnectorStatus::ALL {
        let refused = matches!(
            status,
            ConnectorStatus::Charging | ConnectorStatus::Unavailable | ConnectorStatus::Faulted
        );
        let parsed = StartableStatuses::parse(vec![ConnectorStatus::Available, status]);
        assert_eq!(parsed.is_err(), refused, "{status}");
    }
}

#[test]
fn rejects_an_empty_list_and_unknown_words() {
    assert_eq!(read(json!([])), Err(InvalidStartableStatuses::Empty.to_string()));
    for unknown in [json!(["preparing"]), json!(["Offline"]), json!("Preparing"), json!([null])] {
        assert!(read(unknown.clone()).is_err(), "{unknown}");
    }
}
