//! Faults of the database: callers get a problem without internal details.

use crate::app::TestApp;
use crate::fleet::Device;
use serde_json::json;
use uuid::Uuid;

/// Words that would reveal internal details.
const INTERNALS: [&str; 9] =
    ["postgres", "relation", "column", "select", "42P01", "42703", "127.0.0.1", "diesel", "taken_away"];

#[tokio::test(flavor = "multi_thread")]
async fn a_database_fault_reveals_no_internal_details() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let station = app.station().await;
    app.database
        .execute("alter table commands rename to taken_away; alter table command_batches drop column rate_per_second cascade")
        .await;
    let order = app.post(&format!("stations/{station}/commands/reset")).send().await.unwrap();
    let answers = [
        app.command(pile.id, "start-transaction", json!({ "idTag": "T" })).await,
        app.command(pile.id, "reset", json!({})).await,
        app.get(&format!("piles/{}/commands", pile.id)).await,
        app.get(&format!("commands/{}", Uuid::now_v7())).await,
        app.get(&format!("command-batches/{}", Uuid::now_v7())).await,
        crate::answer::Answer::read(order).await,
    ];
    for answer in answers {
        let problem = answer.body;
        assert_eq!((answer.status.as_u16(), &problem["code"]), (500, &json!("INTERNAL")), "{problem}");
        let mut names: Vec<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "instance", "status", "title", "traceId", "type"], "{problem}");
        let text = problem.to_string();
        assert_eq!(INTERNALS.into_iter().find(|internal| text.contains(internal)), None, "{text}");
    }
}
