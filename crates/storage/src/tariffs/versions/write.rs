//! Writing and publishing the draft of a tariff.

use super::row::{Row, broken, number};
use super::{Version, find};
use crate::assets::audit::{self, AuditAction, Thing};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::tariff_versions;
use crate::tariffs::{TariffRecord, publish, write};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::{PricesChanged, TariffAction};
use domain::ids::TariffId;
use domain::tariffs::{ApprovalRefusal, PriceList, Proposal, TariffDetails};
use serde_json::{Value, json};

/// Why a draft cannot be written, discarded or published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftRefusal {
    /// The tariff does not exist within the caller's bound, or is retired.
    #[error("there is no such tariff")]
    NotFound,
    /// The tariff has no draft.
    #[error("the tariff has no draft")]
    NoDraft,
    /// The draft was edited since the caller read it.
    #[error("the draft is now at revision {current}")]
    OtherRevision {
        /// The draft's current revision.
        current: i64,
    },
    /// The version would come into force in the past and change prices that were shown to drivers.
    #[error("a version cannot come into force before it is published")]
    InPast,
    /// Another version comes into force at the same time, so the order would be ambiguous.
    #[error("version {number} comes into force at the same time")]
    InstantTaken {
        /// Number of the other version.
        number: u32,
    },
    /// A second person must approve the publication.
    #[error(transparent)]
    NotApproved(#[from] ApprovalRefusal),
}

/// The revision to expect of a draft that must not exist yet.
pub const NO_DRAFT: i64 = 0;

/// Creates or replaces the draft of a tariff within `bound` with the price list that `check` returns, if the draft
/// is at one of the `expected` revisions, when given; [`NO_DRAFT`] is one of them if it may be absent. The tariff is locked meanwhile, so its
/// currency is the one that `check` received.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn put_draft<E: From<DraftRefusal> + Send>(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    check: impl FnOnce(&TariffDetails) -> Result<PriceList, E> + Send,
) -> Result<Result<Version, E>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some(held) = write::lock(tx, operators::tariffs(bound), tariff).await? else {
                return Err(Abort::Refused(DraftRefusal::NotFound.into()));
            };
            let may_be_absent = expected.is_none_or(|expected| expected.contains(&NO_DRAFT));
            let draft = match draft(tx, tariff, expected).await {
                Ok(draft) => Some(draft),
                Err(Abort::Refused(DraftRefusal::NoDraft)) if may_be_absent => None,
                Err(abort) => return Err(abort.widen()),
            };
            let price_list = check(&held.details).map_err(Abort::Refused)?;
            let (row, action) = match &draft {
                Some(draft) => (replace(tx, draft, &price_list, stamp).await?, AuditAction::Updated),
                None => (create(tx, tariff, &price_list, stamp).await?, AuditAction::Created),
            };
            let written = row.into_version(None)?;
            let states = (draft.as_ref().map(state), Some(state(&written)));
            audit::append_entry(tx, Thing::TariffVersion(tariff), action, stamp, states).await?;
            Ok(written)
        })
        .await
        .refusal_as_value()
}

async fn create(
    tx: &mut Connection,
    tariff: TariffId,
    price_list: &PriceList,
    stamp: &EditStamp,
) -> Result<Row, StorageError> {
    let numbers = tariff_versions::table.filter(tariff_versions::tariff_id.eq(tariff.0));
    let last: Option<i32> = numbers.select(max(tariff_versions::number)).get_result(tx).await?;
    let next = last.unwrap_or(0).checked_add(1).ok_or_else(|| broken("the version numbers are exhausted"))?;
    let created = diesel::insert_into(tariff_versions::table).values((
        tariff_versions::tariff_id.eq(tariff.0),
        tariff_versions::number.eq(next),
        tariff_versions::price_list.eq(serde_json::to_value(price_list).map_err(broken)?),
        tariff_versions::revision.eq(1),
        tariff_versions::created_at.eq(stamp.at),
        tariff_versions::created_by.eq(stamp.by.as_str()),
        tariff_versions::updated_at.eq(stamp.at),
        tariff_versions::updated_by.eq(stamp.by.as_str()),
    ));
    Ok(created.returning(Row::as_returning()).get_result(tx).await?)
}

async fn replace(
    tx: &mut Connection,
    draft: &Version,
    price_list: &PriceList,
    stamp: &EditStamp,
) -> Result<Row, StorageError> {
    let number = i32::try_from(draft.number).map_err(broken)?;
    let replaced = diesel::update(tariff_versions::table.find((draft.tariff_id.0, number))).set((
        tariff_versions::price_list.eq(serde_json::to_value(price_list).map_err(broken)?),
        tariff_versions::revision.eq(tariff_versions::revision + 1),
        tariff_versions::updated_at.eq(stamp.at),
        tariff_versions::updated_by.eq(stamp.by.as_str()),
    ));
    Ok(replaced.returning(Row::as_returning()).get_result(tx).await?)
}

/// What the audit keeps of a version: its price list is kept by the version itself.
pub(super) fn state(version: &Version) -> Value {
    let effective_from = version.publication.as_ref().map(|publication| publication.effective_from);
    let mut state =
        json!({ "number": version.number, "revision": version.revision, "effectiveFrom": effective_from });
    if let (Some(fields), Some(Proposal { revision, effective_from, proposed })) =
        (state.as_object_mut(), &version.proposal)
    {
        let proposal =
            json!({ "revision": revision, "effectiveFrom": effective_from, "proposedBy": proposed.by });
        fields.insert("proposal".to_owned(), proposal);
    }
    state
}

