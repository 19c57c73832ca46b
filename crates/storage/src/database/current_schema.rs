//! The schema in which the platform's tables are: the first of `search_path`. Several platforms may
//! be in one database, each in a schema of its own.

use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

/// The table or index `$1` of the current schema, as SQL; null if there is none. The names of
/// `regclass` alone would also find those of the following schemas.
macro_rules! own_relation {
    () => {
        "to_regclass(quote_ident(current_schema()) || '.' || $1)"
    };
}
pub(crate) use own_relation;

/// What the keys of advisory locks differ by from those of `public`, as SQL of type `bigint`:
/// PostgreSQL shares them between all schemas of a database. It is zero in `public`: the previous
/// release uses these keys.
macro_rules! lock_offset {
    () => {
        "(case current_schema() when 'public' then 0 else hashtextextended(current_schema()::text, 0) end)"
    };
}
pub(crate) use lock_offset;

/// The key of the advisory lock with this name in the current schema, as SQL.
macro_rules! lock_key {
    ($name:literal) => {
        concat!("hashtextextended('", $name, "', 0) # ", $crate::database::current_schema::lock_offset!())
    };
}
pub(crate) use lock_key;

#[derive(QueryableByName)]
struct Missing {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Refuses a `search_path` whose first schema does not exist: PostgreSQL would use the next one, which
/// may contain another platform.
///
/// # Errors
/// [`StorageError::Settings`] with the remedy, or if PostgreSQL fails.
pub(crate) async fn check_exists(connection: &mut Connection) -> Result<(), StorageError> {
    let missing: Option<Missing> = diesel::sql_query(
        "select name from (
           select trim(split_part(current_setting('search_path'), ',', 1), ' \"') as name) as first
         where name not in ('', '$user')
           and not exists (select from pg_namespace where nspname in (name, lower(name)))",
    )
    .get_result(connection)
    .await
    .optional()
    .map_err(|error| StorageError::from(error).of_the_database())?;
    match missing {
        None => Ok(()),
        Some(Missing { name }) => Err(StorageError::Settings(format!(
            "search_path begins with the schema {name}, which does not exist: run `create schema {name}`, or \
             correct the options of database.url"
        ))),
    }
}
