//! Commands and what refers to them.

use crate::fixture::{command, count, database, id, older_than};
use std::time::Duration;
use storage::{Pruned, Slice};
use storage::{commands, creation_keys};

#[tokio::test(flavor = "multi_thread")]
async fn deletes_old_closed_commands_only() {
    let (database, mut connection) = database().await;
    command(&database, 1, 40, false).await;
    command(&database, 2, 40, true).await;
    command(&database, 3, 20, false).await;
    let pruned = commands::prune(&mut connection, older_than(30)).await.unwrap();
    assert_eq!((pruned.rows, pruned.may_be_more), (1, false));
    let left = database.json("select json_agg(id order by id) from commands").await;
    assert_eq!(
        left,
        serde_json::json!(["00000000-0000-7000-8000-000000000002", "00000000-0000-7000-8000-000000000003"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_commands_that_are_referred_to() {
    let (database, mut connection) = database().await;
    for number in 1..=5 {
        command(&database, number, 40, false).await;
    }
    database
        .execute(&format!(
            "insert into idempotency_keys (key, request_digest, command_id) values ('order-1', 7, {first});
             insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at, finished_at)
             values ({batch}, '00000000-0000-0000-0000-000000000001', 'Reset', '{{}}', 1, 1, now(), now(), now());
             insert into command_batch_items (batch_id, pile_id, charge_point_id, state, command_id, settled_at)
             values ({batch}, '00000000-0000-0000-0000-000000000001', 'CP-1', 'sent', {second}, now());
             insert into session_limits (command_id, limits, stop_command_id) values ({third}, '{{}}', {fourth})",
            first = id(1),
            batch = id(100),
            second = id(2),
            third = id(3),
            fourth = id(4),
        ))
        .await;
    let pruned = commands::prune(&mut connection, older_than(30)).await.unwrap();
    assert_eq!((pruned.rows, count(&database, "commands").await), (1, 4));
    database.execute("delete from idempotency_keys; delete from session_limits").await;
    let pruned = commands::prune(&mut connection, older_than(30)).await.unwrap();
    assert_eq!(pruned.rows, 3, "nothing refers to them any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_continues_where_the_last_one_ended() {
    let (database, mut connection) = database().await;
    for number in 1..=5 {
        command(&database, number, 50 - number, false).await;
    }
    // The oldest is kept, and must not make the steps go in a circle.
    let key = format!(
        "insert into idempotency_keys (key, request_digest, command_id) values ('order-1', 7, {})",
        id(1)
    );
    database.execute(&key).await;
    let mut next = Some(Slice { limit: 2, ..older_than(30) });
    let mut steps = Vec::new();
    while let Some(slice) = next {
        let pruned = commands::prune(&mut connection, slice).await.unwrap();
        steps.push(pruned.rows);
        next = slice.next(pruned);
    }
    assert_eq!((steps.iter().sum::<usize>(), count(&database, "commands").await), (4, 1));
    let one = Slice { limit: 1, ..older_than(30) };
    let kept = commands::prune(&mut connection, one).await.unwrap();
    let again = commands::prune(&mut connection, one.next(kept).unwrap()).await.unwrap();
    assert!(!again.may_be_more, "a kept row is not examined without end");
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_no_row_that_another_transaction_holds() {
    let (database, mut connection) = database().await;
    command(&database, 1, 40, false).await;
    command(&database, 2, 40, false).await;
    let held =
        database.open_transaction(&format!("select from commands where id = {} for update", id(1))).await;
    assert_eq!(commands::prune(&mut connection, older_than(30)).await.unwrap().rows, 1);
    held.commit().await;
    assert_eq!(commands::prune(&mut connection, older_than(30)).await.unwrap().rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_go_with_their_piles_and_leave_their_commands() {
    let (database, mut connection) = database().await;
    command(&database, 1, 40, false).await;
    let batch = |number, days, finished| {
        format!(
            "insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at, finished_at)
             values ({}, '00000000-0000-0000-0000-000000000001', 'Reset', '{{}}', 1, 6, now() - interval '{days} days', now(), {finished});",
            id(number)
        )
    };
    let batches =
        [batch(11, 40, "now()"), batch(12, 39, "now()"), batch(13, 38, "null"), batch(14, 20, "now()")];
    database.execute(&batches.concat()).await;
    database
        .execute(&format!(
            "insert into command_batch_items (batch_id, pile_id, charge_point_id, state, command_id, settled_at)
             values ({}, '00000000-0000-0000-0000-000000000001', 'CP-1', 'sent', {}, now());
             insert into idempotency_keys (key, request_digest, batch_id) values ('order-1', 7, {})",
            id(11),
            id(1),
            id(12)
        ))
        .await;
    let few = Slice { limit: 5, ..older_than(30) };
    let pruned = commands::prune_batches(&mut connection, few).await.unwrap();
    assert_eq!((pruned.rows, pruned.may_be_more), (1, true), "a batch of 6 piles is more than the limit");
    assert_eq!((count(&database, "command_batch_items").await, count(&database, "commands").await), (0, 1));
    let Pruned { rows, .. } = commands::prune_batches(&mut connection, older_than(30)).await.unwrap();
    assert_eq!(rows, 0, "a key refers to the second, and the third runs");
    assert_eq!(
        commands::prune_keys(&mut connection, Slice::first(Duration::ZERO, 10)).await.unwrap().rows,
        1
    );
    assert_eq!(commands::prune_batches(&mut connection, older_than(30)).await.unwrap().rows, 1);
    assert_eq!(count(&database, "command_batches").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_creations_go_by_their_age() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "insert into creation_keys (caller_key, request_sha256, resource_id, created_at)
             select decode(n::text, 'escape'), '', gen_random_uuid(), now() - n * interval '1 day'
             from generate_series(1, 3) n",
        )
        .await;
    assert_eq!(creation_keys::prune(&mut connection, older_than(2)).await.unwrap().rows, 2);
    assert_eq!(count(&database, "creation_keys").await, 1);
}
