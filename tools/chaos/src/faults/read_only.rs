//! PostgreSQL becomes read-only, like a standby to which ingestors are still connected, or a
//! database whose disk an operator protects.

use super::{errors_logged, wait_until_deferred};
use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use std::time::Duration;

/// What becomes read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole server; no connection is closed.
    Server,
    /// Only the environment's database, on a shared server; its connections are closed.
    Database,
}

/// What the ingestors did meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// How many writes were deferred.
    pub deferred: u64,
    /// How long they took to catch up.
    pub caught_up: Duration,
}

/// Makes the database read-only for `duration`, and waits until the ingestors have caught up.
///
/// # Errors
/// When something is written meanwhile, an error is logged, or they do not catch up.
pub async fn deny_writes(
    environment: &Environment,
    scope: Scope,
    duration: Duration,
) -> anyhow::Result<Refused> {
    environment.wait_until_caught_up().await?;
    let (deferred, errors) = (environment.fleet.writes_deferred().await?, errors_logged(environment)?);
    set(environment, scope, true).await?;
    environment.output.progress(&format!("PostgreSQL is read-only for {}", seconds(duration)));
    let denied = deny(environment, deferred, duration).await;
    set(environment, scope, false).await?;
    let written = denied?;
    let caught_up = environment.wait_until_caught_up().await?;
    let deferred = environment.fleet.writes_deferred().await? - deferred;
    let errors = errors_logged(environment)? - errors;
    environment.output.progress(&format!(
        "PostgreSQL is writable again: {deferred} writes were deferred, caught up after {}",
        seconds(caught_up)
    ));
    ensure!(written == 0, "{written} records were written while the server was read-only");
    ensure!(errors == 0, "{errors} errors were logged, although the ingestors only had to wait");
    Ok(Refused { deferred, caught_up })
}

/// Waits until all writes are deferred, and then for `duration`; returns how many records were
/// written in that time.
async fn deny(environment: &Environment, deferred: u64, duration: Duration) -> anyhow::Result<i64> {
    wait_until_deferred(environment, deferred).await?;
    wait_for_earlier_transactions(environment).await?;
    let written = environment.written().await?;
    tokio::time::sleep(duration).await;
    Ok(environment.written().await? - written)
}

/// Waits for the transactions that have begun before now: those that began before the database
/// became read-only can still write.
async fn wait_for_earlier_transactions(environment: &Environment) -> anyhow::Result<()> {
    let now = environment.audited.text("select clock_timestamp()::text").await?;
    let earlier = format!(
        "select count(*) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and xact_start < '{now}'"
    );
    let have_ended = async || Ok(environment.audited.number(&earlier).await? == 0);
    environment.wait_until("earlier transactions to end", have_ended).await.map(drop)
}

async fn set(environment: &Environment, scope: Scope, read_only: bool) -> anyhow::Result<()> {
    const NAME: &str = "default_transaction_read_only";
    match scope {
        Scope::Server => {
            let set = if read_only { format!("set {NAME} = on") } else { format!("reset {NAME}") };
            // Two calls, because several statements form a transaction, in which `alter system` is
            // not allowed.
            environment.audited.run_sql(&format!("alter system {set}")).await?;
            environment.audited.run_sql("select pg_reload_conf()").await
        }
        Scope::Database => {
            let set = if read_only { format!("set {NAME} = on") } else { format!("reset {NAME}") };
            environment.audited.alter_database(&set).await
        }
    }
}
