//! Bindings of tariffs.

use super::lists::flat;
use crate::app::{TestApp, id};
use insta::assert_snapshot;
use serde_json::{Value, json};

const BINDINGS: &str = "/api/v1/tariffs/bindings";

#[tokio::test(flavor = "multi_thread")]
async fn creates_lists_and_ends_a_binding() {
    let app = TestApp::start().await;
    let (tariff, pile) = (app.tariff(&flat("0.7")).await, app.pile("CP-1").await);
    let subject = json!({ "level": "connector", "pileId": id(&pile), "connectorId": 2 });
    let body =
        json!({ "tariffId": id(&tariff), "subject": subject, "effectiveFrom": "2098-01-01T08:00:00+08:00" });
    let made = app.post(BINDINGS, &body).await;
    assert_snapshot!(made.snapshot(), @r#"
    201 Created
    content-type: application/json
    location: /api/v1/tariffs/bindings/[id 1]

    {
      "createdAt": "[now]",
      "createdBy": "anonymous",
      "effectiveFrom": "2098-01-01T00:00:00Z",
      "effectiveUntil": null,
      "endedAt": null,
      "endedBy": null,
      "id": "[id 1]",
      "subject": {
        "connectorId": 2,
        "level": "connector",
        "pileId": "[id 2]"
      },
      "tariffId": "[id 3]"
    }
    "#);
    let path = made.header("location").unwrap();
    assert_eq!(app.get(path).await.json(), made.json());
    app.bind(&tariff, &json!({ "level": "platform" })).await;

    let listed = async |query: &str| {
        let page = app.get(&format!("{BINDINGS}?{query}")).await;
        let page = page.json();
        page["items"].as_array().unwrap_or_else(|| panic!("{page}")).len()
    };
    let (tariff, pile) = (id(&tariff), id(&pile));
    assert_eq!(listed("").await, 2);
    assert_eq!(listed("level=platform").await, 1);
    assert_eq!(listed(&format!("tariffId={tariff}&level=connector&pileId={pile}&connectorId=2")).await, 1);
    assert_eq!(listed(&format!("level=connector&pileId={pile}&connectorId=1")).await, 0);
    assert_eq!(listed(&format!("level=pile&pileId={pile}")).await, 0);
    for wrong in [
        "level=moon",
        "level=platform&stationId=1",
        "pileId=x&level=pile",
        "stationId=1",
        "connectorId=1",
        "level=pile",
        "tariffId=x",
    ] {
        assert_eq!(app.get(&format!("{BINDINGS}?{wrong}")).await.status, 400, "{wrong}");
    }

    let end = format!("{path}/end");
    let ended = app.post(&end, &json!({ "effectiveUntil": "2098-02-01T00:00:00Z" })).await.json();
    assert_eq!(ended["effectiveUntil"], "2098-02-01T00:00:00Z");
    let later = app.post(&end, &json!({ "effectiveUntil": "2098-03-01T00:00:00Z" })).await;
    assert_eq!(
        (later.status.as_u16(), later.json()["code"].clone()),
        (409, json!("TARIFF_BINDING_ENDS_EARLIER"))
    );
    assert_eq!(later.json()["detail"], "the binding ends at 2098-02-01T00:00:00Z");
    let never = app.post(&end, &json!({})).await.json();
    assert_eq!(never["effectiveUntil"], never["effectiveFrom"], "the binding never applies");
    for nowhere in ["x", "0192f0b0-0000-7000-8000-000000000000"] {
        assert_eq!(
            app.get(&format!("{BINDINGS}/{nowhere}")).await.json()["code"],
            "TARIFF_BINDING_NOT_FOUND"
        );
        let end = app.post(&format!("{BINDINGS}/{nowhere}/end"), &json!({})).await;
        assert_eq!(end.json()["code"], "TARIFF_BINDING_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn explains_why_a_binding_is_refused() {
    let app = TestApp::start().await;
    let tariff = app.tariff(&flat("0.7")).await;
    let station = app.station().await;
    let refused = async |change: Value| {
        let mut body =
            json!({ "tariffId": id(&tariff), "subject": { "level": "station", "stationId": id(&station) } });
        let fields = body.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        let answer = app.post(BINDINGS, &body).await;
        let problem = answer.json();
        let at = problem["errors"][0]["field"].as_str().map(str::to_owned);
        (answer.status.as_u16(), at.unwrap_or_else(|| problem["code"].as_str().unwrap_or("none").to_owned()))
    };
    let is = |status: u16, what: &str| (status, what.to_owned());
    let nowhere = "0192f0b0-0000-7000-8000-000000000000";
    assert_eq!(refused(json!({ "tariffId": nowhere })).await, is(404, "TARIFF_NOT_FOUND"));
    let subject = json!({ "subject": { "level": "pile", "pileId": nowhere } });
    assert_eq!(refused(subject).await, is(404, "TARIFF_SUBJECT_NOT_FOUND"));
    assert_eq!(
        refused(json!({ "effectiveFrom": "2020-01-01T00:00:00Z" })).await,
        is(409, "EFFECTIVE_TIME_PAST")
    );
    assert_eq!(refused(json!({ "effectiveUntil": "2020-01-01T00:00:00Z" })).await, is(400, "effectiveUntil"));
    assert_eq!(refused(json!({ "effectiveFrom": "12026-01-01T00:00:00Z" })).await, is(400, "effectiveFrom"));
    assert_eq!(refused(json!({ "subject": { "level": "moon" } })).await, is(400, "subject"));
    assert_eq!(refused(json!({ "subject": null })).await, is(400, "subject"));
    assert_eq!(refused(json!({})).await, is(201, "none"));

    let details = json!({ "name": "Later", "currency": "CNY" });
    let draft = app.post("/api/v1/tariffs", &details).await;
    let body = json!({ "tariffId": draft.json()["id"], "subject": { "level": "platform" } });
    assert_eq!(app.post(BINDINGS, &body).await.json()["code"], "TARIFF_NOT_ACTIVE");

    let bound = app.delete(&tariff).await;
    assert_eq!((bound.status.as_u16(), bound.json()["code"].clone()), (409, json!("TARIFF_BOUND")));
    let draft_again = app.put(&tariff, &details).await;
    assert_eq!(draft_again.json()["code"], "TARIFF_BOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_an_overlap_names_the_other_binding() {
    let app = TestApp::start().await;
    let (tariff, other) = (app.tariff(&flat("0.7")).await, app.tariff(&flat("0.8")).await);
    let subject = json!({ "level": "operator", "operatorId": "op-7" });
    let until = json!({
        "tariffId": id(&tariff), "subject": subject,
        "effectiveFrom": "2098-01-01T00:00:00Z", "effectiveUntil": "2098-02-01T00:00:00Z"
    });
    let first = app.post(BINDINGS, &until).await;
    let (binding, tariff) = (id(first.header("location").unwrap()), id(&tariff));
    let clashing =
        json!({ "tariffId": id(&other), "subject": subject, "effectiveFrom": "2098-01-31T23:59:59Z" });
    let refused = app.post(BINDINGS, &clashing).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["code"].clone()),
        (409, json!("TARIFF_BINDING_CLASH"))
    );
    let other_is = format!(
        "binding {binding} binds it to tariff {tariff} from 2098-01-01T00:00:00Z until 2098-02-01T00:00:00Z"
    );
    assert_eq!(refused.json()["detail"], other_is);
    let after =
        json!({ "tariffId": id(&other), "subject": subject, "effectiveFrom": "2098-02-01T00:00:00Z" });
    assert_eq!(app.post(BINDINGS, &after).await.status, 201);
}
