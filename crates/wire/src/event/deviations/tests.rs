use super::*;

fn of(json: &str) -> Vec<Deviation> {
    deviations(&RawRecord::json(json.as_bytes())).into_iter().collect()
}

#[test]
fn the_preferred_form_has_no_deviations() {
    let clean = r#"{"eventId":"e-1","eventType":"transaction.meter_values","chargePointId":"CP-1",
            "timestamp":"2024-08-03T16:29:59+08:00","my_own":1,"Payload_Extra":{"time_stamp":5},
            "payload":{"connectorId":1,"meterValues":[{"timestamp":"","sampledValue":[{"value":"1"}]}]}}"#;
    assert_eq!(of(clean), []);
}

#[test]
fn each_deviation_is_detected_separately() {
    let event = |fields: &str| of(&format!(r#"{{"chargePointId":"CP-1",{fields}}}"#));
    assert_eq!(event(r#""eventType":"charge_point.heartbeat""#), [Deviation::NoEventId]);
    assert_eq!(event(r#""eventType":"x","eventId":" ""#), [Deviation::NoEventId]);
    for alias in ["HeartbeatEvent", "CHARGE_POINT.HEARTBEAT"] {
        let fields = format!(r#""eventId":"e","eventType":"{alias}""#);
        assert_eq!(event(&fields), [Deviation::OtherEventType], "{alias}");
    }
    for time in [
        r#""1722673799000""#,
        "1722673799000",
        "1.5e12",
        r#""2024-08-03T08:29:59""#,
        r#""2024-08-03T08:29:59+02""#,
    ] {
        let fields = format!(r#""eventId":"e","eventType":"x","timestamp":{time}"#);
        assert_eq!(event(&fields), [Deviation::OtherTime], "{time}");
    }
    assert_eq!(event(r#""event_id":"e","eventType":"x""#), [Deviation::OtherFieldName]);
    for payload in [r#"{"meterStart":1}"#, r#"{"meter_stop":1}"#, r#"{"chargePointModel":"M"}"#] {
        let fields = format!(r#""eventId":"e","eventType":"x","payload":{payload}"#);
        assert_eq!(event(&fields), [Deviation::OcppFieldName], "{payload}");
    }
}

#[test]
fn deviations_are_detected_at_any_depth() {
    let deep = r#"{"eventId":"e","eventType":"transaction.meter_values","chargePointId":"CP-1",
            "payload":{"connectorId":1,"meterValues":[{"timestamp":1722673799000,"sampled_value":{"value":1}}]}}"#;
    assert_eq!(of(deep), [Deviation::OtherTime, Deviation::OtherFieldName]);
    let ocpp = deep.replace("meterValues", "meterValue");
    assert_eq!(of(&ocpp), [Deviation::OtherTime, Deviation::OtherFieldName, Deviation::OcppFieldName]);
}

#[test]
fn the_only_deviation_in_protobuf_is_a_missing_id() {
    let event = |id: &[u8]| [&[10, u8::try_from(id.len()).unwrap()], id, b"\x12\x04CP-1\x62\x00"].concat();
    assert!(deviations(&RawRecord::protobuf(&event(b"e"))).is_empty());
    let anonymous = deviations(&RawRecord::protobuf(&event(b"")));
    assert_eq!(anonymous.into_iter().collect::<Vec<_>>(), [Deviation::NoEventId]);
}

#[test]
fn an_invalid_record_has_no_deviations() {
    for json in ["", "nonsense", "[1]"] {
        assert_eq!(of(json), []);
    }
}
