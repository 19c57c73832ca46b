//! What the process does: serve until told to stop, or migrate.

use crate::Settings;
use crate::api::{self, Api};
use actix_web::web;
use runtime::Context;
use runtime::causes;
use std::time::Duration;
use storage::{Database, StorageError};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Serves the API until shutdown is requested. Begins when Postgres answers, however long that takes.
///
/// # Errors
/// When the database has another schema, or the server fails.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    context.health.add("database", || async { Err("the schema is not checked yet".to_owned()) });
    let checked = context.shutdown.run_until_requested(await_schema(&database)).await;
    let Some(checked) = checked else { return Ok(()) };
    checked?;
    let pinged = database.clone();
    context.health.add("database", move || {
        let database = pinged.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    let api = web::Data::new(Api::new(database, &settings));
    let server = runtime::http::serve(&settings.http, &context, move |config| {
        config.app_data(api.clone()).configure(api::routes);
    })?;
    server.stopped().await
}

/// Brings the schema of the database up to date, and says in the log what that took.
///
/// # Errors
/// When the database cannot be reached, or a migration fails.
pub async fn migrate(settings: Settings, _context: Context) -> anyhow::Result<()> {
    let applied = Database::new(&settings.database)?.migrate().await?;
    for version in &applied {
        tracing::info!(version, "migration applied");
    }
    tracing::info!(applied = applied.len(), "the schema is up to date");
    Ok(())
}

/// Waits until Postgres is there, and refuses a schema that this program was not built for.
async fn await_schema(database: &Database) -> Result<(), StorageError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match database.check_schema().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(error = causes(&error), retry_in = ?pause, "waiting for the database");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            checked => return checked,
        }
    }
}
