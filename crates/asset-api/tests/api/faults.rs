//! Unexpected failures of the database: the response reports an internal error without details.

use crate::app::{TestApp, pile};
use serde_json::json;

/// Words that a response must not contain.
const INSIDES: [&str; 12] = [
    "postgres",
    "relation",
    "column",
    "select",
    "insert",
    "42P01",
    "42703",
    "127.0.0.1",
    "localhost",
    "diesel",
    "asset_edits",
    "taken_away",
];

#[tokio::test(flavor = "multi_thread")]
async fn database_faults_reveal_no_internals() {
    let app = TestApp::start().await;
    let (station, registered) = (app.station().await, app.pile("CP-1").await);
    app.database
        .execute(
            "alter table asset_edits rename to taken_away;
             alter table piles drop column model cascade;
             alter table dead_letters rename to letters_taken_away;
             alter table sessions drop column started_at cascade",
        )
        .await;
    let answers = [
        app.post("/api/v1/stations", &json!({ "name": "South" })).await,
        app.put(&station, &json!({ "name": "South" })).await,
        app.delete(&station).await,
        app.get(&format!("{station}/audit")).await,
        app.post(&format!("{station}/piles"), &pile("CP-2")).await,
        app.get(&registered).await,
        app.get("/api/v1/piles?q=x").await,
        app.get("/api/v1/dead-letters").await,
        app.get(&format!("{registered}/sessions")).await,
    ];
    for answer in answers {
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), &problem["code"]), (500, &json!("INTERNAL")), "{problem}");
        let mut names: Vec<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "instance", "status", "title", "traceId", "type"], "{problem}");
        let text = problem.to_string();
        let leaked = INSIDES.into_iter().find(|inside| text.contains(inside));
        assert_eq!(leaked, None, "{text}");
    }
}
