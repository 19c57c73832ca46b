//! Postgres speaks Chinese to a role that may not ask for another language, while connections are closed and locks time out: none
//! of the words that tell errors which pass is there.

use crate::environment::Environment;
use crate::database_audit::disconnect;
use crate::narrator::seconds;
use anyhow::{Context as _, ensure};
use std::time::Duration;

/// The language, if the server has it.
const LOCALE: &str = "zh_CN.UTF-8";
/// How long a statement of the role waits for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);
/// How long all devices are locked.
const LOCKED: Duration = Duration::from_millis(500);
/// After a lock, before connections are closed.
const PAUSE: Duration = Duration::from_millis(300);
/// What an ingestor logs of a batch that failed for a reason that it does not know.
const REFUSED: &str = "postgres refused a ";

/// What ingestors met.
#[derive(Debug, Clone, Copy)]
pub struct Misunderstood {
    /// Who translates.
    pub translator: Translator,
    /// Batches and records that failed for a reason that the ingestor does not know.
    pub refusals: usize,
}

/// Who translates the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Translator {
    /// The server, in its own words.
    Server,
    /// The relay, since the server does not have the language.
    Relay,
}

/// Replaces the ingestors with others that connect as a role without that right, in a database that speaks Chinese; then, `times`
/// times, locks all devices for longer than the role waits and closes the ingestors' connections.
///
/// # Errors
/// When no message is misunderstood, or the ingestors do not catch up.
pub async fn misunderstand(environment: &mut Environment, times: u32) -> anyhow::Result<Misunderstood> {
    environment.settle().await?;
    let role = format!("{}_speaker", environment.audited.name());
    let (url, ours) = (role_of(&role, environment)?, environment.fleet.launch.database_url.clone());
    let ingestors = environment.fleet.kill_all().await;
    environment.audited.run_sql(&hand_to(&role)).await.context("make a role")?;
    let translator = translate(environment).await?;
    environment.fleet.launch.database_url = url;
    environment.fleet.start_many(ingestors)?;
    environment.settle().await?;
    let before = environment.fleet.logged(REFUSED)?;
    environment.narrator.say(&format!("{times} times, locks time out and connections are closed"));
    let mut caught_up = Duration::ZERO;
    for _ in 0..times {
        environment.audited.run_sql(&super::lock_devices(LOCKED)).await?;
        tokio::time::sleep(PAUSE).await;
        environment.audited.run_sql(&disconnect(&format!("usename = '{role}'"))).await?;
        // With all connections closed, ingestors pause; locks are for those that write.
        caught_up = caught_up.max(environment.settle().await?);
    }
    let refusals = environment.fleet.logged(REFUSED)? - before;
    environment.narrator.say(&format!(
        "{refusals} errors were not understood; caught up after {} at most",
        seconds(caught_up)
    ));
    let ingestors = environment.fleet.kill_all().await;
    environment.proxy.translate_errors(false);
    environment.audited.run_sql(&take_from(&role)).await.context("drop the role")?;
    environment.fleet.launch.database_url = ours;
    environment.fleet.start_many(ingestors)?;
    environment.settle().await?;
    ensure!(refusals > 0, "every error was understood: nothing was tried");
    Ok(Misunderstood { translator, refusals })
}

/// Has messages translated, by the server if it can.
async fn translate(environment: &Environment) -> anyhow::Result<Translator> {
    let set = format!("set lc_messages = '{LOCALE}'");
    match environment.audited.alter_database(&set).await {
        Ok(()) => {
            environment.narrator.say(&format!("the database speaks {LOCALE}"));
            Ok(Translator::Server)
        }
        Err(error) => {
            environment
                .narrator
                .say(&format!("the server has no {LOCALE}, so the relay translates errors: {error:#}"));
            environment.proxy.translate_errors(true);
            Ok(Translator::Relay)
        }
    }
}

/// The URL of the ingestors for that role.
fn role_of(role: &str, environment: &Environment) -> anyhow::Result<String> {
    let url = &environment.fleet.launch.database_url;
    let (scheme, rest) = url.split_once("//").context("a database URL has a scheme")?;
    let (_, server) = rest.split_once('@').context("a database URL names a user")?;
    Ok(format!("{scheme}//{role}@{server}"))
}

/// Makes the role, and has it own what ingestors write to: they make partitions and drop them.
fn hand_to(role: &str) -> String {
    format!(
        "create role {role} login;
         alter role {role} set lock_timeout = '{} ms';
         grant all on schema public to {role};
         grant all on all tables in schema public to {role};
         grant all on all sequences in schema public to {role};
         do $$ declare owned regclass; begin
           for owned in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
             execute format('alter table %s owner to {role}', owned);
           end loop;
         end $$",
        LOCK_TIMEOUT.as_millis()
    )
}

fn take_from(role: &str) -> String {
    format!("reassign owned by {role} to current_user; drop owned by {role}; drop role {role}")
}
