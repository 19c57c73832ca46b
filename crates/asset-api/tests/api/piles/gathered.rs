//! Reads of single piles that arrive together share a query; each caller gets what it would get alone.

use crate::access::protected_with;
use crate::answer::Answer;
use crate::app::TestApp;
use dev_issuer::Issuer;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::eventually;

/// Piles `CP-A` of operator `a` and `CP-B` of operator `b`; returns their paths.
async fn two_piles(app: &TestApp, administrator: &str) -> [String; 2] {
    let create = async |path: &str, body: Value| {
        let request = app.request(Method::POST, path).bearer_auth(administrator).json(&body);
        Answer::to(request).await.header("location").unwrap().to_owned()
    };
    let mut piles = Vec::new();
    for (operator, device) in [("a", "CP-A"), ("b", "CP-B")] {
        let station = create("/api/v1/stations", json!({ "name": "North", "operatorId": operator })).await;
        piles.push(create(&format!("{station}/piles"), crate::app::pile(device)).await);
    }
    piles.try_into().unwrap()
}

/// Begins `requests` while no query on piles can end, so that all but the first are gathered, and
/// lets them end.
async fn gathered(app: &TestApp, requests: Vec<RequestBuilder>) -> Vec<Answer> {
    let held = app.database.open_transaction("lock table piles in access exclusive mode").await;
    let answers = tokio::spawn(join_all(requests.into_iter().map(Answer::to)));
    // The first one, and the next batch, which does not wait for it without end.
    two_reads_wait(app).await;
    held.commit().await;
    answers.await.unwrap()
}

/// Waits until two reads of piles wait for a lock.
async fn two_reads_wait(app: &TestApp) {
    eventually("two reads to wait for the lock", || async {
        let waiting = "select count(*) from pg_locks join pg_database on pg_database.oid = database
                       where datname = current_database() and not granted and relation = 'piles'::regclass";
        app.database.json(waiting).await == json!(2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_with_different_operators_get_their_own_piles() {
    let issuer = Issuer::generate().unwrap();
    let app = protected_with(&issuer, |settings| settings.station_map.enabled = false).await;
    let token = |operators: Option<Value>| {
        let mut claims = Issuer::claims("caller", "assets:read assets:write");
        if let Some(operators) = operators {
            claims[Issuer::OPERATORS] = operators;
        }
        issuer.sign(&claims).unwrap()
    };
    let administrator = token(None);
    let [a, b] = two_piles(&app, &administrator).await;
    let absent = "/api/v1/piles/0192f0b0-0000-7000-8000-000000000001";
    let callers =
        [administrator, token(Some(json!(["a"]))), token(Some(json!(["a", "b"]))), token(Some(json!([])))];
    let request = |path: &str, token: &String| app.request(Method::GET, path).bearer_auth(token);
    let requests = || {
        let of = |token| [a.as_str(), absent, b.as_str(), a.as_str()].map(|path| request(path, token));
        callers.iter().flat_map(of).collect::<Vec<_>>()
    };
    let mut alone = Vec::new();
    for request in requests() {
        alone.push(Answer::to(request).await);
    }
    let together = gathered(&app, requests()).await;
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(without_trace(together), without_trace(alone));
        assert_eq!(together.header("etag"), alone.header("etag"));
    }
    let statuses: Vec<u16> = together.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 404, 200, 200, 200, 404, 404, 200, 200, 404, 200, 200, 404, 404, 404, 404]);
}

/// Status and body without what differs from request to request.
fn without_trace(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("traceId");
    (answer.status.as_u16(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_that_cannot_be_read_and_a_caller_that_leaves_do_not_harm_the_others() {
    let app = TestApp::start_without_station_map().await;
    let (good, broken) = (app.pile("CP-1").await, app.pile("CP-2").await);
    app.database
        .execute(r#"update piles set connectors = '[{"connectorId": -1}]' where charge_point_id = 'CP-2'"#)
        .await;
    let held = app.database.open_transaction("lock table piles in access exclusive mode").await;
    let get = |path: &str| tokio::spawn(Answer::to(app.request(Method::GET, path)));
    let leaves = get(&good);
    let others: Vec<_> =
        [&good, &broken, &good, &good, &broken, &good].into_iter().map(|path| get(path)).collect();
    let leaves_too = get(&broken);
    two_reads_wait(&app).await;
    leaves.abort();
    leaves_too.abort();
    held.commit().await;
    let answers = join_all(others).await.into_iter().map(Result::unwrap);
    let statuses: Vec<u16> = answers.map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 500, 200, 200, 500, 200]);
    assert_eq!(app.get(&good).await.status, 200);
}
