//! Issues with their history, what callers do about them, and maintenance windows.

use crate::app::{TestApp, id};
use crate::follower::Follower;
use serde_json::{Value, json};

const ID: &str = "0192f0c5-0000-7000-8000-00000000000";

/// Three faults, opened one after the other at devices of `station`; the first one is closed.
async fn issues(app: &TestApp, station: &str) {
    app.database
        .execute(&format!(
            "insert into issues (id, key, cause, severity, station_id, charge_point_id, connector_id, operator_id,
                                 opened_at, fact, changed_at)
             select ('{ID}' || n)::uuid, 'fault CP-' || n || '/1', 'fault', 'major', '{}', 'CP-' || n, 1, 'op-' || n,
                    timestamptz '2026-03-01T09:30:00Z' + n * interval '1 minute',
                    '{{\"at\": \"2026-03-01T09:30:00Z\", \"kind\": \"status\", \"status\": \"Faulted\", \"errorCode\": null,
                       \"vendorErrorCode\": null}}', '2026-03-01T09:30:00Z'
             from generate_series(1, 3) as n;
             insert into issue_events (issue_id, number, at, kind, detail)
             select id, 1, opened_at, 'opened', fact from issues;
             update issues set closed_at = '2026-03-01T10:00:00Z', proof = fact where key = 'fault CP-1/1'",
            id(station)
        ))
        .await;
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|issue| issue["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_issues_in_pages_and_by_filters() {
    let app = TestApp::start().await;
    let station = app.station().await;
    issues(&app, &station).await;
    let page = app.get("/api/v1/issues?limit=2").await.json();
    assert_eq!(ids(&page), [format!("{ID}3"), format!("{ID}2")]);
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/issues?limit=2&cursor={cursor}")).await.json();
    assert_eq!((ids(&rest), &rest["nextCursor"]), (vec![format!("{ID}1").as_str()], &Value::Null));
    for (filter, expected) in [
        ("state=open", 2),
        ("state=closed", 1),
        ("cause=fault", 3),
        ("cause=offline", 0),
        ("severity=major&acknowledged=false&muted=false", 3),
        ("chargePointId=CP-2", 1),
        ("operatorId=op-3", 1),
        ("gatewayId=gateway-0", 0),
        ("muted=true", 0),
    ] {
        let found = app.get(&format!("/api/v1/issues?{filter}")).await.json();
        assert_eq!(ids(&found).len(), expected, "{filter}");
    }
    let found = app.get(&format!("/api/v1/issues?stationId={}", id(&station))).await.json();
    assert_eq!(ids(&found).len(), 3);
    assert_eq!(app.get("/api/v1/issues?cause=weather").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_open_issues_by_severity_and_state() {
    let app = TestApp::start().await;
    let station = app.station().await;
    issues(&app, &station).await;
    app.database.execute("update issues set severity = 'minor' where key = 'fault CP-3/1'").await;
    let edit = async |path: &str, body: Value| {
        let edited = app.post(&format!("/api/v1/issues/{ID}2/{path}"), &body).await;
        assert_eq!(edited.status, 200, "{}", edited.text());
    };
    edit("acknowledge", json!({})).await;
    edit("mute", json!({ "until": "2098-01-01T00:00:00Z", "reason": "r" })).await;
    let counts =
        |open, acknowledged, muted| json!({ "open": open, "acknowledged": acknowledged, "muted": muted });
    let none = counts(0, 0, 0);
    let all = json!({ "critical": none, "major": counts(1, 1, 1), "minor": counts(1, 0, 0) });
    assert_eq!(app.get("/api/v1/issues/counts").await.json(), all, "the closed one does not count");
    for (filter, major, minor) in [
        (format!("stationId={}", id(&station)).as_str(), 1, 1),
        ("severity=major", 1, 0),
        ("muted=false", 0, 1),
        ("acknowledged=true", 1, 0),
        ("operatorId=op-3", 0, 1),
        ("chargePointId=CP-1", 0, 0),
        ("cause=offline", 0, 0),
    ] {
        let found = app.get(&format!("/api/v1/issues/counts?{filter}")).await.json();
        assert_eq!(
            (&found["major"]["open"], &found["minor"]["open"]),
            (&json!(major), &json!(minor)),
            "{filter}"
        );
    }
    assert_eq!(app.get("/api/v1/issues/counts?state=open").await.status, 400, "only open ones are counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_acknowledge_assign_and_mute_an_open_issue() {
    let app = TestApp::start().await;
    issues(&app, &app.station().await).await;
    let issue = format!("/api/v1/issues/{ID}2");
    let post = async |path: &str, body: Value| app.post(&format!("{issue}/{path}"), &body).await;
    let acknowledged = post("acknowledge", json!({ "note": "on my way" })).await;
    assert_eq!(acknowledged.status, 200, "{}", acknowledged.text());
    assert_eq!(acknowledged.json()["acknowledgedBy"], "anonymous");
    assert_eq!(post("assign", json!({ "assignee": "ann" })).await.json()["assignee"], "ann");
    assert_eq!(post("mute", json!({ "until": "2001-01-01T00:00:00Z", "reason": "r" })).await.status, 400);
    let muted = post("mute", json!({ "until": "2098-01-01T00:00:00Z", "reason": "r" })).await.json();
    assert_eq!(muted["mutedUntil"], "2098-01-01T00:00:00Z");
    assert_eq!(post("unmute", json!({})).await.json()["mutedUntil"], Value::Null);
    assert_eq!(post("assign", json!({})).await.json()["assignee"], Value::Null);
    let whole = app.get(&issue).await.json();
    let history = whole["history"].as_array().unwrap();
    let kinds: Vec<_> = history.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["assigned", "unmuted", "muted", "assigned", "acknowledged", "opened"]);
    assert_eq!((&whole["version"], &history[4]["detail"]["note"]), (&json!(6), &json!("on my way")));
    assert_eq!(whole["devices"], json!([]));

    let closed = app.post(&format!("/api/v1/issues/{ID}1/acknowledge"), &json!({})).await;
    assert_eq!((closed.status.as_u16(), closed.json()["code"].clone()), (409, json!("ISSUE_CLOSED")));
    let unknown = app.get("/api/v1/issues/0192f0c5-0000-7000-8000-0000000000ff").await;
    assert_eq!((unknown.status.as_u16(), unknown.json()["code"].clone()), (404, json!("ISSUE_NOT_FOUND")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_counts_its_devices_and_lists_them_in_pages() {
    let app = TestApp::start().await;
    issues(&app, &app.station().await).await;
    let issue = format!("/api/v1/issues/{ID}2");
    app.database
        .execute(&format!(
            "update issues set key = 'offline gateway g', cause = 'offline', gateway_id = 'g', station_id = null, charge_point_id = null,
                               connector_id = null, operator_id = null where id = '{ID}2';
             insert into issue_devices (issue_id, charge_point_id, operator_id, joined_at, left_at)
             select '{ID}2', 'CP-' || (1000 + n), 'op-' || n % 2, now(), case when n % 4 = 0 then now() end
             from generate_series(1, 120) as n;
             insert into issue_events (issue_id, number, at, kind, by, detail)
             select '{ID}2', n, now(), 'acknowledged', 'ann', '{{}}' from generate_series(2, 130) as n;
             update issues set version = 130 where id = '{ID}2'"
        ))
        .await;
    let whole = app.get(&issue).await.json();
    assert_eq!((&whole["deviceCount"], &whole["currentDeviceCount"]), (&json!(120), &json!(90)));
    let length = |list: &str| whole[list].as_array().unwrap().len();
    assert_eq!((length("devices"), length("history"), &whole["version"]), (100, 100, &json!(130)));
    for (path, key, count) in [
        ("devices?limit=50", "chargePointId", 120),
        ("devices?limit=50&current=true", "chargePointId", 90),
        ("devices?limit=50&current=false", "chargePointId", 30),
        ("history?limit=50", "number", 130),
    ] {
        let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
        for _page in 0..4 {
            let page = app.get(&format!("{issue}/{path}&cursor={cursor}")).await.json();
            let items = page["items"].as_array().unwrap();
            assert!(items.iter().all(|item| seen.insert(item[key].to_string())), "{path}: listed twice");
            let Some(next) = page["nextCursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(seen.len(), count, "{path}");
    }
    assert_eq!(app.get(&format!("{issue}/devices?cursor=x")).await.status, 400);
    let unknown = app.get("/api/v1/issues/0192f0c5-0000-7000-8000-0000000000ff/devices").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_shows_what_was_tried_with_the_commands() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-2").await;
    issues(&app, &app.station().await).await;
    let command = "0192f0c5-0000-7000-8000-0000000000c1";
    app.database
        .execute(&format!(
            "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                   expires_at, life)
             values ('{command}', '{pile}', 'CP-2', 'Reset', '{{}}', 'confirmed', 'gateway-0', 0, now(), now(), '{{\"trail\": []}}');
             insert into issue_attempts (issue_id, number, step, command_id, charge_point_id, at, refusal)
             values ('{ID}2', 1, 'trigger', gen_random_uuid(), 'CP-2', '2026-03-01T09:40:00Z', 'CONNECTOR_NOT_AVAILABLE'),
                    ('{ID}2', 2, 'softReset', '{command}', 'CP-2', '2026-03-01T09:45:00Z', null),
                    ('{ID}2', 3, 'hardReset', gen_random_uuid(), 'CP-2', '2026-03-01T09:50:00Z', null)",
            pile = id(&pile)
        ))
        .await;
    let attempt = |number: u32, step: &str, at: &str, command: Option<&str>, state: Option<&str>| json!({ "number": number, "step": step, "at": at, "commandId": command, "state": state, "refusal": null });
    let mut refused = attempt(1, "trigger", "2026-03-01T09:40:00Z", None, None);
    refused["refusal"] = json!("CONNECTOR_NOT_AVAILABLE");
    let sent = attempt(2, "softReset", "2026-03-01T09:45:00Z", Some(command), Some("confirmed"));
    let pending = attempt(3, "hardReset", "2026-03-01T09:50:00Z", None, None);
    let whole = app.get(&format!("/api/v1/issues/{ID}2")).await.json();
    assert_eq!(whole["attempts"], json!([refused, sent, pending]));
    assert_eq!(app.get(&format!("/api/v1/issues/{ID}3")).await.json()["attempts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_shows_whether_the_ladder_is_on_and_why_it_waits() {
    let app = TestApp::start().await;
    app.pile("CP-2").await;
    issues(&app, &app.station().await).await;
    let recovery = async || app.get(&format!("/api/v1/issues/{ID}2")).await.json()["recovery"].clone();
    let shown = |state: &str, step: Option<&str>, until: Option<&str>| json!({ "state": state, "step": step, "until": until });
    assert_eq!(recovery().await, shown("off", None, None));
    app.database
        .execute(
            "insert into issue_recovery (name, passed_at, is_suspended, pause_s, last_step, device_steps_per_day)
             values ('ladder', now() + interval '1 hour', false, 300, 'hardReset', 10)",
        )
        .await;
    assert_eq!(recovery().await, shown("offline", Some("trigger"), None), "the device was never heard");
    let mute = json!({ "until": "2098-01-01T00:00:00Z", "reason": "r" });
    assert_eq!(app.post(&format!("/api/v1/issues/{ID}2/mute"), &mute).await.status, 200);
    assert_eq!(recovery().await, shown("muted", Some("trigger"), Some("2098-01-01T00:00:00Z")));
    app.database.execute("update issue_recovery set is_suspended = true").await;
    assert_eq!(recovery().await, shown("suspended", None, None));
    let closed = app.get(&format!("/api/v1/issues/{ID}1")).await.json();
    assert_eq!(closed["recovery"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_window_is_recorded_listed_and_ended_once() {
    let app = TestApp::start().await;
    let station = app.station().await;
    let body = json!({ "stationId": id(&station), "endsAt": "2098-01-01T00:00:00Z", "beginsAt": "2097-12-31T00:00:00Z",
                       "reason": "new cable" });
    let made = app.post("/api/v1/maintenance-windows", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(app.get(&path).await.json(), made.json());
    let listed = app.get(&format!("/api/v1/maintenance-windows?stationId={}", id(&station))).await.json();
    assert_eq!(ids(&listed), [id(&path)]);
    let ended = app.post(&format!("{path}/end"), &json!({})).await.json();
    assert_eq!(ended["endsAt"], "2097-12-31T00:00:00Z", "it never applies");
    let again = app.post(&format!("{path}/end"), &json!({})).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["code"].clone()),
        (409, json!("MAINTENANCE_WINDOW_ENDED"))
    );

    let long = json!({ "stationId": id(&station), "endsAt": "2098-01-01T00:00:00Z", "reason": "r" });
    assert_eq!(app.post("/api/v1/maintenance-windows", &long).await.status, 400, "longer than 31 days");
    let nowhere =
        json!({ "endsAt": "2098-01-01T00:00:00Z", "beginsAt": "2097-12-31T00:00:00Z", "reason": "r" });
    assert_eq!(app.post("/api/v1/maintenance-windows", &nowhere).await.status, 400);
    let mut unknown = nowhere;
    unknown["stationId"] = json!("0192f0c5-0000-7000-8000-0000000000ff");
    let unknown = app.post("/api/v1/maintenance-windows", &unknown).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.json()["code"].clone()),
        (404, json!("MAINTENANCE_PLACE_NOT_FOUND"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_the_whole_issue_after_each_edit() {
    let app = TestApp::start().await;
    let station = app.station().await;
    issues(&app, &station).await;
    let types = "types=charging.issue.changed.v1";
    let mut all = Follower::start(&app, &format!("?{types}"), None).await;
    let assign = |number: u32| format!("/api/v1/issues/{ID}{number}/assign");
    for number in [2, 3] {
        assert_eq!(app.post(&assign(number), &json!({ "assignee": "ann" })).await.status, 200);
    }
    let event = all.next().await.unwrap();
    assert_eq!(
        (event.kind.as_str(), &event.data["subject"]),
        ("charging.issue.changed.v1", &json!(format!("{ID}2")))
    );
    // The body has the fields of the API's issue, with the id under its name in the feed.
    let mut data = event.data["data"].clone();
    data["id"] = data["issueId"].take();
    let mut whole = app.get(&format!("/api/v1/issues/{ID}2")).await.json();
    for only_in_the_api in ["attempts", "recovery", "history", "devices", "deviceCount", "currentDeviceCount"]
    {
        whole.as_object_mut().unwrap().remove(only_in_the_api);
    }
    data.as_object_mut().unwrap().remove("issueId");
    assert_eq!(data, whole);
    for filter in ["chargePointId=CP-3", &format!("stationId={}&chargePointId=CP-3", id(&station))] {
        let mut filtered = Follower::start(&app, &format!("?{types}&{filter}"), Some("0-0")).await;
        assert_eq!(filtered.next().await.unwrap().data["subject"], format!("{ID}3"), "{filter}");
    }
    let also = "?chargePointId=CP-3&alsoTypes=charging.issue.changed.v1";
    let mut also = Follower::start(&app, also, Some("0-0")).await;
    assert_eq!(also.next().await.unwrap().data["subject"], format!("{ID}2"), "also those of other devices");
    assert_eq!(app.get("/api/v1/feed?alsoTypes=x").await.status, 400);
}