/// Deletes the draft of a tariff within `bound`, if it is at one of the `expected` revisions, when given.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn discard_draft(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<(), DraftRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if write::lock(tx, operators::tariffs(bound), tariff).await?.is_none() {
                return Err(Abort::Refused(DraftRefusal::NotFound));
            }
            let draft = draft(tx, tariff, expected).await?;
            let number = i32::try_from(draft.number).map_err(broken)?;
            diesel::delete(tariff_versions::table.find((tariff.0, number))).execute(tx).await?;
            let (thing, states) = (Thing::TariffVersion(tariff), (Some(state(&draft)), None));
            audit::append_entry(tx, thing, AuditAction::Discarded, stamp, states).await?;
            Ok(())
        })
        .await
        .refusal_as_value()
}

/// Publishes the draft of a tariff within `bound`, if it is at one of the `expected` revisions, when given. It
/// comes into force at `effective_from`, or at once, and never changes after that. A version that
/// comes into force at once is also announced as activated; others are announced by
/// [`activate_due`](crate::tariffs::activate_due).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn publish(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    effective_from: Option<DateTime<Utc>>,
    stamp: &EditStamp,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    publish_if(connection, bound, tariff, expected, stamp, |_draft| Ok(effective_from)).await
}

/// Like [`publish()`], if the caller of `stamp` approves the request of another caller; the version comes
/// into force at the instant of the request, which `effective_from` may repeat.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn publish_approved(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    effective_from: Option<DateTime<Utc>>,
    stamp: &EditStamp,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    let approve = |draft: &Version| {
        Proposal::approve(draft.proposal.as_ref(), draft.revision, &stamp.by, effective_from)
    };
    publish_if(connection, bound, tariff, expected, stamp, approve).await
}

/// Publishes the draft for the instant that `instant` returns, or at once.
async fn publish_if(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    instant: impl FnOnce(&Version) -> Result<Option<DateTime<Utc>>, ApprovalRefusal> + Send,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some(held) = write::lock(tx, operators::tariffs(bound), tariff).await? else {
                return Err(Abort::Refused(DraftRefusal::NotFound));
            };
            let draft = draft(tx, tariff, expected).await?;
            let effective_from = instant(&draft).map_err(|refusal| Abort::Refused(refusal.into()))?;
            let effective_from = effective_from.unwrap_or(stamp.at);
            if effective_from < stamp.at {
                return Err(Abort::Refused(DraftRefusal::InPast));
            }
            if let Some(number) = in_force_since(tx, tariff, effective_from).await? {
                return Err(Abort::Refused(DraftRefusal::InstantTaken { number }));
            }
            let version = mark_published(tx, &draft, effective_from, stamp).await?;
            append_published(tx, &held, &version).await?;
            let (thing, states) =
                (Thing::TariffVersion(tariff), (Some(state(&draft)), Some(state(&version))));
            audit::append_entry(tx, thing, AuditAction::Published, stamp, states).await?;
            Ok(version)
        })
        .await
        .refusal_as_value()
}

async fn mark_published(
    tx: &mut Connection,
    draft: &Version,
    effective_from: DateTime<Utc>,
    stamp: &EditStamp,
) -> Result<Version, StorageError> {
    let activated_at = (effective_from <= stamp.at).then_some(stamp.at);
    let number = i32::try_from(draft.number).map_err(broken)?;
    diesel::update(tariff_versions::table.find((draft.tariff_id.0, number)))
        .set((
            tariff_versions::effective_from.eq(effective_from),
            tariff_versions::published_at.eq(stamp.at),
            tariff_versions::published_by.eq(stamp.by.as_str()),
            tariff_versions::activated_at.eq(activated_at),
        ))
        .execute(tx)
        .await?;
    let version = find(tx, draft.tariff_id, draft.number).await?;
    version.ok_or_else(|| broken("a version disappeared while its tariff was locked"))
}

async fn append_published(
    tx: &mut Connection,
    tariff: &TariffRecord,
    version: &Version,
) -> Result<(), StorageError> {
    let Some(publication) = &version.publication else {
        return Err(broken("a published version has no publication"));
    };
    let prices = PricesChanged { number: version.number, effective_from: publication.effective_from };
    let change_at = |at, action| publish::of_prices(tariff.id, tariff.revision.version, at, action, prices);
    let mut changes = vec![change_at(publication.published.at, TariffAction::Published)];
    changes.extend(publication.activated_at.map(|at| change_at(at, TariffAction::Activated)));
    feed::append(tx, &changes).await
}

/// The draft of a locked tariff, if it is at one of the `expected` revisions.
pub(super) async fn draft(
    tx: &mut Connection,
    tariff: TariffId,
    expected: Option<&[i64]>,
) -> Result<Version, Abort<DraftRefusal>> {
    let Some(draft) = super::find_draft(tx, tariff).await? else {
        return Err(Abort::Refused(DraftRefusal::NoDraft));
    };
    let current = draft.revision;
    match expected {
        Some(expected) if !expected.contains(&current) => {
            Err(Abort::Refused(DraftRefusal::OtherRevision { current }))
        }
        _ => Ok(draft),
    }
}

/// The version of a tariff that comes into force exactly at `instant`.
async fn in_force_since(
    tx: &mut Connection,
    tariff: TariffId,
    instant: DateTime<Utc>,
) -> Result<Option<u32>, StorageError> {
    let taken: Option<i32> = tariff_versions::table
        .filter(tariff_versions::tariff_id.eq(tariff.0))
        .filter(tariff_versions::effective_from.eq(instant))
        .select(tariff_versions::number)
        .first(tx)
        .await
        .optional()?;
    taken.map(number).transpose()
}
