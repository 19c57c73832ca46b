//! Where sessions belong when charge points are replaced, piles move, and stations change operators;
//! and sessions that an operator ends.

use crate::answer::Answer;
use crate::app::{TestApp, id, pile};
use domain::ids::SessionId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A fixture of one station with a pile, whose charge point `CP-1` has an open session.
struct Site {
    app: TestApp,
    station: String,
    pile: String,
    session: String,
}

impl Site {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let station = app.station().await;
        let created = app.post(&format!("{station}/piles"), &pile("CP-1")).await;
        let pile = created.header("location").unwrap().to_owned();
        let session = charge(&app, "CP-1", "now() - interval '1 hour'").await;
        Self { app, station, pile, session }
    }

    async fn place(&self, session: &str) -> Value {
        let found = self.app.get(&format!("/api/v1/sessions/{session}")).await.json();
        json!([found["pileId"], found["stationId"], found["operatorId"]])
    }

    /// The ids of the sessions that a query finds.
    async fn sessions(&self, path: &str) -> Vec<String> {
        let found = self.app.get(path).await;
        assert_eq!(found.status, 200, "{}", found.text());
        let items = found.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn retire(&self) -> u16 {
        self.app.delete(&self.pile).await.status.as_u16()
    }
}

/// Opens a session of a device as event-ingestor does, and returns its id.
async fn charge(app: &TestApp, device: &str, at: &str) -> String {
    let session = SessionId(Uuid::now_v7());
    app.database
        .execute(&format!(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('{device}', true, now())
             on conflict do nothing;
             insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, meter_start_wh, started_by)
             values ('{session}', '{device}', 1, '634', {at}, 1000, 'event')"
        ))
        .await;
    session.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burnt_device_is_replaced_during_its_session() {
    let site = Site::new().await;
    let (app, path) = (&site.app, &site.pile);
    let put = app.put(path, &pile("CP-2")).await;
    assert_eq!((put.status.as_u16(), &put.json()["code"]), (409, &json!("PILE_HAS_OPEN_SESSION")));

    let body = json!({ "chargePointId": "CP-2", "reason": "burnt" });
    let replaced = app.post(&format!("{path}/replace-charge-point"), &body).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    assert_eq!((&replaced.json()["chargePointId"], &replaced.json()["version"]), (&json!("CP-2"), &json!(2)));
    let again = app.post(&format!("{path}/replace-charge-point"), &body).await;
    assert_eq!((again.status.as_u16(), &again.json()["code"]), (409, &json!("PILE_UNCHANGED")));

    let next = charge(app, "CP-2", "now() + interval '1 second'").await;
    let both = site.sessions(&format!("{path}/sessions")).await;
    assert_eq!(both, [next.clone(), site.session.clone()], "a pile has the sessions of all its devices");
    let expected = json!([id(path), id(&site.station), null]);
    assert_eq!((site.place(&site.session).await, site.place(&next).await), (expected.clone(), expected));

    let audit = app.get(&format!("{path}/audit?limit=1")).await.json();
    let edit = &audit["items"][0];
    assert_eq!((&edit["reason"], &edit["changed"]), (&json!("burnt"), &json!(["chargePointId"])));
    let placements = app.get(&format!("{path}/placements")).await.json();
    let devices: Vec<_> = placements["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["chargePointId"].clone(), item["from"].is_null(), item["until"].is_null()))
        .collect();
    assert_eq!(devices, [(json!("CP-2"), false, true), (json!("CP-1"), true, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_moves_takes_nothing_with_it() {
    let site = Site::new().await;
    let app = &site.app;
    let body = json!({ "chargePointId": "CP-2", "reason": "swap" });
    app.post(&format!("{}/replace-charge-point", site.pile), &body).await;
    let other = app.pile("CP-1").await;
    assert!(site.sessions(&format!("{other}/sessions")).await.is_empty());
    let live = app.get(&other).await.json();
    assert!(live["connectors"].as_array().unwrap().iter().all(|connector| connector["sessionId"].is_null()));
    let late = charge(app, "CP-1", "now() - interval '10 minutes'").await;
    assert_eq!(site.place(&late).await[0], id(&site.pile), "a late event counts where the device was");
    let new = charge(app, "CP-1", "now() + interval '1 second'").await;
    assert_eq!(site.sessions(&format!("{other}/sessions")).await, [new]);
}

#[tokio::test(flavor = "multi_thread")]
async fn past_sessions_stay_with_the_former_station_and_operator() {
    let site = Site::new().await;
    let app = &site.app;
    let operated = |operator: &str| json!({ "name": "A", "operatorId": operator });
    assert_eq!(app.put(&site.station, &operated("op-1")).await.status, 200);
    let of_first = charge(app, "CP-1", "now() + interval '1 second'").await;
    // The next edit is later than that session.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(app.put(&site.station, &operated("op-2")).await.status, 200);
    let of_second = charge(app, "CP-1", "now() + interval '1 second'").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let target = app.station().await;
    let body = json!({ "stationId": id(&target), "reason": "site closed" });
    let moved = app.post(&format!("{}/move", site.pile), &body).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    assert_eq!(moved.json()["stationId"], id(&target));
    let at_target = charge(app, "CP-1", "now() + interval '1 second'").await;

    let (pile, station) = (id(&site.pile), id(&site.station));
    assert_eq!(site.place(&site.session).await, json!([pile, station, null]));
    assert_eq!(site.place(&of_first).await, json!([pile, station, "op-1"]));
    assert_eq!(site.place(&of_second).await, json!([pile, station, "op-2"]));
    assert_eq!(site.place(&at_target).await, json!([pile, id(&target), null]));
    let list = "/api/v1/sessions";
    assert_eq!(site.sessions(&format!("{list}?operatorId=op-1")).await, std::slice::from_ref(&of_first));
    assert_eq!(
        site.sessions(&format!("{list}?stationId={station}&limit=2")).await,
        [of_second.clone(), of_first.clone()]
    );
    assert_eq!(
        site.sessions(&format!("{list}?pileId={pile}&state=open")).await,
        [at_target, of_second, of_first, site.session.clone()]
    );
    let audit = app.get(&format!("{}/audit?limit=1", site.pile)).await.json();
    let edit = &audit["items"][0];
    assert_eq!(edit["changed"], json!(["stationId"]));
    assert_eq!(
        (&edit["before"]["stationId"], &edit["after"]["stationId"]),
        (&json!(station), &json!(id(&target)))
    );
    let missing = json!({ "stationId": Uuid::now_v7(), "reason": "r" });
    assert_eq!(app.post(&format!("{}/move", site.pile), &missing).await.json()["code"], "STATION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_from_before_the_registration_belong_to_the_first_pile() {
    let app = TestApp::start().await;
    let early = charge(&app, "CP-7", "'2026-07-25T10:00:00Z'").await;
    let path = format!("/api/v1/sessions/{early}");
    assert!(app.get(&path).await.json()["pileId"].is_null());
    let pile = app.pile("CP-7").await;
    assert_eq!(app.get(&path).await.json()["pileId"], id(&pile));
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_sessions_by_every_parameter() {
    let site = Site::new().await;
    let command = Uuid::now_v7();
    // Stored in two parts.
    let (head, rest) = ("3f2504e0-4f89-11d3-9", "a0c-0305e82c3301");
    site.app
        .database
        .execute(&format!(
            "insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, id_tag_rest, started_at, ended_at,
                                   command_id, started_by)
             values ('{command}', 'CP-9', 2, '700', '{}', '{}', '2026-07-25T10:00:00Z', '2026-07-25T11:00:00Z', '{command}', 'event')",
            head,
            rest
        ))
        .await;
    let other = command.to_string();
    for query in [
        "chargePointId=CP-9".to_owned(),
        format!("idTag={head}{rest}"),
        "transactionId=700".to_owned(),
        format!("commandId={command}"),
        "state=ended".to_owned(),
        "startedFrom=0000-01-01T00:00:00Z&startedUntil=2026-07-25T10:00:00.000001Z".to_owned(),
        "startedFrom=2026-07-25T10:00:00Z&startedUntil=2026-07-26T10:00:00Z".to_owned(),
    ] {
        assert_eq!(
            site.sessions(&format!("/api/v1/sessions?{query}")).await,
            std::slice::from_ref(&other),
            "{query}"
        );
    }
    let first = site.app.get("/api/v1/sessions?limit=1").await.json();
    let next = format!("/api/v1/sessions?limit=1&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(site.sessions(&next).await, [other]);
    let wrong = site.app.get("/api/v1/sessions?state=closed&idTag=&stationId=7&startedFrom=now").await.json();
    let fields: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["state", "stationId", "idTag", "startedFrom"], "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_session_whose_stop_never_came() {
    let site = Site::new().await;
    let app = &site.app;
    assert_eq!(site.retire().await, 409);
    let end = format!("/api/v1/sessions/{}/end", site.session);
    let below = app.post(&end, &json!({ "reason": "r", "meterStopWh": 999 })).await;
    assert_eq!((below.status.as_u16(), &below.json()["code"]), (409, &json!("REGISTER_BELOW_START")));
    let ended = app.post(&end, &json!({ "reason": "burnt", "meterStopWh": 4_000 })).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    let session = ended.json();
    assert_eq!((&session["endReason"], &session["energyWh"]), (&json!("EndedByOperator"), &json!(3_000.0)));
    assert_eq!(session["endIssuedBy"], "anonymous");
    let again = app.post(&end, &json!({ "reason": "r" })).await;
    assert_eq!((again.status.as_u16(), &again.json()["code"]), (409, &json!("SESSION_ENDED")));
    let unknown = format!("/api/v1/sessions/{}/end", Uuid::now_v7());
    assert_eq!(app.post(&unknown, &json!({ "reason": "r" })).await.status, 404);
    assert_eq!(app.post(&end, &json!({})).await.json()["errors"][0]["field"], "reason");
    assert_eq!(site.retire().await, 204);
    let audit = app.get(&format!("/api/v1/sessions/{}/audit", site.session)).await.json();
    assert_eq!(
        (&audit["items"][0]["action"], &audit["items"][0]["reason"]),
        (&json!("ended"), &json!("burnt"))
    );
    let recorded = format!(
        "select jsonb_build_array(action, edited_by, reason) from asset_edits where asset_id = '{}'",
        site.session
    );
    assert_eq!(app.database.json(&recorded).await, json!(["ended", "anonymous", "burnt"]));
    let published = "select jsonb_agg(change #>> '{kind,data,pileId}') from feed_chunks, json_array_elements(changes) as change
                     where change #>> '{kind,type}' = 'charging.session.changed.v1'";
    assert_eq!(app.database.json(published).await, json!([id(&site.pile)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_session_never_blocks_a_pile_for_good() {
    let site = Site::new().await;
    let (app, path) = (&site.app, &site.pile);
    let second = charge(app, "CP-1", "now() - interval '3 days'").await;
    let stuck = json!([site.session, second]);
    // A session of another device blocks nothing here.
    let other = charge(app, "CP-9", "now() - interval '3 days'").await;
    let refusals = [
        app.delete(path).await,
        app.put(path, &pile("CP-2")).await,
        Answer::to(app.request(Method::PATCH, path).json(&json!({ "chargePointId": "CP-2" }))).await,
    ];
    for refused in refusals {
        let problem = refused.json();
        assert_eq!((refused.status.as_u16(), &problem["code"]), (409, &json!("PILE_HAS_OPEN_SESSION")));
        assert_eq!(problem["sessionIds"], stuck, "the newest first");
        assert!(
            problem["detail"].as_str().unwrap().contains("/api/v1/sessions/{sessionId}/end"),
            "{problem}"
        );
    }
    let body = json!({ "reason": "its stop never came" });
    for id in stuck.as_array().unwrap() {
        let ended = app.post(&format!("/api/v1/sessions/{}/end", id.as_str().unwrap()), &body).await;
        assert_eq!(ended.status, 200, "{}", ended.text());
        let left = app.delete(path).await;
        let last = id.as_str() == Some(&second);
        assert_eq!(left.status.as_u16(), if last { 204 } else { 409 }, "{}", left.text());
    }
    assert_eq!(app.post(&format!("{path}/restore"), &json!({})).await.status, 200);
    assert_eq!(app.put(path, &pile("CP-2")).await.status, 200);
    // A device that comes with a stuck session blocks the pile that it is in now.
    let moved = app.pile("CP-9").await;
    assert_eq!(app.delete(&moved).await.json()["sessionIds"], json!([other]));
    assert_eq!(app.post(&format!("/api/v1/sessions/{other}/end"), &body).await.status, 200);
    assert_eq!(app.delete(&moved).await.status, 204);
}
