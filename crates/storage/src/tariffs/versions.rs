//! Versions of a tariff's prices: at most one draft, and those that were published, which never change.

mod row;
mod write;

pub use write::{Refusal, discard_draft, publish, put_draft};

pub(super) use row::number;

use crate::schema::tariff_versions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::assets::Signature;
use domain::ids::TariffId;
use domain::tariffs::PriceList;
use row::Row;

/// A version of a tariff's prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The tariff.
    pub tariff_id: TariffId,
    /// 1 for the first of the tariff, one more for each that follows. That of a draft is given again when the draft is discarded.
    pub number: u32,
    /// What it says.
    pub price_list: PriceList,
    /// 1 when the draft was made, one more at each edit of it.
    pub revision: i64,
    /// When and by whom the draft was made.
    pub created: Signature,
    /// When and by whom the draft was last edited.
    pub updated: Signature,
    /// That it was published; `None` while it is the draft.
    pub publication: Option<Publication>,
}

/// That a version was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// When and by whom.
    pub published: Signature,
    /// Since when it is in force.
    pub effective_from: DateTime<Utc>,
    /// Until when: the next published version is in force since. `None` while there is no next one.
    pub superseded_from: Option<DateTime<Utc>>,
    /// When the feed was told that its instant had come; `None` before.
    pub activated_at: Option<DateTime<Utc>>,
}

/// Where a version stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    /// It is being written.
    Draft,
    /// It is published, and will be in force.
    Scheduled,
    /// It is in force.
    InForce,
    /// Another version is in force, which began later.
    Superseded,
}

impl Version {
    /// Where it stands at an instant.
    #[must_use]
    pub fn state(&self, at: DateTime<Utc>) -> VersionState {
        match &self.publication {
            None => VersionState::Draft,
            Some(Publication { superseded_from: Some(end), .. }) if *end <= at => VersionState::Superseded,
            Some(Publication { effective_from, .. }) if at < *effective_from => VersionState::Scheduled,
            Some(_) => VersionState::InForce,
        }
    }
}

/// Since when the next published version is in force.
const SUPERSEDED_FROM: &str = "(select min(later.effective_from) from tariff_versions later
     where later.tariff_id = tariff_versions.tariff_id
       and later.effective_from > tariff_versions.effective_from)";

/// Version `number` of a tariff, retired or not.
///
/// # Errors
/// When Postgres fails.
pub async fn find(
    connection: &mut Connection,
    tariff: TariffId,
    number: u32,
) -> Result<Option<Version>, StorageError> {
    let Ok(number) = i32::try_from(number) else { return Ok(None) };
    let found = tariff_versions::table
        .find((tariff.0, number))
        .select((Row::as_select(), sql::<Nullable<Timestamptz>>(SUPERSEDED_FROM)))
        .first::<(Row, Option<DateTime<Utc>>)>(connection)
        .await
        .optional()?;
    found.map(|(row, superseded_from)| row.into_version(superseded_from)).transpose()
}

/// The draft of a tariff, retired or not.
///
/// # Errors
/// When Postgres fails.
pub async fn find_draft(
    connection: &mut Connection,
    tariff: TariffId,
) -> Result<Option<Version>, StorageError> {
    let row: Option<Row> = tariff_versions::table
        .filter(tariff_versions::tariff_id.eq(tariff.0))
        .filter(tariff_versions::published_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(|row| row.into_version(None)).transpose()
}

/// At most `limit` versions of a tariff, retired or not, the newest first; those whose number is below `before`, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    connection: &mut Connection,
    tariff: TariffId,
    before: Option<u32>,
    limit: i64,
) -> Result<Vec<Version>, StorageError> {
    let mut query = tariff_versions::table
        .filter(tariff_versions::tariff_id.eq(tariff.0))
        .order(tariff_versions::number.desc())
        .limit(limit)
        .select((Row::as_select(), sql::<Nullable<Timestamptz>>(SUPERSEDED_FROM)))
        .into_boxed::<Pg>();
    // No number is greater than what fits.
    if let Some(before) = before.and_then(|before| i32::try_from(before).ok()) {
        query = query.filter(tariff_versions::number.lt(before));
    }
    let rows: Vec<(Row, Option<DateTime<Utc>>)> = query.load(connection).await?;
    rows.into_iter().map(|(row, superseded_from)| row.into_version(superseded_from)).collect()
}

/// Whether a tariff has any version, be it a draft.
pub(super) async fn has_any(tx: &mut Connection, tariff: TariffId) -> QueryResult<bool> {
    let versions = tariff_versions::table.filter(tariff_versions::tariff_id.eq(tariff.0));
    diesel::select(exists(versions)).get_result(tx).await
}
