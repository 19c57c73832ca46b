//! PostgreSQL reports errors in Chinese to a role that may not choose another language, while
//! connections are closed and locks time out: no message contains the words that identify transient
//! errors.

use crate::database_audit::disconnect;
use crate::environment::Environment;
use crate::output::seconds;
use anyhow::{Context as _, ensure};
use std::time::Duration;

/// The locale, if the server has it.
const LOCALE: &str = "zh_CN.UTF-8";
/// How long a statement of the role waits for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);
/// How long all devices are locked.
const LOCKED: Duration = Duration::from_millis(500);
/// The greatest number of attempts for each that is needed: where the machine is busy, no ingestor may
/// write while a lock is held.
const ATTEMPTS: u32 = 5;
/// The pause between a lock and the closing of connections.
const PAUSE: Duration = Duration::from_millis(300);
/// What an ingestor logs about a batch that failed for an unknown reason.
const REFUSED: &str = "PostgreSQL refused a ";

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Unrecognised {
    /// Which program translated the messages.
    pub translator: Translator,
    /// Batches and records that failed for a reason unknown to the ingestor.
    pub unrecognised: usize,
}

/// The program that translates the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Translator {
    /// The server.
    Server,
    /// The proxy, because the server does not have the locale.
    Proxy,
}

/// Replaces the ingestors with others that connect as a role that may not choose the language, in a
/// database with Chinese messages. Then, at least `times` times and until a message is not
/// recognised, locks all devices for longer than the role waits, and closes the ingestors'
/// connections.
///
/// # Errors
/// When every message is recognised, or the ingestors do not catch up.
pub async fn report_translated_errors(
    environment: &mut Environment,
    times: u32,
) -> anyhow::Result<Unrecognised> {
    environment.wait_until_caught_up().await?;
    let role = format!("{}_role", environment.audited.name());
    let (url, ours) = (url_of_role(&role, environment)?, environment.fleet.launch.database_url.clone());
    let ingestors = environment.fleet.kill_all().await;
    environment.audited.run_sql(&create_role(&role)).await.context("create a role")?;
    let translator = translate(environment).await?;
    environment.fleet.launch.database_url = url;
    environment.fleet.start_many(ingestors)?;
    environment.wait_until_caught_up().await?;
    let before = environment.fleet.logged(REFUSED)?;
    environment.output.progress(&format!("{times} times, locks time out and connections are closed"));
    let mut caught_up = Duration::ZERO;
    for round in 0..times * ATTEMPTS {
        if round >= times && environment.fleet.logged(REFUSED)? > before {
            break;
        }
        environment.audited.run_sql(&super::lock_devices(LOCKED)).await?;
        tokio::time::sleep(PAUSE).await;
        environment.audited.run_sql(&disconnect(&format!("usename = '{role}'"))).await?;
        // While all connections are closed, ingestors pause; locks affect those that write.
        caught_up = caught_up.max(environment.wait_until_caught_up().await?);
    }
    let unrecognised = environment.fleet.logged(REFUSED)? - before;
    environment.output.progress(&format!(
        "{unrecognised} errors were not recognised; caught up after at most {}",
        seconds(caught_up)
    ));
    let ingestors = environment.fleet.kill_all().await;
    environment.proxy.translate_errors(false);
    environment.audited.run_sql(&drop_role(&role)).await.context("drop the role")?;
    environment.fleet.launch.database_url = ours;
    environment.fleet.start_many(ingestors)?;
    environment.wait_until_caught_up().await?;
    ensure!(unrecognised > 0, "every error was recognised: the fault had no effect");
    Ok(Unrecognised { translator, unrecognised })
}

/// Makes the server translate messages if it can, otherwise the proxy.
async fn translate(environment: &Environment) -> anyhow::Result<Translator> {
    let set = format!("set lc_messages = '{LOCALE}'");
    match environment.audited.alter_database(&set).await {
        Ok(()) => {
            environment.output.progress(&format!("the database reports errors in {LOCALE}"));
            Ok(Translator::Server)
        }
        Err(error) => {
            environment
                .output
                .progress(&format!("the server has no {LOCALE}, so the proxy translates errors: {error:#}"));
            environment.proxy.translate_errors(true);
            Ok(Translator::Proxy)
        }
    }
}

/// The URL for ingestors that connect as this role.
fn url_of_role(role: &str, environment: &Environment) -> anyhow::Result<String> {
    let url = &environment.fleet.launch.database_url;
    let (scheme, rest) = url.split_once("//").context("the database URL has no scheme")?;
    let (_, server) = rest.split_once('@').context("the database URL has no user")?;
    Ok(format!("{scheme}//{role}@{server}"))
}

/// Creates the role as the owner of all that ingestors write to, because they create and drop
/// partitions.
fn create_role(role: &str) -> String {
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

fn drop_role(role: &str) -> String {
    format!("reassign owned by {role} to current_user; drop owned by {role}; drop role {role}")
}
