//! Publications that are recorded without reading their commands first.

use crate::fixture::{database, found, new, noon, outcome, record, reset, state, unpublished};
use domain::commands::{CommandState, DeviceAnswer, Step};
use domain::ids::EventKey;
use serde_json::json;
use storage::commands::{self, NewCommand};
use storage::feed;
use testkit::{TestDatabase, eventually};

const PUBLISHED: Step = Step::Published { offset: 7 };

fn answered() -> Step {
    let answer = DeviceAnswer { event: EventKey(7), status: "Accepted".to_owned(), reason: None };
    Step::Answered(answer)
}

async fn add_device(database: &TestDatabase) {
    let device =
        "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now())";
    database.execute(device).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_publications_and_other_outcomes_together() {
    let (database, mut connection) = database().await;
    add_device(&database).await;
    let sent: [NewCommand; 4] = std::array::from_fn(|_| new(reset()));
    record(&mut connection, &sent).await.unwrap();
    let [published, early, failed, twice] = &sent;
    commands::record_outcomes(&mut connection, &[outcome(early, answered())]).await.unwrap();
    database.execute("delete from feed_chunks").await;
    let outcomes = [
        outcome(published, PUBLISHED),
        outcome(early, PUBLISHED),
        outcome(failed, unpublished()),
        outcome(twice, PUBLISHED),
        outcome(twice, PUBLISHED),
    ];
    for _ in 0..2 {
        commands::record_outcomes(&mut connection, &outcomes).await.unwrap();
    }
    let ends =
        [CommandState::Published, CommandState::Confirmed, CommandState::Failed, CommandState::Published];
    for (new, (end, steps)) in sent.iter().zip(ends.into_iter().zip([2, 3, 2, 2])) {
        let life = found(&mut connection, new.command.id).await.record.life;
        assert_eq!((life.state(), life.trail().len()), (end, steps), "{life:?}");
    }
    feed::sequence_all(&mut connection).await.unwrap();
    let chunks = feed::list_after(&mut connection, 0, 100).await.unwrap();
    let changes: Vec<_> = chunks.into_iter().flat_map(|chunk| chunk.changes).collect();
    assert_eq!(changes.len(), 4, "each change is in the feed once: {changes:?}");
    let counted = database.json("select sum(change_count) from feed_chunks").await;
    assert_eq!(counted, json!(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_committed_meanwhile_is_kept() {
    let (database, mut connection) = database().await;
    add_device(&database).await;
    let new = new(reset());
    record(&mut connection, std::slice::from_ref(&new)).await.unwrap();
    let mut life = new.to_record().life;
    life.apply(noon(), answered());
    let life = serde_json::to_string(&life).unwrap();
    let ingested = database
        .open_transaction(&format!(
            "select 1 from charge_points for update; update commands set state = 'confirmed', life = '{life}'"
        ))
        .await;
    let published = outcome(&new, PUBLISHED);
    let recorded = tokio::spawn(async move {
        commands::record_outcomes(&mut connection, &[published]).await.unwrap();
        connection
    });
    let waits = "select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    eventually("the publication waits for the device", || async {
        database.json(waits).await == json!(true)
    })
    .await;
    ingested.commit().await;
    let mut connection = recorded.await.unwrap();
    assert_eq!(state(&mut connection, new.command.id).await, CommandState::Confirmed);
    let life = found(&mut connection, new.command.id).await.record.life;
    assert!(life.answer().is_some() && life.published().is_some(), "{life:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_index_must_be_written_when_the_state_of_a_command_changes() {
    let (database, _connection) = database().await;
    let indexes = "select coalesce(json_agg(distinct objid::regclass::text), '[]') from pg_depend
                   join pg_attribute on attrelid = refobjid and attnum = refobjsubid
                   where refobjid = 'commands'::regclass and classid = 'pg_class'::regclass and attname in ('state', 'life')";
    assert_eq!(database.json(indexes).await, json!([]));
    let indexes = indexes.replace("'state', 'life'", "'open'");
    assert_ne!(database.json(&indexes).await, json!([]), "the query must find columns of conditions");
}
