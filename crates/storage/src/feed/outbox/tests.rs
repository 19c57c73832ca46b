use super::*;
use domain::feed::SessionChanged;

const TAG: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

#[test]
fn stores_a_cancelled_command_as_ended_for_the_previous_release() {
    let change = serde_json::json!({
        "subject": { "chargePoint": "CP-1" },
        "at": "2026-11-28T12:22:19Z",
        "kind": { "type": "charging.command.changed.v1", "data": {
            "commandId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab",
            "pileId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "name": "RemoteStopTransaction",
            "state": "cancelled", "gatewayId": "gateway-0", "issuedAt": "2026-11-28T12:22:19Z",
            "expiresAt": "2026-11-28T12:23:19Z", "failure": null,
        } },
    });
    let change: FeedChange = serde_json::from_value(change).unwrap();
    let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
    let row: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!(row[0]["kind"]["data"]["state"], "expired");
    assert_eq!(parse(&stored).unwrap(), std::slice::from_ref(&change));
    let shown = serde_json::to_value(&change).unwrap();
    assert_eq!(shown["kind"]["data"]["state"], "cancelled", "followers must get the state");
}

#[test]
fn stores_a_long_id_tag_in_two_parts_for_the_previous_release() {
    let change = serde_json::json!({
        "subject": { "chargePoint": "CP-1" },
        "at": "2026-11-28T12:22:19Z",
        "kind": { "type": "charging.session.changed.v1", "data": {
            "sessionId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "phase": "open", "connectorId": 1,
            "transactionId": "634", "idTag": TAG, "reservationId": null, "commandId": null,
            "startedAt": "2026-11-28T12:22:19Z", "startedBy": "event", "meterStartWh": 1.0,
            "endedAt": null, "endReason": null, "meterStopWh": null,
        } },
    });
    let change: FeedChange = serde_json::from_value(change).unwrap();
    let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
    let row: Value = serde_json::from_str(&stored).unwrap();
    let data = &row[0]["kind"]["data"];
    assert_eq!(
        (&data["idTag"], &data["idTagRest"]),
        (&"3f2504e0-4f89-11d3-9".into(), &"a0c-0305e82c3301".into())
    );
    assert_eq!(serde_json::from_str::<Vec<FeedChange>>(&stored).unwrap(), std::slice::from_ref(&change));
    let shown = serde_json::to_value(&change).unwrap();
    assert_eq!(shown["kind"]["data"]["idTag"], TAG, "followers must get the whole tag");
    assert_eq!(shown["kind"]["data"].get("idTagRest"), None);
}

#[test]
fn stores_a_receipt_as_a_change_of_its_session_for_the_previous_release() {
    let change = serde_json::json!({
        "subject": { "chargePoint": "CP-1" },
        "at": "2026-11-28T13:22:19Z",
        "kind": { "type": "charging.session.settled.v1", "data": {
            "sessionId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "phase": "ended", "connectorId": 1,
            "transactionId": "634", "idTag": TAG, "reservationId": null, "commandId": null,
            "startedAt": "2026-11-28T12:22:19Z", "startedBy": "event", "meterStartWh": 1.0,
            "endedAt": "2026-11-28T13:02:19Z", "endReason": null, "meterStopWh": 20501.0,
            "receipt": {
                "number": 2, "replaces": 1, "issuedAt": "2026-11-28T13:22:19Z", "digest": "00ff",
                "energyWh": 20500.0, "total": { "amount": "41.02", "currency": "CNY" }, "unpriced": null,
            },
        } },
    });
    let change: FeedChange = serde_json::from_value(change).unwrap();
    let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
    let row: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!(row[0]["kind"]["type"], "charging.session.changed.v1");
    let session: SessionChanged = serde_json::from_value(row[0]["kind"]["data"].clone()).unwrap();
    let FeedKind::SessionSettled(settled) = &change.kind else { panic!("{change:?}") };
    assert_eq!(session, settled.session, "the previous release must read the session");
    assert_eq!(parse(&stored).unwrap(), std::slice::from_ref(&change));
}

#[test]
fn stores_an_issue_as_a_change_of_an_unknown_station_for_the_previous_release() {
    let id = "0192f0c5-0000-7000-8000-000000000001";
    let change = serde_json::json!({
        "subject": { "issue": id },
        "at": "2026-11-30T08:00:00Z",
        "kind": { "type": "charging.issue.opened.v1", "data": {
            "issueId": id, "cause": "sessionWithoutEnergy", "severity": "minor", "gatewayId": null,
            "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11", "pileId": null, "chargePointId": "CP-1",
            "connectorId": 1, "operatorId": "op-1", "openedAt": "2026-11-30T08:00:00Z",
            "fact": { "at": "2026-11-30T08:00:00Z", "kind": "energy",
                      "sessionId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "energyWh": 2.5 },
            "recurrences": 0, "version": 3, "changedAt": "2026-11-30T08:00:01Z", "closedAt": null, "proof": null,
            "acknowledgedAt": null, "acknowledgedBy": null, "assignee": null, "mutedUntil": null,
        } },
    });
    let change: FeedChange = serde_json::from_value(change).unwrap();
    let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
    let row: Value = serde_json::from_str(&stored).unwrap();
    // As a release that does not know issues reads it: it restores what is under this key.
    assert_eq!(row[0]["kind"]["data"].get(STORED_TYPE), None);
    let known: FeedChange = serde_json::from_value(row[0].clone()).unwrap();
    assert_eq!(known.key(), id);
    let FeedKind::StationChanged(station) = &known.kind else { panic!("{known:?}") };
    assert_eq!((station.station_id.to_string().as_str(), station.version), (id, 3));
    assert_eq!(parse(&stored).unwrap(), std::slice::from_ref(&change));
}

#[test]
fn stores_a_meter_as_a_change_of_its_session_for_the_previous_release() {
    let change = serde_json::json!({
        "subject": { "chargePoint": "CP-1" },
        "at": "2026-11-28T12:52:19Z",
        "kind": { "type": "charging.session.metered.v1", "data": {
            "sessionId": "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "phase": "open", "connectorId": 1,
            "transactionId": "634", "idTag": TAG, "reservationId": null, "commandId": null,
            "startedAt": "2026-11-28T12:22:19Z", "startedBy": "event", "meterStartWh": 1.0,
            "endedAt": null, "endReason": null, "meterStopWh": null,
            "meter": {
                "readAt": "2026-11-28T12:52:19Z", "energyWh": 20500.0, "powerW": 41000.0, "socPercent": 61.0,
                "total": { "amount": "41.02", "currency": "CNY" }, "unpriced": null,
            },
        } },
    });
    let change: FeedChange = serde_json::from_value(change).unwrap();
    let stored = render_chunk(std::slice::from_ref(&change)).unwrap();
    let row: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!(row[0]["kind"]["type"], "charging.session.changed.v1");
    let session: SessionChanged = serde_json::from_value(row[0]["kind"]["data"].clone()).unwrap();
    let FeedKind::SessionMetered(metered) = &change.kind else { panic!("{change:?}") };
    assert_eq!(session, metered.session, "the previous release must read the session");
    assert_eq!(parse(&stored).unwrap(), std::slice::from_ref(&change));
}
