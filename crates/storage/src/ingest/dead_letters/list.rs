//! Listing dead letters.

use super::row::{DeadLetter, Heading, ReplayOutcome};
use crate::schema::dead_letters;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::ids::ChargePointId;
use uuid::Uuid;

/// A filter of dead letters; by default it selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only dead letters of this Kafka topic.
    pub topic: Option<String>,
    /// Only dead letters of this Kafka partition.
    pub partition: Option<i32>,
    /// Only dead letters with this reason.
    pub reason: Option<String>,
    /// Only dead letters of this device or, if their device is unknown, with its id as the key, as
    /// the gateway contract requires.
    pub charge_point_id: Option<ChargePointId>,
    /// `true`: only dead letters that were replayed; `false`: only those that were not.
    pub replayed: Option<bool>,
}

type Query<'a> = dead_letters::BoxedQuery<'a, Pg, dead_letters::SqlType>;

impl Filter {
    fn query(&self) -> Query<'_> {
        let mut query = dead_letters::table.into_boxed::<Pg>();
        if let Some(topic) = &self.topic {
            query = query.filter(dead_letters::topic.eq(topic));
        }
        if let Some(partition) = self.partition {
            query = query.filter(dead_letters::partition.eq(partition));
        }
        if let Some(reason) = &self.reason {
            query = query.filter(dead_letters::reason.eq(reason));
        }
        if let Some(device) = &self.charge_point_id {
            let keyed = dead_letters::key.eq(device.as_str().as_bytes());
            let reported = dead_letters::charge_point_id.eq(device.as_str());
            query = query.filter(reported.or(dead_letters::charge_point_id.is_null().and(keyed)));
        }
        match self.replayed {
            Some(true) => query.filter(dead_letters::replayed_at.is_not_null()),
            Some(false) => query.filter(dead_letters::replayed_at.is_null()),
            None => query,
        }
    }
}

/// Up to `limit` dead letters, the newest first; with `after`, those that follow the one created at
/// that time with that id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Heading>, StorageError> {
    let mut query = filter.query().order((dead_letters::created_at.desc(), dead_letters::id.desc()));
    if let Some((at, id)) = after {
        // Written so that the index scan starts at `at`, since diesel has no row comparison.
        let later = dead_letters::created_at.lt(at).or(dead_letters::id.lt(id));
        query = query.filter(dead_letters::created_at.le(at)).filter(later);
    }
    Ok(query.limit(limit).select(Heading::as_select()).load(connection).await?)
}

/// Up to `limit` dead letters for which a replay may still have an effect, the oldest first; with
/// `after`, those that follow the one created at that time with that id. Ranges without a record
/// are excluded.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_unsettled(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Heading>, StorageError> {
    let open = dead_letters::replay_outcome.ne_all(ReplayOutcome::SETTLED);
    let mut query = filter
        .query()
        .filter(dead_letters::replay_outcome.is_null().or(open))
        .filter(dead_letters::appended_at.is_not_null())
        .filter(dead_letters::first_offset.eq(dead_letters::last_offset))
        .order((dead_letters::created_at, dead_letters::id));
    if let Some((at, id)) = after {
        let later = dead_letters::created_at.gt(at).or(dead_letters::id.gt(id));
        query = query.filter(dead_letters::created_at.ge(at)).filter(later);
    }
    Ok(query.limit(limit).select(Heading::as_select()).load(connection).await?)
}

/// Up to `limit` dead letters of `topic` with their bytes, ordered by partition and offset.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_of_topic(
    connection: &mut Connection,
    topic: &str,
    limit: i64,
) -> Result<Vec<DeadLetter>, StorageError> {
    let letters = dead_letters::table
        .filter(dead_letters::topic.eq(topic))
        .order((dead_letters::partition, dead_letters::first_offset))
        .limit(limit)
        .select(DeadLetter::as_select());
    Ok(letters.load(connection).await?)
}
