//! Versions of a tariff's prices: at most one draft, and the published ones, which never change.

mod propose;
mod row;
mod write;

pub use propose::{propose, withdraw};
pub use write::{DraftRefusal, NO_DRAFT, discard_draft, publish, publish_approved, put_draft};

pub(super) use row::number;

use crate::schema::tariff_versions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::assets::EditStamp;
use domain::ids::TariffId;
use domain::tariffs::{PriceList, Proposal};
use row::Row;

/// A version of a tariff's prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The tariff of the version.
    pub tariff_id: TariffId,
    /// Numbered from 1 within the tariff. The number of a discarded draft is used again.
    pub number: u32,
    /// The prices.
    pub price_list: PriceList,
    /// The revision of the draft; 1 at creation, one more with each edit.
    pub revision: i64,
    /// When and by whom the draft was created.
    pub created: EditStamp,
    /// When and by whom the draft was last edited.
    pub updated: EditStamp,
    /// The latest request to publish the draft, whose revision may have changed since; `None` if there
    /// was none.
    pub proposal: Option<Proposal>,
    /// The publication; `None` for the draft.
    pub publication: Option<Publication>,
}

/// The publication of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// When and by whom the version was published.
    pub published: EditStamp,
    /// When the version comes into force.
    pub effective_from: DateTime<Utc>,
    /// When the next published version comes into force; `None` if there is no next one.
    pub superseded_from: Option<DateTime<Utc>>,
    /// When the feed announced that the version came into force; `None` before.
    pub activated_at: Option<DateTime<Utc>>,
}

/// The state of a version at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    /// The version is a draft.
    Draft,
    /// The version is published and will come into force.
    Scheduled,
    /// The version is in force.
    InForce,
    /// A later version is in force.
    Superseded,
}

impl Version {
    /// The state of the version at `at`.
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

/// When the next published version comes into force.
const SUPERSEDED_FROM: &str = "(select min(later.effective_from) from tariff_versions later
     where later.tariff_id = tariff_versions.tariff_id
       and later.effective_from > tariff_versions.effective_from)";

/// Version `number` of a tariff, retired or not; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails.
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

/// The draft of a tariff, retired or not; `None` if there is none.
///
/// # Errors
/// If PostgreSQL fails.
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

/// Up to `limit` versions of a tariff, retired or not, in descending order of number; with
/// `before`, only smaller numbers.
///
/// # Errors
/// If PostgreSQL fails.
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
    // A larger `before` excludes no number.
    if let Some(before) = before.and_then(|before| i32::try_from(before).ok()) {
        query = query.filter(tariff_versions::number.lt(before));
    }
    let rows: Vec<(Row, Option<DateTime<Utc>>)> = query.load(connection).await?;
    rows.into_iter().map(|(row, superseded_from)| row.into_version(superseded_from)).collect()
}

/// Whether a tariff has any version, including a draft.
pub(super) async fn has_any(tx: &mut Connection, tariff: TariffId) -> QueryResult<bool> {
    let versions = tariff_versions::table.filter(tariff_versions::tariff_id.eq(tariff.0));
    diesel::select(exists(versions)).get_result(tx).await
}
