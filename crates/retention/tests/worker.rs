//! Workers in a real PostgreSQL: which of them works, and what a failure leads to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use retention::{Retention, Rule, Step};
use runtime::{Context, Shutdown};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Database, DatabaseSettings, Slice};
use testkit::{TestDatabase, eventually};
use tokio::task::JoinHandle;

const DAY: Duration = Duration::from_secs(86_400);
/// Longer than a test takes.
const LONG: Duration = Duration::from_secs(3_600);

/// A running worker.
struct Worker {
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl Worker {
    fn start(database: &TestDatabase, rules: Vec<Rule>) -> Self {
        let settings = DatabaseSettings { max_connections: 1, ..database.settings() };
        let pool = Database::for_retention(&settings).unwrap();
        let worker = Retention::new(pool, "test/retention", rules, &Context::new("retention").meter());
        let shutdown = Shutdown::new(Duration::from_secs(10));
        Self { task: tokio::spawn(worker.run(shutdown.clone())), shutdown }
    }

    async fn stop(self) {
        self.shutdown.request();
        self.task.await.unwrap();
    }
}

/// A rule whose pass has `steps` steps, and the number of steps that were made.
fn counted(name: &'static str, steps: usize) -> (Rule, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let rule = Rule::with_work("commands", name, DAY, move |_database, slice: Slice| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(Step { rows: 1, next: (number < steps).then_some(slice) }) })
    });
    (rule.every(LONG), made)
}

fn is(made: &AtomicUsize, expected: usize) -> bool {
    made.load(Ordering::SeqCst) == expected
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_makes_all_steps_once_per_interval() {
    let database = TestDatabase::new().await;
    let (rule, made) = counted("three steps", 3);
    let (last, once) = counted("one step", 1);
    let worker = Worker::start(&database, vec![rule, last]);
    eventually("all rules to be performed", || async { is(&made, 3) && is(&once, 1) }).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(is(&made, 3) && is(&once, 1), "the next pass follows after the interval");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_fails_does_not_hold_up_others() {
    let database = TestDatabase::new().await;
    let failing = Rule::with_work("sessions", "failing", DAY, |_database, _slice| {
        Box::pin(async { Err(std::io::Error::other("the disk is full").into()) })
    });
    let (rule, made) = counted("after it", 2);
    let worker = Worker::start(&database, vec![failing, rule]);
    eventually("the other rule to be performed", || async { is(&made, 2) }).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_at_a_time_works_and_another_one_follows() {
    let database = TestDatabase::new().await;
    let (rule, first) = counted("of the first", 1);
    let holder = Worker::start(&database, vec![rule]);
    eventually("the first worker to work", || async { is(&first, 1) }).await;
    let (rule, second) = counted("of the second", 1);
    let waiting = Worker::start(&database, vec![rule]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is(&second, 0), "the first holds the lease");
    holder.stop().await;
    eventually("the second worker to work", || async { is(&second, 1) }).await;
    waiting.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_deletes_old_rows_of_many_slices() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('00000000-0000-7000-8000-000000000001', 'North', 'Open', now(), now(), 1);
             insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at)
             values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001', 'Reset', '{}', 1, 0,
                     now(), now());
             insert into idempotency_keys (key, request_digest, batch_id, created_at)
             select 'key-' || n, 7, '00000000-0000-7000-8000-000000000001', now() - interval '2 days' + n * interval '1 ms'
             from generate_series(1, 1200) n;
             update idempotency_keys set created_at = now() where key = 'key-7'",
        )
        .await;
    let rule = Rule::new("idempotency_keys", "old", DAY, |connection, slice| {
        Box::pin(storage::commands::prune_keys(connection, slice))
    });
    let worker = Worker::start(&database, vec![rule]);
    eventually("old keys to be deleted", || async {
        database.json("select count(*) from idempotency_keys").await == 1
    })
    .await;
    assert_eq!(database.json("select key from idempotency_keys").await, "key-7");
    worker.stop().await;
}
