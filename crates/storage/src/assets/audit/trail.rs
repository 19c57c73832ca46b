//! The audit trail as a whole, by time, caller, action and thing.

use super::AssetEdit;
use crate::database::operators;
use crate::schema::asset_edits;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int8, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::Actor;
use uuid::Uuid;

/// The type of a row's thing. Rows about stations, piles, tariffs and sessions do not contain it;
/// those of assets stay in their tables after they are retired.
const THING_TYPE: &str = "case when thing_type is not null then thing_type
    when exists (select from piles where piles.id = asset_id) then 'pile'
    when exists (select from stations where stations.id = asset_id) then 'station'
    when exists (select from tariffs where tariffs.id = asset_id) then 'tariff'
    else 'session' end";

/// The kind of thing that an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThingType {
    /// A station.
    Station,
    /// A pile.
    Pile,
    /// The details of a tariff.
    Tariff,
    /// A version of a tariff, or its draft; the id is that of the tariff.
    TariffVersion,
    /// A binding of a tariff.
    TariffBinding,
    /// A charging session.
    Session,
    /// A dead letter.
    DeadLetter,
    /// An import of a file.
    Import,
    /// A command to many piles of a station.
    CommandBatch,
    /// Downtime that does not count in the reliability ledger.
    ReliabilityExclusion,
}

impl ThingType {
    /// All types.
    pub const ALL: [Self; 10] = [
        Self::Station,
        Self::Pile,
        Self::Tariff,
        Self::TariffVersion,
        Self::TariffBinding,
        Self::Session,
        Self::DeadLetter,
        Self::Import,
        Self::CommandBatch,
        Self::ReliabilityExclusion,
    ];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Station => "station",
            Self::Pile => "pile",
            Self::Tariff => "tariff",
            Self::TariffVersion => "tariffVersion",
            Self::TariffBinding => "tariffBinding",
            Self::Session => "session",
            Self::DeadLetter => "deadLetter",
            Self::Import => "import",
            Self::CommandBatch => "commandBatch",
            Self::ReliabilityExclusion => "reliabilityExclusion",
        }
    }
}

/// What a caller did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// The thing was created.
    Created,
    /// The thing was edited.
    Updated,
    /// A station, a pile or a tariff was retired.
    Retired,
    /// A station or a pile was restored.
    Restored,
    /// A session, or a binding of a tariff, was ended.
    Ended,
    /// The draft of a tariff was deleted.
    Discarded,
    /// The draft of a tariff was published.
    Published,
    /// A dead letter was replayed.
    Replayed,
    /// A file was imported.
    Imported,
    /// A command to many piles was cancelled, or an exclusion was withdrawn.
    Cancelled,
}

impl AuditAction {
    /// All actions.
    pub const ALL: [Self; 10] = [
        Self::Created,
        Self::Updated,
        Self::Retired,
        Self::Restored,
        Self::Ended,
        Self::Discarded,
        Self::Published,
        Self::Replayed,
        Self::Imported,
        Self::Cancelled,
    ];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Retired => "retired",
            Self::Restored => "restored",
            Self::Ended => "ended",
            Self::Discarded => "discarded",
            Self::Published => "published",
            Self::Replayed => "replayed",
            Self::Imported => "imported",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A filter of the trail; by default it selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// Only entries at or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only entries before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Only entries of this caller.
    pub by: Option<Actor>,
    /// Only entries with this action.
    pub action: Option<AuditAction>,
    /// Only entries about things of this type.
    pub thing_type: Option<ThingType>,
    /// Only entries about the thing with this id.
    pub thing_id: Option<Uuid>,
}

/// The position of an entry in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailPosition {
    /// When the change was made.
    pub at: DateTime<Utc>,
    /// The id of the row: that of the station, pile, tariff or session, or of the entry itself.
    pub id: Uuid,
    /// The version of the row.
    pub version: i64,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct TrailEntry {
    row_id: Uuid,
    /// What was done.
    pub edit: AssetEdit,
    /// A word of [`ThingType`].
    pub thing_type: String,
    about: Option<Uuid>,
}

