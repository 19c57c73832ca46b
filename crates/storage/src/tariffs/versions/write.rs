//! Writing the draft of a tariff, and publishing it.

use super::row::{Row, broken, number};
use super::{Version, find};
use crate::schema::tariff_versions;
use crate::tariffs::{TariffRecord, publish, write};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::Signature;
use domain::feed::{PricesChanged, TariffAction};
use domain::ids::TariffId;
use domain::tariffs::{PriceList, TariffDetails};

/// Why a draft was not written, discarded or published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tariff, or it is retired.
    #[error("there is no such tariff")]
    NotFound,
    /// The tariff has no draft.
    #[error("the tariff has no draft")]
    NoDraft,
    /// The draft was edited since the caller looked.
    #[error("the draft is now at revision {current}")]
    OtherRevision {
        /// The revision that it is at.
        current: i64,
    },
    /// What drivers were shown would not have been true.
    #[error("a version cannot have been in force before it was published")]
    InPast,
    /// Which version is in force would not be plain.
    #[error("version {number} is in force since the same instant")]
    InstantTaken {
        /// The other version.
        number: u32,
    },
}

/// Makes the price list that `check` answers the draft of a tariff, provided that there is a draft at one of the `expected`
/// revisions, where given. Nobody else writes of the tariff meanwhile, so its currency is still the one of the check.
///
/// # Errors
/// When Postgres fails.
pub async fn put_draft<E: From<Refusal> + Send>(
    connection: &mut Connection,
    tariff: TariffId,
    expected: Option<&[i64]>,
    signature: &Signature,
    check: impl FnOnce(&TariffDetails) -> Result<PriceList, E> + Send,
) -> Result<Result<Version, E>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some(held) = write::lock(tx, tariff).await? else {
                return Ok(Err(Refusal::NotFound.into()));
            };
            let draft = match draft(tx, tariff, expected).await? {
                Ok(draft) => Some(draft),
                Err(Refusal::NoDraft) if expected.is_none() => None,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let price_list = match check(&held.details) {
                Ok(price_list) => price_list,
                Err(error) => return Ok(Err(error)),
            };
            let row = match draft {
                Some(draft) => replace(tx, &draft, &price_list, signature).await?,
                None => create(tx, tariff, &price_list, signature).await?,
            };
            Ok(Ok(row.into_version(None)?))
        })
        .await
}

async fn create(
    tx: &mut Connection,
    tariff: TariffId,
    price_list: &PriceList,
    signature: &Signature,
) -> Result<Row, StorageError> {
    let numbers = tariff_versions::table.filter(tariff_versions::tariff_id.eq(tariff.0));
    let last: Option<i32> = numbers.select(max(tariff_versions::number)).get_result(tx).await?;
    let next = last.unwrap_or(0).checked_add(1).ok_or_else(|| broken("no number is left"))?;
    let created = diesel::insert_into(tariff_versions::table).values((
        tariff_versions::tariff_id.eq(tariff.0),
        tariff_versions::number.eq(next),
        tariff_versions::price_list.eq(serde_json::to_value(price_list).map_err(broken)?),
        tariff_versions::revision.eq(1),
        tariff_versions::created_at.eq(signature.at),
        tariff_versions::created_by.eq(signature.by.as_str()),
        tariff_versions::updated_at.eq(signature.at),
        tariff_versions::updated_by.eq(signature.by.as_str()),
    ));
    Ok(created.returning(Row::as_returning()).get_result(tx).await?)
}

async fn replace(
    tx: &mut Connection,
    draft: &Version,
    price_list: &PriceList,
    signature: &Signature,
) -> Result<Row, StorageError> {
    let number = i32::try_from(draft.number).map_err(broken)?;
    let replaced = diesel::update(tariff_versions::table.find((draft.tariff_id.0, number))).set((
        tariff_versions::price_list.eq(serde_json::to_value(price_list).map_err(broken)?),
        tariff_versions::revision.eq(tariff_versions::revision + 1),
        tariff_versions::updated_at.eq(signature.at),
        tariff_versions::updated_by.eq(signature.by.as_str()),
    ));
    Ok(replaced.returning(Row::as_returning()).get_result(tx).await?)
}

