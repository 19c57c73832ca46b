//! Charges that commands start and stop, and the sessions that are recorded of them.

use crate::story::delivered;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use system_tests::{Answer, Platform};
use testkit::eventually_some;

/// Starts a charge of `id_tag` at connector 1 of the pile at `pile`, once that is available; returns
/// the id of its session, to which energy flows.
pub async fn charge(platform: &Platform, pile: &str, id_tag: &str) -> String {
    free(platform, pile).await;
    let body = json!({ "idTag": id_tag, "connectorId": 1 });
    let started = platform.command(pile, "start-transaction", &body).await;
    delivered(platform, &started).await;
    let of_command = format!("commandId={}", started.body["commandId"].as_str().unwrap());
    eventually_some("energy to flow", || async {
        let session = sessions(platform, &of_command).await.pop()?;
        let is_metered = session["energyWh"].as_f64().is_some_and(|energy| energy > 0.0);
        is_metered.then(|| session["id"].as_str().unwrap().to_owned())
    })
    .await
}

/// Commands the pile at `pile` to stop the session `id`, and waits until it has ended and connector
/// 1 is free. Returns the accepted command and the session.
pub async fn stop(platform: &Platform, pile: &str, id: &str) -> (Answer, Value) {
    let stopped = platform.command(pile, "stop-transaction", &json!({ "sessionId": id })).await;
    delivered(platform, &stopped).await;
    let session = ended(platform, id, "Remote").await;
    free(platform, pile).await;
    (stopped, session)
}

async fn free(platform: &Platform, pile: &str) {
    let is_free = |pile: &Value| pile["connectors"][0]["status"] == "Available";
    platform.pile("connector 1 to be available", pile, is_free).await;
}

/// The session `id`, once it has ended with this reason.
pub async fn ended(platform: &Platform, id: &str, reason: &str) -> Value {
    eventually_some(&format!("the session to end with the reason {reason}"), || async {
        Some(session(platform, id).await).filter(|session| session["endReason"] == reason)
    })
    .await
}

/// The session `id`.
pub async fn session(platform: &Platform, id: &str) -> Value {
    let found = platform.asset(&format!("/api/v1/sessions/{id}")).await;
    assert_eq!(found.status, 200, "{}", found.body);
    found.body
}

/// The sessions that a query finds, the latest first.
pub async fn sessions(platform: &Platform, query: &str) -> Vec<Value> {
    items(platform, &format!("/api/v1/sessions?{query}")).await
}

/// The ids of those sessions.
pub async fn session_ids(platform: &Platform, query: &str) -> Vec<String> {
    let found = sessions(platform, query).await;
    found.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// The items of the page at `path`.
pub async fn items(platform: &Platform, path: &str) -> Vec<Value> {
    let page = platform.asset(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.body["items"].as_array().unwrap().clone()
}

/// The id at the end of a path.
pub fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// The time in the field `name` of a session.
pub fn time(session: &Value, name: &str) -> DateTime<Utc> {
    session[name].as_str().unwrap().parse().unwrap()
}
