//! Many callers read the history of a device at once, which has a partition for each day. All locks
//! of a server share one table; when it is full, further locks are refused, also to ingestors.

use crate::environment::Environment;
use crate::output::seconds;
use anyhow::{Context as _, ensure};
use chrono::Days;
use diesel_async::SimpleAsyncConnection as _;
use domain::ids::ChargePointId;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use storage::Database;
use storage::devices::status_changes::{self, Selection};
use tokio::task::JoinSet;

/// Days of the history: the default retention and a little more.
const DAYS: u64 = 92;
/// The page size of a caller.
const PAGE: i64 = 50;
/// The greatest number of locks that a reader may hold at once.
const MAX_LOCKS: i64 = 40;
/// PostgreSQL's message when the lock table is full.
const FULL: &str = "out of shared memory";
const READER: &str = "history-reader";

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Reads {
    /// The greatest number of locks that one reader held.
    pub max_locks: i64,
    /// Pages that were read.
    pub pages: usize,
}

/// Lets `readers` read a history of 92 days at once, and blocks all of them for `duration`, while
/// each holds its locks.
///
/// # Errors
/// When a reader holds too many locks, a reader fails, or ingestors are refused.
pub async fn read_history(
    environment: &Environment,
    readers: usize,
    duration: Duration,
) -> anyhow::Result<Reads> {
    environment.wait_until_caught_up().await?;
    let before = environment.fleet.logged(FULL)?;
    create_days(environment).await?;
    let pool = environment.audited.connections(readers, READER)?;
    let over = Arc::new(AtomicBool::new(false));
    let mut reading = JoinSet::new();
    for _ in 0..readers {
        reading.spawn(keep_reading(pool.clone(), Arc::clone(&over)));
    }
    environment.output.progress(&format!("{readers} callers read the history of {DAYS} days repeatedly"));
    let max_locks = block_readers(environment, readers, duration).await;
    over.store(true, Relaxed);
    let mut pages = 0;
    while let Some(read) = reading.join_next().await {
        pages += read.context("a reader panicked")??;
    }
    let (max_locks, refused) = (max_locks?, environment.fleet.logged(FULL)? - before);
    environment.output.progress(&format!("{pages} pages were read; a reader held at most {max_locks} locks"));
    ensure!(refused == 0, "ingestors were refused {refused} times with {FULL:?}");
    ensure!(max_locks <= MAX_LOCKS, "a reader of the history held {max_locks} locks at once");
    environment.wait_until_caught_up().await?;
    Ok(Reads { max_locks, pages })
}

async fn keep_reading(pool: Database, over: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let device = ChargePointId::parse("CHAOS-1")?;
    let mut pages = 0;
    while !over.load(Relaxed) {
        let (mut connection, now) = (pool.connection().await?, runtime::clock::now());
        let page =
            status_changes::list_of_device(&mut connection, &device, Selection::default(), now, PAGE).await;
        page.context("read the history")?;
        pages += 1;
    }
    Ok(pages)
}

/// Locks yesterday's partition, waits until all readers wait for it, and counts their locks while
/// ingestors continue.
async fn block_readers(environment: &Environment, readers: usize, duration: Duration) -> anyhow::Result<i64> {
    // A prepared statement is planned several times before its plan is kept.
    tokio::time::sleep(duration).await;
    let yesterday = runtime::clock::now().date_naive() - Days::new(1);
    let partition = format!("{}_{}", status_changes::DAYS.table(), yesterday.format("%Y%m%d"));
    let mut connection = environment.audited.database.connection().await?;
    connection.batch_execute(&format!("begin; lock table {partition} in access exclusive mode")).await?;
    let counted = count_locks(environment, readers, duration).await;
    connection.batch_execute("rollback").await?;
    counted
}

async fn count_locks(environment: &Environment, readers: usize, duration: Duration) -> anyhow::Result<i64> {
    let of_readers = format!("datname = current_database() and application_name = '{READER}'");
    let waiting =
        format!("select count(*) from pg_stat_activity where {of_readers} and wait_event_type = 'Lock'");
    let all = i64::try_from(readers)?;
    let all_blocked = async || Ok(environment.audited.number(&waiting).await? == all);
    environment.wait_until("all readers to be blocked", all_blocked).await?;
    let max_locks = format!(
        "select coalesce(max(locks), 0) from (
           select count(*) as locks from pg_locks where pid in (select pid from pg_stat_activity where {of_readers})
           group by pid) as held"
    );
    let max_locks = environment.audited.number(&max_locks).await?;
    environment.output.progress(&format!(
        "all readers are blocked for {}, with at most {max_locks} locks each",
        seconds(duration)
    ));
    tokio::time::sleep(duration).await;
    environment.wait_for_progress().await.context("while the readers hold their locks")?;
    Ok(max_locks)
}

async fn create_days(environment: &Environment) -> anyhow::Result<()> {
    let mut connection = environment.audited.database.connection().await?;
    let today = runtime::clock::now().date_naive();
    for back in 0..DAYS {
        status_changes::DAYS.ensure(&mut connection, today - Days::new(back)).await?;
    }
    Ok(())
}
