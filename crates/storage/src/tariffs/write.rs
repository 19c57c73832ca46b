//! Adding, changing and retiring tariffs; a change that must not be is refused.

use super::row::{DetailColumns, Row};
use super::{TariffRecord, bindings, versions};
use crate::assets::audit;
use crate::schema::tariffs;
use crate::tariffs::publish;
use crate::{Connection, StorageError, feed};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::Signature;
use domain::feed::{AssetAction, TariffAction};
use domain::ids::{Actor, BindingId, TariffId};
use domain::tariffs::{TariffDetails, TariffStatus};

/// Why a tariff was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tariff, or it is retired.
    #[error("there is no such tariff")]
    NotFound,
    /// It was edited since the caller looked.
    #[error("the tariff is now at version {current}")]
    OtherVersion {
        /// The version that it is at.
        current: i64,
    },
    /// It has prices, which would be in another currency since.
    #[error("the currency of a tariff with a version is fixed")]
    CurrencyFixed,
    /// Something is priced by it, or will be; or was, if it is to be a draft again.
    #[error("the tariff is bound by binding {by}")]
    Bound {
        /// One of its bindings.
        by: BindingId,
    },
}

/// Adds a tariff in the name of `by`.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    connection: &mut Connection,
    tariff: &TariffRecord,
    by: &Actor,
) -> Result<(), StorageError> {
    connection
        .transaction(async |tx| {
            diesel::insert_into(tariffs::table)
                .values((
                    tariffs::id.eq(tariff.id.0),
                    DetailColumns::from(&tariff.details),
                    tariffs::created_at.eq(tariff.edition.created_at),
                    tariffs::updated_at.eq(tariff.edition.updated_at),
                    tariffs::version.eq(tariff.edition.version),
                ))
                .execute(tx)
                .await?;
            told(tx, Edit::Created, None, tariff, by).await
        })
        .await
}

/// Makes of what is said of a tariff what `change` makes of it, provided that it is at one of the `expected` versions,
/// where given. Nobody else edits it meanwhile. Once it has a version, be it a draft, its currency stays; once it was bound, it is no
/// draft again, so that what was priced by it still is.
///
/// # Errors
/// When Postgres fails.
pub async fn update<E: From<Refusal> + Send>(
    connection: &mut Connection,
    id: TariffId,
    expected: Option<&[i64]>,
    signature: &Signature,
    change: impl FnOnce(&TariffDetails) -> Result<TariffDetails, E> + Send,
) -> Result<Result<TariffRecord, E>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = match expect(tx, id, expected).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let details = match change(&before.details) {
                Ok(details) => details,
                Err(error) => return Ok(Err(error)),
            };
            if details.currency != before.details.currency && versions::has_any(tx, id).await? {
                return Ok(Err(Refusal::CurrencyFixed.into()));
            }
            if details.status == TariffStatus::Draft
                && let Some(by) = bindings::not_over(tx, id, None).await?
            {
                return Ok(Err(Refusal::Bound { by }.into()));
            }
            let row = diesel::update(tariffs::table.find(id.0))
                .set((
                    DetailColumns::from(&details),
                    tariffs::updated_at.eq(signature.at),
                    tariffs::version.eq(tariffs::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let tariff = TariffRecord::try_from(row)?;
            told(tx, Edit::Updated, Some(&before), &tariff, &signature.by).await?;
            Ok(Ok(tariff))
        })
        .await
}

/// Retires a tariff by which nothing is priced any more, provided that it is at one of the `expected` versions, where given.
/// What was priced by it in the past still is.
///
/// # Errors
/// When Postgres fails.
pub async fn retire(
    connection: &mut Connection,
    id: TariffId,
    expected: Option<&[i64]>,
    signature: &Signature,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = match expect(tx, id, expected).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(by) = bindings::not_over(tx, id, Some(signature.at)).await? {
                return Ok(Err(Refusal::Bound { by }));
            }
            let row = diesel::update(tariffs::table.find(id.0))
                .set((
                    tariffs::retired_at.eq(signature.at),
                    tariffs::updated_at.eq(signature.at),
                    tariffs::version.eq(tariffs::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let tariff = TariffRecord::try_from(row)?;
            told(tx, Edit::Retired, Some(&before), &tariff, &signature.by).await?;
            Ok(Ok(()))
        })
        .await
}

/// An edit of what is said of a tariff.
#[derive(Clone, Copy)]
enum Edit {
    Created,
    Updated,
    Retired,
}

impl Edit {
    const fn words(self) -> (AssetAction, TariffAction) {
        match self {
            Self::Created => (AssetAction::Created, TariffAction::Created),
            Self::Updated => (AssetAction::Updated, TariffAction::Updated),
            Self::Retired => (AssetAction::Retired, TariffAction::Retired),
        }
    }
}

/// Writes down what was done to a tariff, which is locked, and tells the feed.
async fn told(
    tx: &mut Connection,
    edit: Edit,
    before: Option<&TariffRecord>,
    tariff: &TariffRecord,
    by: &Actor,
) -> Result<(), StorageError> {
    let (noted, action) = edit.words();
    let before = before.map(|before| &before.details);
    let after = Some(&tariff.details).filter(|_| tariff.edition.retired_at.is_none());
    audit::append(tx, tariff.id.0, tariff.edition, noted, by, (before, after)).await?;
    let edition = tariff.edition;
    feed::append(tx, &[publish::of_tariff(tariff.id, edition.version, edition.updated_at, action)]).await
}

async fn expect(
    tx: &mut Connection,
    id: TariffId,
    expected: Option<&[i64]>,
) -> Result<Result<TariffRecord, Refusal>, StorageError> {
    let Some(tariff) = lock(tx, id).await? else { return Ok(Err(Refusal::NotFound)) };
    let current = tariff.edition.version;
    Ok(match expected {
        Some(expected) if !expected.contains(&current) => Err(Refusal::OtherVersion { current }),
        _ => Ok(tariff),
    })
}

/// Holds a tariff that is not retired until the transaction ends: nobody else writes of it, its versions or its bindings.
pub(super) async fn lock(tx: &mut Connection, id: TariffId) -> Result<Option<TariffRecord>, StorageError> {
    let row = tariffs::table
        .filter(tariffs::id.eq(id.0))
        .filter(tariffs::retired_at.is_null())
        .select(Row::as_select())
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    row.map(TariffRecord::try_from).transpose()
}
