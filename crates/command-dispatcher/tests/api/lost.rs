//! Commands that are lost in a failover.

use crate::app::{TestApp, settings_on};
use crate::fleet::Device;
use command_dispatcher::find_lost_commands;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn finds_published_commands_without_a_row() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Faulted")])).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let answer = app.command(pile.id, "reset", json!({})).await;
        assert_eq!(answer.status, 202, "{answer}");
        sent.push(answer.command_id());
    }
    let settings = settings_on(&app.database, &app.topic, &[]);
    assert!(find_lost_commands(&settings).await.unwrap().is_empty());
    app.settled(&sent[1].to_string()).await;
    app.database.execute(&format!("delete from commands where id = '{}'", sent[1])).await;
    let lost = find_lost_commands(&settings).await.unwrap();
    let lost: Vec<_> = lost.iter().map(|command| (command.id.to_string(), command.kind.name())).collect();
    assert_eq!(lost, [(sent[1].to_string(), "Reset")]);
}
