//! `/api/v1/tariffs`: tariffs, their drafts and versions.

mod approval;
mod bindings;
mod exchange;
pub mod lists;

use crate::answer::Answer;
use crate::app::{TestApp, id};
use crate::follower::Follower;
use chrono::TimeDelta;
use insta::assert_snapshot;
use lists::{band, daily, flat};
use reqwest::Method;
use serde_json::{Value, json};

const TARIFFS: &str = "/api/v1/tariffs";

async fn matching(app: &TestApp, method: Method, path: &str, etag: &str, body: &Value) -> Answer {
    Answer::to(app.request(method, path).header("if-match", etag).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_edits_audits_and_retires_a_tariff() {
    let app = TestApp::start().await;
    let made = app.post(TARIFFS, &json!({ "name": " 浦东 ", "operatorId": "op-7", "currency": "CNY" })).await;
    assert_snapshot!(made.snapshot(), @r#"
    201 Created
    content-type: application/json
    location: /api/v1/tariffs/[id 1]
    etag: "1"

    {
      "awaitsApproval": false,
      "changeRule": "FrozenAtStart",
      "createdAt": "[now]",
      "currency": "CNY",
      "id": "[id 1]",
      "name": "浦东",
      "operatorId": "op-7",
      "retiredAt": null,
      "status": "Draft",
      "updatedAt": "[now]",
      "version": 1
    }
    "#);
    let path = made.header("location").unwrap();
    assert_eq!(app.get(path).await.json(), made.json());

    let patch = json!({ "status": "Active", "operatorId": null });
    let patched = matching(&app, Method::PATCH, path, "\"1\"", &patch).await.json();
    assert_eq!((&patched["status"], &patched["operatorId"]), (&json!("Active"), &Value::Null));
    let stale = matching(&app, Method::PATCH, path, "\"1\"", &patch).await;
    assert_eq!((stale.status.as_u16(), stale.json()["code"].clone()), (412, json!("VERSION_MISMATCH")));
    let full =
        json!({ "name": "East", "currency": "USD", "status": "Active", "changeRule": "ByConsumption" });
    let replaced = app.put(path, &full).await;
    assert_eq!((replaced.header("etag").unwrap(), &replaced.json()["currency"]), ("\"3\"", &json!("USD")));

    let listed = async |query: &str| {
        let page = app.get(&format!("{TARIFFS}{query}")).await.json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (listed("").await, listed("?status=Draft").await, listed("?operatorId=op-7").await),
        (1, 0, 0)
    );
    assert_eq!(app.delete(path).await.status, 204);
    assert_eq!((listed("").await, listed("?retired=true").await), (0, 1));
    assert_eq!(app.get(path).await.json()["code"], "TARIFF_NOT_FOUND");
    let audit = app.get(&format!("{path}/audit")).await.json();
    let actions: Vec<_> = audit["items"].as_array().unwrap().iter().map(|edit| &edit["action"]).collect();
    assert_eq!(actions, ["retired", "updated", "updated", "created"]);
    assert_eq!(audit["items"][2]["changed"], json!(["operatorId", "status"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_all_faults_of_a_tariff() {
    let app = TestApp::start().await;
    let wrong = json!({ "currency": "YUAN", "status": "Retired", "changeRule": 1, "price": "1" });
    assert_snapshot!(app.post(TARIFFS, &wrong).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "name",
          "message": "is required"
        },
        {
          "field": "currency",
          "message": "must be the ISO 4217 code of a currency in use, such as CNY"
        },
        {
          "field": "status",
          "message": "must be one of Draft, Active"
        },
        {
          "field": "changeRule",
          "message": "must be a string"
        },
        {
          "field": "price",
          "message": "is not recognized"
        }
      ],
      "instance": "/api/v1/tariffs",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_a_draft_honor_if_match() {
    let app = TestApp::start().await;
    let made = app.post(TARIFFS, &json!({ "name": "Day", "currency": "CNY", "status": "Active" })).await;
    let path = made.header("location").unwrap();
    let draft = format!("{path}/draft");
    assert_eq!(app.get(&draft).await.json()["code"], "TARIFF_DRAFT_NOT_FOUND");
    let put = app.put(&draft, &flat("0.7055")).await;
    assert_snapshot!(put.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "1"

    {
      "approvalRequired": false,
      "createdAt": "[now]",
      "createdBy": "anonymous",
      "number": 1,
      "priceList": {
        "schedules": [
          {
            "bands": [
              {
                "electricityPrice": "0.7055",
                "from": "00:00",
                "kind": "flat",
                "serviceFee": "0.80",
                "to": "24:00"
              }
            ]
          }
        ],
        "timeZone": "Asia/Shanghai"
      },
      "proposal": null,
      "revision": 1,
      "tariffId": "[id 1]",
      "updatedAt": "[now]",
      "updatedBy": "anonymous"
    }
    "#);
    assert_eq!(
        matching(&app, Method::PUT, &draft, "\"1\"", &flat("0.8")).await.header("etag"),
        Some("\"2\"")
    );
    let stale = matching(&app, Method::PUT, &draft, "\"1\"", &flat("0.9")).await;
    assert_eq!((stale.status.as_u16(), &stale.json()["code"]), (412, &json!("VERSION_MISMATCH")));
    assert_eq!(app.get(&draft).await.json()["priceList"], flat("0.8"));
    let fixed = app.put(path, &json!({ "name": "Day", "currency": "USD" })).await;
    assert_eq!(fixed.json()["code"], "TARIFF_CURRENCY_FIXED");
}

/// Two users who begin the first draft of a tariff at once: the second one does not replace it.
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_only_created_with_if_none_match() {
    let app = TestApp::start().await;
    let made = app.post(TARIFFS, &json!({ "name": "Day", "currency": "CNY", "status": "Active" })).await;
    let draft = format!("{}/draft", made.header("location").unwrap());
    let send = async |headers: &[(&str, &str)]| {
        let request = app.request(Method::PUT, &draft).json(&flat("0.7"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = Answer::to(request).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().map(str::to_owned))
    };
    let stale = (412, Some("VERSION_MISMATCH".to_owned()));
    let only_create = ("if-none-match", "*");
    let unknown = (400, Some("INVALID_REQUEST".to_owned()));
    assert_eq!(send(&[("if-none-match", "\"1\"")]).await, unknown);
    assert_eq!(send(&[only_create, only_create]).await, unknown, "it is given once");
    assert_eq!(send(&[only_create, ("if-match", "\"1\"")]).await.0, 404, "no draft is both");
    assert_eq!(send(&[("if-match", "\"0\"")]).await.0, 404, "no revision has this number");
    assert_eq!(send(&[only_create]).await, (200, None));
    assert_eq!(send(&[only_create]).await, stale);
    assert_eq!(send(&[only_create, ("if-match", "\"1\"")]).await, stale);
    assert_eq!(send(&[("if-match", "\"1\"")]).await, (200, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_never_changes() {
    let app = TestApp::start().await;
    let made = app.post(TARIFFS, &json!({ "name": "Day", "currency": "CNY", "status": "Active" })).await;
    let path = made.header("location").unwrap();
    let draft = format!("{path}/draft");
    app.put(&draft, &flat("0.7")).await;
    app.put(&draft, &flat("0.8")).await;
    let publish = format!("{draft}/publish");
    let past = app.post(&publish, &json!({ "effectiveFrom": "2020-01-01T00:00:00Z" })).await;
    assert_eq!((past.status.as_u16(), &past.json()["code"]), (409, &json!("EFFECTIVE_TIME_PAST")));
    let stale = matching(&app, Method::POST, &publish, "\"1\"", &json!({})).await;
    assert_eq!(stale.status, 412);
    let published = matching(&app, Method::POST, &publish, "\"2\"", &json!({})).await;
    assert_snapshot!(published.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "createdAt": "[now]",
      "createdBy": "anonymous",
      "effectiveFrom": "[now]",
      "number": 1,
      "priceList": {
        "schedules": [
          {
            "bands": [
              {
                "electricityPrice": "0.8",
                "from": "00:00",
                "kind": "flat",
                "serviceFee": "0.80",
                "to": "24:00"
              }
            ]
          }
        ],
        "timeZone": "Asia/Shanghai"
      },
      "publishedAt": "[now]",
      "publishedBy": "anonymous",
      "state": "InForce",
      "supersededFrom": null,
      "tariffId": "[id 1]"
    }
    "#);
    assert_eq!(app.post(&publish, &json!({})).await.json()["code"], "TARIFF_DRAFT_NOT_FOUND");
    assert_eq!(app.delete(&draft).await.json()["code"], "TARIFF_DRAFT_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_supersedes_the_earlier_one() {
    let app = TestApp::start().await;
    let path = app.tariff(&flat("0.8")).await;
    let (path, draft) = (path.as_str(), format!("{path}/draft"));
    let publish = format!("{draft}/publish");
    let later = json!({ "effectiveFrom": "2098-01-01T00:00:00Z" });
    app.publish(path, &flat("0.9"), &later).await;
    app.put(&draft, &flat("1")).await;
    let taken = app.post(&publish, &later).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["code"]), (409, &json!("TARIFF_VERSION_INSTANT_TAKEN")));
    let versions = app.get(&format!("{path}/versions")).await.json();
    let states: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|version| &version["state"]).collect();
    assert_eq!(states, ["Draft", "Scheduled", "InForce"]);
    assert_eq!(versions["items"][2]["supersededFrom"], "2098-01-01T00:00:00Z");
    assert_eq!(app.delete(&draft).await.status, 204);
    let first = app.get(&format!("{path}/versions/1")).await;
    assert_eq!((first.json()["priceList"].clone(), first.status.as_u16()), (flat("0.8"), 200));
    for unknown in ["0", "3", "x", "99999999999"] {
        let answer = app.get(&format!("{path}/versions/{unknown}")).await;
        assert_eq!(answer.json()["code"], "TARIFF_VERSION_NOT_FOUND", "{unknown}");
    }
    let pages = app.get(&format!("{path}/versions?limit=1")).await.json();
    let next = pages["nextCursor"].as_str().unwrap();
    let last = app.get(&format!("{path}/versions?cursor={next}")).await.json();
    assert_eq!((last["items"][0]["number"].clone(), last["nextCursor"].clone()), (json!(1), Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn validating_and_saving_a_price_list_report_the_same_faults() {
    let app = TestApp::start().await;
    let mut wrong = daily(&[
        band("00:00", "07:00", "valley", "0.3"),
        band("06:00", "08:00", "dear", "-1"),
        band("09:00", "24:00", "flat", "700"),
    ]);
    wrong["timeZone"] = "Asia/Pudong".into();
    let dry = app.post("/api/v1/tariffs/validate", &json!({ "currency": "CNY", "priceList": wrong })).await;
    assert_snapshot!(dry.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "findings": [
        {
          "field": "timeZone",
          "message": "must be the name of an IANA time zone, such as Asia/Shanghai"
        },
        {
          "field": "schedules[0].bands[1].kind",
          "message": "must be sharp, peak, flat or valley"
        },
        {
          "field": "schedules[0].bands[1].electricityPrice",
          "message": "must not be negative"
        },
        {
          "field": "schedules[0].bands[2].electricityPrice",
          "message": "must be at most 100; check the decimal point"
        },
        {
          "field": "schedules[0].bands[1]",
          "message": "overlaps bands[0] from 06:00 to 07:00"
        },
        {
          "field": "schedules[0].bands",
          "message": "no band from 08:00 to 09:00"
        }
      ],
      "valid": false
    }
    "#);
    let made = app.post(TARIFFS, &json!({ "name": "Day", "currency": "CNY" })).await;
    let saved = app.put(&format!("{}/draft", made.header("location").unwrap()), &wrong).await;
    assert_eq!(
        (saved.status.as_u16(), saved.json()["errors"].clone()),
        (400, dry.json()["findings"].clone())
    );

    let right =
        app.post("/api/v1/tariffs/validate", &json!({ "currency": "CNY", "priceList": flat("0.7") })).await;
    assert_eq!(right.json(), json!({ "valid": true, "findings": [] }));
    let shapeless = json!({ "currency": "CNY", "priceList": { "timeZone": "UTC", "schedules": [{ "bands": [{ "from": 7 }] }] } });
    let shapeless = app.post("/api/v1/tariffs/validate", &shapeless).await;
    assert_eq!(shapeless.json()["errors"][0]["field"], "priceList.schedules[0].bands[0].from");
    let currency =
        app.post("/api/v1/tariffs/validate", &json!({ "currency": "XXX", "priceList": flat("0.7") })).await;
    assert_eq!(currency.json()["errors"][0]["field"], "currency");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_the_largest_price_list() {
    let app = TestApp::start().await;
    let quarters: Vec<_> = (0..96)
        .map(|quarter| {
            let clock = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
            band(&clock(quarter), &clock(quarter + 1), "valley", "0.315812")
        })
        .collect();
    let mut list = daily(&quarters);
    let last = list["schedules"][0].clone();
    let season = json!({ "seasons": [{ "from": "07-01", "to": "08-31" }], "weekdays": ["Wednesday"], "bands": last["bands"] });
    list["schedules"] = std::iter::repeat_n(season, 15).chain([last]).collect();
    assert!(list.to_string().len() > 100_000);
    app.tariff(&list).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_changes_of_tariffs_on_the_feed() {
    let database = testkit::TestDatabase::new().await;
    let mut settings = crate::app::settings(&database);
    settings.feed.poll_ms = 10;
    settings.tariffs.activation_poll_ms = 20.try_into().unwrap();
    let app = TestApp::start_with(database, settings).await;
    let mut follower = Follower::start(&app, "", None).await;
    let path = app.tariff(&flat("0.7")).await;
    let binding = app.bind(&path, &json!({ "level": "platform" })).await;
    app.post(&format!("{binding}/end"), &json!({})).await;
    let soon = runtime::clock::now() + TimeDelta::seconds(3);
    app.publish(&path, &flat("0.8"), &json!({ "effectiveFrom": soon })).await;
    let mut changes = Vec::new();
    for _ in 0..7 {
        let event = follower.next().await.unwrap();
        let (data, kind) = (&event.data["data"], event.kind.split('.').nth(2).unwrap());
        assert_eq!(data["tariffId"], id(&path), "{event:?}");
        changes.push(format!("{} {} {}", kind, data["action"].as_str().unwrap(), data["prices"]["number"]));
    }
    assert_eq!(
        changes,
        [
            "changed created null",
            "changed published 1",
            "changed activated 1",
            "binding_changed made null",
            "binding_changed ended null",
            "changed published 2",
            "changed activated 2",
        ]
    );
}
