//! Recording and reading commands, and their idempotency keys.

use crate::fixture::{PILE, database, found, keyed, new, noon, outcome, record, reset, silent, unpublished};
use chrono::TimeDelta;
use domain::commands::{Command, RouteSource};
use domain::devices::presence::Confidence;
use domain::ids::{CommandId, GatewayId, PileId};
use std::time::Duration;
use storage::commands::{
    self, CommandContext, Conflict, ContextQuery, NewCommand, Recorded, RecordedCommand,
};
use storage::{PooledConnection, Slice};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_survives_recording_and_reading() {
    let (_database, mut connection) = database().await;
    let seen_gateway_id = Some(GatewayId::parse("gateway-9").unwrap());
    let new = NewCommand {
        route: RouteSource::LastHeard,
        degraded: true,
        seen_gateway_id: seen_gateway_id.clone(),
        confidence: Confidence::Doubtful,
        ..new(reset())
    };
    assert_eq!(record(&mut connection, std::slice::from_ref(&new)).await.unwrap(), Recorded::All);
    let expected = RecordedCommand {
        record: new.to_record(),
        payload: serde_json::json!({"type": "Soft"}),
        partition: 100,
        trace_id: new.command.trace_id.clone(),
        connector_id: None,
        transaction_id: None,
        degraded: true,
        seen_gateway_id,
        confidence: Confidence::Doubtful,
    };
    assert_eq!(found(&mut connection, new.command.id).await, expected);
    let unknown = CommandId(Uuid::now_v7());
    assert_eq!(commands::find(&mut connection, unknown).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_one_id_and_a_pile() {
    let (database, mut connection) = database().await;
    let new = [new(reset())];
    record(&mut connection, &new).await.unwrap();
    assert_eq!(record(&mut connection, &new).await.unwrap(), Recorded::None(Conflict::Id));
    database.execute("delete from commands; delete from placements; delete from piles").await;
    assert!(!record(&mut connection, &new).await.unwrap_err().is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_command_until_it_has_failed() {
    let (_database, mut connection) = database().await;
    let first = keyed("order-1", 7);
    assert_eq!(record(&mut connection, std::slice::from_ref(&first)).await.unwrap(), Recorded::All);
    let again = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(again, Recorded::None(Conflict::Key));
    let wanted = [ContextQuery { pile_id: PILE, key: Some("order-1".to_owned()) }];
    let contexts = commands::load_contexts(&mut connection, &wanted).await.unwrap();
    let expected =
        CommandContext { pile: Some(silent()), known: Some((first.command.id, 7)), is_key_taken: false };
    assert_eq!(contexts, [expected]);
    commands::record_outcomes(&mut connection, &[outcome(&first, unpublished())]).await.unwrap();
    let second = record(&mut connection, &[keyed("order-1", 7)]).await.unwrap();
    assert_eq!(second, Recorded::All, "a request that was never published may be repeated");
    let pruned = async |connection: &mut PooledConnection, age| {
        commands::prune_keys(connection, Slice::first(age, 10)).await.unwrap().rows
    };
    assert_eq!(pruned(&mut connection, Duration::from_secs(60)).await, 0);
    assert_eq!(pruned(&mut connection, Duration::ZERO).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_commands_of_a_pile_in_pages_newest_first() {
    let (_database, mut connection) = database().await;
    let all: Vec<_> = (0..5)
        .map(|second| new(Command { issued_at: noon() + TimeDelta::seconds(second / 2), ..reset() }))
        .collect();
    record(&mut connection, &all).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = commands::list_of_pile(&mut connection, PILE, before, 2).await.unwrap().unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.record.issued_at, last.record.id.0));
        seen.extend(page.into_iter().map(|command| command.record.id));
    }
    let expected: Vec<_> = all.iter().rev().map(|new| new.command.id).collect();
    assert_eq!(seen, expected);
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(commands::list_of_pile(&mut connection, unknown, None, 2).await.unwrap(), None);
}