impl TrailEntry {
    /// The id of the thing.
    #[must_use]
    pub fn thing_id(&self) -> Uuid {
        self.about.unwrap_or(self.row_id)
    }

    /// The position of the entry.
    #[must_use]
    pub const fn position(&self) -> TrailPosition {
        TrailPosition { at: self.edit.edited_at, id: self.row_id, version: self.edit.version }
    }

    /// The version of the thing to which the change led; `None` if the thing has no such version.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.about.is_none().then_some(self.edit.version)
    }
}

/// Up to `limit` entries within `bound` that `filter` selects, the latest first; with `after`, those that follow
/// that position.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &TrailFilter,
    after: Option<TrailPosition>,
    limit: i64,
) -> Result<Vec<TrailEntry>, StorageError> {
    let query = filter
        .query(after)
        .filter(operators::trail(bound))
        .order((asset_edits::edited_at.desc(), asset_edits::asset_id.desc(), asset_edits::version.desc()))
        .limit(limit)
        .select((
            asset_edits::asset_id,
            AssetEdit::as_select(),
            sql::<Text>(THING_TYPE),
            asset_edits::thing_id,
        ));
    Ok(query.load(connection).await?)
}

impl TrailFilter {
    fn query(&self, after: Option<TrailPosition>) -> asset_edits::BoxedQuery<'_, Pg> {
        let mut query = asset_edits::table.into_boxed::<Pg>();
        if let Some(TrailPosition { at, id, version }) = after {
            // Diesel has no row comparison. It starts the index scan at the exact row.
            let place = sql::<Bool>("(edited_at, asset_id, version) < (").bind::<Timestamptz, _>(at);
            let place = place.sql(", ").bind::<SqlUuid, _>(id).sql(", ").bind::<Int8, _>(version).sql(")");
            query = query.filter(place);
        }
        if let Some(from) = self.from {
            query = query.filter(asset_edits::edited_at.ge(from));
        }
        if let Some(until) = self.until {
            query = query.filter(asset_edits::edited_at.lt(until));
        }
        if let Some(by) = &self.by {
            query = query.filter(asset_edits::edited_by.eq(by.as_str()));
        }
        if let Some(action) = self.action {
            query = query.filter(asset_edits::action.eq(action.as_str()));
        }
        if let Some(id) = self.thing_id {
            let asset = asset_edits::thing_id.is_null().and(asset_edits::asset_id.eq(id));
            query = query.filter(asset.or(asset_edits::thing_id.assume_not_null().eq(id)));
        }
        match self.thing_type {
            Some(thing_type) => query.filter(sql::<Bool>(condition(thing_type))),
            None => query,
        }
    }
}

/// The condition for entries about things of a type.
const fn condition(thing_type: ThingType) -> &'static str {
    match thing_type {
        ThingType::Station => {
            "thing_type is null and exists (select from stations where stations.id = asset_id)"
        }
        ThingType::Pile => "thing_type is null and exists (select from piles where piles.id = asset_id)",
        ThingType::Tariff => {
            "thing_type is null and exists (select from tariffs where tariffs.id = asset_id)"
        }
        // Assets are not ended, and of sessions nothing else is recorded.
        ThingType::Session => "thing_type is null and action = 'ended'",
        ThingType::TariffVersion => "thing_type = 'tariffVersion'",
        ThingType::TariffBinding => "thing_type = 'tariffBinding'",
        ThingType::DeadLetter => "thing_type = 'deadLetter'",
        ThingType::Import => "thing_type = 'import'",
        ThingType::CommandBatch => "thing_type = 'commandBatch'",
        ThingType::ReliabilityExclusion => "thing_type = 'reliabilityExclusion'",
    }
}
