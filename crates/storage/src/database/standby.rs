//! Replication of the database: whether commits wait for a standby, and the timeline, which changes
//! when a standby takes over.

use crate::{Connection, Database, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

/// Values of `synchronous_commit` with which a commit waits for a synchronous standby.
const WAITING: [&str; 3] = ["on", "remote_apply", "remote_write"];

/// Standbys of all sessions; `sync_state` is null if the role may not read it.
const STANDBYS: &str = "\
select current_setting('synchronous_standby_names') as names,
       current_setting('synchronous_commit') as commit,
       count(*) as connected,
       count(*) filter (where sync_state in ('sync', 'quorum')) as synchronous,
       count(*) filter (where pid is not null and sync_state is null) as hidden
  from pg_stat_replication";

/// The timeline of the log, an integer, as SQL. The name of a log segment begins with it in eight
/// hexadecimal digits; unlike the checkpoint in the control file, it is right as soon as a standby
/// was promoted. Every role may call these functions; on a standby they fail.
macro_rules! current_timeline {
    () => {
        "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int"
    };
}
pub(crate) use current_timeline;

/// The standbys of the primary.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Standbys {
    /// `synchronous_standby_names`; empty if no standby is synchronous.
    #[diesel(sql_type = Text)]
    pub names: String,
    /// `synchronous_commit`.
    #[diesel(sql_type = Text)]
    pub commit: String,
    /// Connected standbys and other receivers of the log.
    #[diesel(sql_type = BigInt)]
    pub connected: i64,
    /// Those that commits wait for.
    #[diesel(sql_type = BigInt)]
    pub synchronous: i64,
    /// Those whose state the role may not read.
    #[diesel(sql_type = BigInt)]
    pub hidden: i64,
}

impl Standbys {
    /// Checks that a commit waits for a standby, and that one is connected.
    ///
    /// # Errors
    /// With what is missing and what to do.
    pub fn check(&self) -> Result<(), String> {
        let Self { names, commit, connected, synchronous, hidden } = self;
        if names.is_empty() {
            return Err("commits wait for no standby: set synchronous_standby_names".to_owned());
        }
        if !WAITING.contains(&commit.as_str()) {
            return Err(format!("commits wait for no standby: synchronous_commit is {commit}; set it to on"));
        }
        match (*synchronous, *hidden, *connected) {
            (1.., _, _) => Ok(()),
            (_, 1.., _) => {
                Err("the state of standbys cannot be read: grant pg_read_all_stats to this role".to_owned())
            }
            (_, _, 0) => Err("no standby is connected; commits wait: start the standby".to_owned()),
            _ => Err(
                "no connected standby is synchronous; commits wait: compare synchronous_standby_names with \
                      application_name of the standbys"
                    .to_owned(),
            ),
        }
    }
}

#[derive(QueryableByName)]
struct Timeline {
    #[diesel(sql_type = Nullable<Integer>)]
    timeline: Option<i32>,
}

impl Database {
    /// The standbys that the primary sees.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn standbys(&self) -> Result<Standbys, StorageError> {
        let mut connection = self.connection().await?;
        Ok(diesel::sql_query(STANDBYS).get_result(&mut connection).await?)
    }

    /// Checks that a commit waits for a standby, and that one is connected, for readiness.
    ///
    /// # Errors
    /// With what is missing and what to do; without the details of an unavailable database.
    pub async fn check_synchronous_standby(&self) -> Result<(), String> {
        self.standbys().await.map_err(|error| error.to_string())?.check()
    }

    /// The timeline of the log, see [`timeline`].
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn timeline(&self) -> Result<Option<i32>, StorageError> {
        timeline(&mut *self.connection().await?).await
    }
}

/// The timeline of the log, counted from 1; it grows when a standby is promoted or a backup is
/// restored. `None` on a standby.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn timeline(connection: &mut Connection) -> Result<Option<i32>, StorageError> {
    let query = concat!(
        "select case when pg_is_in_recovery() then null else ",
        current_timeline!(),
        " end as timeline"
    );
    let Timeline { timeline } = diesel::sql_query(query).get_result(connection).await?;
    Ok(timeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standbys(names: &str, commit: &str, [connected, synchronous, hidden]: [i64; 3]) -> Standbys {
        Standbys { names: names.to_owned(), commit: commit.to_owned(), connected, synchronous, hidden }
    }

    #[test]
    fn says_what_is_missing() {
        standbys("*", "on", [1, 1, 0]).check().unwrap();
        standbys("ANY 1 (a, b)", "remote_apply", [2, 2, 0]).check().unwrap();
        for (standbys, remedy) in [
            (standbys("", "on", [1, 0, 0]), "set synchronous_standby_names"),
            (standbys("*", "local", [1, 1, 0]), "set it to on"),
            (standbys("*", "off", [1, 1, 0]), "set it to on"),
            (standbys("*", "on", [0, 0, 0]), "start the standby"),
            (standbys("*", "on", [1, 0, 1]), "grant pg_read_all_stats"),
            (standbys("a", "on", [1, 0, 0]), "application_name"),
        ] {
            let error = standbys.check().unwrap_err();
            assert!(error.contains(remedy), "{error}");
        }
    }
}