/// Deletes the draft of a tariff, provided that it is at one of the `expected` revisions, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn discard_draft(
    connection: &mut Connection,
    tariff: TariffId,
    expected: Option<&[i64]>,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if write::lock(tx, tariff).await?.is_none() {
                return Ok(Err(Refusal::NotFound));
            }
            let draft = match draft(tx, tariff, expected).await? {
                Ok(draft) => draft,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let number = i32::try_from(draft.number).map_err(broken)?;
            diesel::delete(tariff_versions::table.find((tariff.0, number))).execute(tx).await?;
            Ok(Ok(()))
        })
        .await
}

/// Publishes the draft of a tariff, provided that it is at one of the `expected` revisions, where given: in force since
/// `effective_from`, or at once. After that it never changes. One that is in force at once is told as activated too; the others
/// are by [`activate_due`](crate::tariffs::activate_due).
///
/// # Errors
/// When Postgres fails.
pub async fn publish(
    connection: &mut Connection,
    tariff: TariffId,
    expected: Option<&[i64]>,
    effective_from: Option<DateTime<Utc>>,
    signature: &Signature,
) -> Result<Result<Version, Refusal>, StorageError> {
    let effective_from = effective_from.unwrap_or(signature.at);
    connection
        .transaction(async |tx| {
            let Some(held) = write::lock(tx, tariff).await? else { return Ok(Err(Refusal::NotFound)) };
            let draft = match draft(tx, tariff, expected).await? {
                Ok(draft) => draft,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if effective_from < signature.at {
                return Ok(Err(Refusal::InPast));
            }
            if let Some(number) = in_force_since(tx, tariff, effective_from).await? {
                return Ok(Err(Refusal::InstantTaken { number }));
            }
            let version = mark_published(tx, &draft, effective_from, signature).await?;
            tell_published(tx, &held, &version).await?;
            Ok(Ok(version))
        })
        .await
}

async fn mark_published(
    tx: &mut Connection,
    draft: &Version,
    effective_from: DateTime<Utc>,
    signature: &Signature,
) -> Result<Version, StorageError> {
    let activated_at = (effective_from <= signature.at).then_some(signature.at);
    let number = i32::try_from(draft.number).map_err(broken)?;
    diesel::update(tariff_versions::table.find((draft.tariff_id.0, number)))
        .set((
            tariff_versions::effective_from.eq(effective_from),
            tariff_versions::published_at.eq(signature.at),
            tariff_versions::published_by.eq(signature.by.as_str()),
            tariff_versions::activated_at.eq(activated_at),
        ))
        .execute(tx)
        .await?;
    let version = find(tx, draft.tariff_id, draft.number).await?;
    version.ok_or_else(|| broken("a version that is gone while its tariff is held"))
}

async fn tell_published(
    tx: &mut Connection,
    tariff: &TariffRecord,
    version: &Version,
) -> Result<(), StorageError> {
    let Some(publication) = &version.publication else {
        return Err(broken("a version that was published, and is not"));
    };
    let prices = PricesChanged { number: version.number, effective_from: publication.effective_from };
    let told = |at, action| publish::of_prices(tariff.id, tariff.edition.version, at, action, prices);
    let mut changes = vec![told(publication.published.at, TariffAction::Published)];
    changes.extend(publication.activated_at.map(|at| told(at, TariffAction::Activated)));
    feed::append(tx, &changes).await
}

/// The draft of a tariff that is held, at one of the `expected` revisions.
async fn draft(
    tx: &mut Connection,
    tariff: TariffId,
    expected: Option<&[i64]>,
) -> Result<Result<Version, Refusal>, StorageError> {
    let Some(draft) = super::find_draft(tx, tariff).await? else { return Ok(Err(Refusal::NoDraft)) };
    let current = draft.revision;
    Ok(match expected {
        Some(expected) if !expected.contains(&current) => Err(Refusal::OtherRevision { current }),
        _ => Ok(draft),
    })
}

/// The version of a tariff that is in force since just that instant.
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
