//! Idempotency keys of requests that create stations, piles, tariffs and bindings.

use crate::access::protected;
use crate::answer::Answer;
use crate::app::{TestApp, id, pile};
use crate::tariffs::lists::flat;
use dev_issuer::Issuer;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn create(app: &TestApp, path: &str, key: &str, body: &Value) -> Answer {
    Answer::to(app.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

/// A request for each kind of resource: path and body, and another body that is valid there.
async fn requests(app: &TestApp) -> [(String, Value, Value); 4] {
    let station = app.station().await;
    let tariff = app.tariff(&flat("1")).await;
    let binding = |level: Value| json!({ "tariffId": id(&tariff), "subject": level });
    let of_station = json!({ "level": "station", "stationId": id(&station) });
    let tariff = |name: &str| json!({ "name": name, "currency": "CNY", "status": "Active" });
    [
        ("/api/v1/stations".to_owned(), json!({ "name": "North" }), json!({ "name": "South" })),
        (format!("{station}/piles"), pile("CP-1"), pile("CP-2")),
        ("/api/v1/tariffs".to_owned(), tariff("Day"), tariff("Night")),
        ("/api/v1/tariffs/bindings".to_owned(), binding(json!({ "level": "platform" })), binding(of_station)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_creates_nothing() {
    let app = TestApp::start().await;
    for (number, (path, body, other)) in requests(&app).await.into_iter().enumerate() {
        let key = format!("key-{number}");
        let first = create(&app, &path, &key, &body).await;
        assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, None), "{path}");
        let again = create(&app, &path, &key, &body).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (201, Some("true")),
            "{path}"
        );
        assert_eq!(again.header("location"), first.header("location"), "{path}");
        assert_eq!(again.header("etag"), first.header("etag"), "{path}");
        let reused = create(&app, &path, &key, &other).await;
        assert_eq!(reused.status, 422, "{}", reused.text());
        assert!(reused.text().contains("IDEMPOTENCY_KEY_REUSED"), "{}", reused.text());
        let unrelated = create(&app, &path, &format!("other-{number}"), &other).await;
        assert_eq!(unrelated.status, 201, "{}", unrelated.text());
        assert_ne!(unrelated.header("location"), first.header("location"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_the_key_free() {
    let app = TestApp::start().await;
    let station = app.station().await;
    let path = format!("{station}/piles");
    assert_eq!(create(&app, &path, "one", &pile("CP-1")).await.status, 201);
    let refused = create(&app, &path, "two", &pile("CP-1")).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(create(&app, &path, "two", &pile("CP-2")).await.status, 201);
    assert_eq!(create(&app, &path, "a key", &pile("CP-3")).await.status, 400, "blanks are not allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_with_one_key_create_one_resource() {
    let app = TestApp::start().await;
    let body = json!({ "name": "North" });
    let twins = (0..8).map(|_| create(&app, "/api/v1/stations", "order-1", &body));
    let answers = futures_util::future::join_all(twins).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    let places: BTreeSet<_> = answers.iter().map(|answer| answer.header("location").unwrap()).collect();
    assert_eq!(places.len(), 1);
    let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none());
    assert_eq!(first.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_shows_the_resource_as_it_is_now() {
    let app = TestApp::start().await;
    let body = json!({ "name": "North" });
    let first = create(&app, "/api/v1/stations", "order-1", &body).await;
    let station = first.header("location").unwrap().to_owned();
    app.put(&station, &json!({ "name": "North gate" })).await;
    let again = create(&app, "/api/v1/stations", "order-1", &body).await;
    assert_eq!((again.status.as_u16(), again.header("etag")), (201, Some("\"2\"")));
    assert!(again.text().contains("North gate"), "{}", again.text());
    app.delete(&station).await;
    let gone = create(&app, "/api/v1/stations", "order-1", &body).await;
    assert_eq!(gone.status, 404, "{}", gone.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_callers_may_use_the_same_key() {
    let issuer = Issuer::generate().unwrap();
    let app = protected(&issuer).await;
    let body = json!({ "name": "North" });
    let mut places = BTreeSet::new();
    for subject in ["order-service", "desk"] {
        let token = issuer.sign(&Issuer::claims(subject, "assets:write")).unwrap();
        let request = app.request(Method::POST, "/api/v1/stations").bearer_auth(token);
        let made = Answer::to(request.header("idempotency-key", "order-1").json(&body)).await;
        assert_eq!((made.status.as_u16(), made.header("idempotent-replayed")), (201, None));
        places.insert(made.header("location").unwrap().to_owned());
    }
    assert_eq!(places.len(), 2);
}
