//! Recording and reading commands, and their idempotency keys.

use crate::fixture::{
    PILE, database, found, key, keyed, new, noon, outcome, record, reset, silent, unpublished,
};
use chrono::TimeDelta;
use domain::assets::OperatorBound;
use domain::commands::{Command, RouteSource};
use domain::devices::presence::Confidence;
use domain::ids::{CommandId, GatewayId, PileId};
use std::time::Duration;
use storage::commands::{
    self, Conflict, ContextQuery, ContextScope, IdempotencyKey, NewCommand, Recorded, RecordedCommand,
    RequestDigest,
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
        limits: None,
    };
    assert_eq!(found(&mut connection, new.command.id).await, expected);
    let unknown = CommandId(Uuid::now_v7());
    assert_eq!(commands::find(&mut connection, &OperatorBound::All, unknown).await.unwrap(), None);
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

/// What is known of `key`: the command, and whether it was recorded for the request `request`.
async fn known(
    connection: &mut PooledConnection,
    key: IdempotencyKey,
    request: &str,
) -> Option<(CommandId, bool)> {
    let wanted = [ContextQuery {
        pile_id: PILE,
        bound: OperatorBound::All,
        key: Some(key),
        scope: ContextScope::Device,
    }];
    let context = commands::load_contexts(connection, &wanted).await.unwrap().pop().unwrap();
    assert_eq!((context.pile, context.is_key_taken), (Some(silent()), false));
    let (id, digest) = context.known?;
    Some((id, digest.is_of(&RequestDigest::of(request.as_bytes()))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_command_until_it_has_failed() {
    let (_database, mut connection) = database().await;
    let order = || key("order-service", "order-1");
    let first = keyed(order(), "reset");
    assert_eq!(record(&mut connection, std::slice::from_ref(&first)).await.unwrap(), Recorded::All);
    let again = record(&mut connection, &[keyed(order(), "reset")]).await.unwrap();
    assert_eq!(again, Recorded::None(Conflict::Key));
    assert_eq!(known(&mut connection, order(), "reset").await, Some((first.command.id, true)));
    assert_eq!(known(&mut connection, order(), "unlock").await, Some((first.command.id, false)));
    commands::record_outcomes(&mut connection, &[outcome(&first, unpublished())]).await.unwrap();
    let second = record(&mut connection, &[keyed(order(), "reset")]).await.unwrap();
    assert_eq!(second, Recorded::All, "a request that was never published may be repeated");
    let pruned = async |connection: &mut PooledConnection, age| {
        commands::prune_keys(connection, Slice::first(age, 10)).await.unwrap().rows
    };
    assert_eq!(pruned(&mut connection, Duration::from_secs(60)).await, 0);
    assert_eq!(pruned(&mut connection, Duration::ZERO).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_callers_may_use_the_same_key() {
    let (_database, mut connection) = database().await;
    let new = ["order-service", "desk", "app"].map(|subject| keyed(key(subject, "1"), "reset"));
    for new in &new {
        assert_eq!(record(&mut connection, std::slice::from_ref(new)).await.unwrap(), Recorded::All);
        let again = NewCommand { keyed: new.keyed.clone(), ..self::new(reset()) };
        assert_eq!(record(&mut connection, &[again]).await.unwrap(), Recorded::None(Conflict::Key));
    }
    for new in &new {
        let key = new.keyed.clone().unwrap().key;
        assert_eq!(known(&mut connection, key, "reset").await, Some((new.command.id, true)));
    }
    assert_eq!(known(&mut connection, key("stranger", "1"), "reset").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_releases_find_the_keys_of_each_other() {
    let (database, mut connection) = database().await;
    let [earlier, later] = [new(reset()), keyed(key("order-service", "later"), "reset")];
    record(&mut connection, &[earlier.clone(), later.clone()]).await.unwrap();
    // As the previous release records a key: -3750763034362895579 is the FNV-1a digest of no bytes.
    let row = format!(
        "insert into idempotency_keys (key, request_digest, command_id)
         values ('earlier', -3750763034362895579, '{}')",
        earlier.command.id
    );
    database.execute(&row).await;
    let found = known(&mut connection, key("order-service", "earlier"), "").await;
    assert_eq!(found, Some((earlier.command.id, true)));
    let late = record(&mut connection, &[keyed(key("order-service", "earlier"), "")]).await.unwrap();
    assert_eq!(late, Recorded::None(Conflict::Key), "the key of the previous release is not taken again");
    let found = database
        .json("(select to_jsonb(k) -> 'command_id' from idempotency_keys k where key = 'later')")
        .await;
    assert_eq!(found, later.command.id.to_string());
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
        let page = commands::list_of_pile(&mut connection, &OperatorBound::All, PILE, before, 2)
            .await
            .unwrap()
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.record.issued_at, last.record.id.0));
        seen.extend(page.into_iter().map(|command| command.record.id));
    }
    let expected: Vec<_> = all.iter().rev().map(|new| new.command.id).collect();
    assert_eq!(seen, expected);
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(
        commands::list_of_pile(&mut connection, &OperatorBound::All, unknown, None, 2).await.unwrap(),
        None
    );
}
