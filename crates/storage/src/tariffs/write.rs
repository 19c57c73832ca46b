//! Creating, updating and retiring tariffs; invalid edits are refused.

use super::row::{DetailColumns, Row};
use super::{TariffRecord, bindings, versions};
use crate::assets::audit;
use crate::commands::KeyedRequest;
use crate::creation_keys::{self, Creation};
use crate::database::operators::{self, OfOperators};
use crate::database::transaction::{Abort, Refusable};
use crate::schema::tariffs;
use crate::tariffs::publish;
use crate::{Connection, StorageError, feed};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::{AssetAction, TariffAction};
use domain::ids::{Actor, BindingId, TariffId};
use domain::tariffs::{TariffDetails, TariffStatus};

/// Why an edit of a tariff is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TariffRefusal {
    /// The tariff does not exist within the caller's bound, or is retired.
    #[error("there is no such tariff")]
    NotFound,
    /// The tariff was edited since the caller read it.
    #[error("the tariff is now at version {current}")]
    OtherVersion {
        /// The tariff's current version.
        current: i64,
    },
    /// The tariff has prices, which would change their currency.
    #[error("the currency of a tariff with a version is fixed")]
    CurrencyFixed,
    /// The tariff is bound now or later; for a change back to a draft, it was bound at any time.
    #[error("the tariff is bound{}", binding_label(.by.as_ref()))]
    Bound {
        /// One of its bindings; `None` if the caller may read none of them.
        by: Option<BindingId>,
    },
}

fn binding_label(by: Option<&BindingId>) -> String {
    by.map(|id| format!(" by binding {id}")).unwrap_or_default()
}

/// Creates a tariff on behalf of `by`.
///
/// # Errors
/// If PostgreSQL fails.
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
                    tariffs::created_at.eq(tariff.revision.created_at),
                    tariffs::updated_at.eq(tariff.revision.updated_at),
                    tariffs::version.eq(tariff.revision.version),
                ))
                .execute(tx)
                .await?;
            publish_edit(tx, Edit::Created, None, tariff, by).await
        })
        .await
}

/// The same under an idempotency key, if there is one: a repeated request creates nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_once(
    connection: &mut Connection,
    tariff: &TariffRecord,
    by: &Actor,
    keyed: Option<&KeyedRequest>,
) -> Result<Creation<()>, StorageError> {
    let Some(keyed) = keyed else {
        return insert(connection, tariff, by).await.map(Creation::Now);
    };
    connection
        .transaction(async |tx| {
            if let Some(earlier) = creation_keys::claim(tx, keyed, tariff.id.0).await? {
                return Ok(earlier);
            }
            Ok(Creation::Now(insert(tx, tariff, by).await?))
        })
        .await
}

/// Applies `change` to the details of a tariff within `bound`, if the tariff is at one of the `expected` versions,
/// when given. The tariff is locked meanwhile. Its currency cannot change once it has a version or
/// draft; it cannot become a draft again once it was bound, so that past prices stay valid.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn update<E: From<TariffRefusal> + Send>(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    change: impl FnOnce(&TariffDetails) -> Result<TariffDetails, E> + Send,
) -> Result<Result<TariffRecord, E>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = expect(tx, bound, id, expected).await.map_err(Abort::widen)?;
            let details = change(&before.details).map_err(Abort::Refused)?;
            if details.currency != before.details.currency && versions::has_any(tx, id).await? {
                return Err(Abort::Refused(TariffRefusal::CurrencyFixed.into()));
            }
            if details.status == TariffStatus::Draft
                && let Some(by) = bindings::not_over(tx, bound, id, None).await?
            {
                return Err(Abort::Refused(TariffRefusal::Bound { by }.into()));
            }
            let row = diesel::update(tariffs::table.find(id.0))
                .set((
                    DetailColumns::from(&details),
                    tariffs::updated_at.eq(stamp.at),
                    tariffs::version.eq(tariffs::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let tariff = TariffRecord::try_from(row)?;
            publish_edit(tx, Edit::Updated, Some(&before), &tariff, &stamp.by).await?;
            Ok(tariff)
        })
        .await
        .refusal_as_value()
}

/// Retires a tariff within `bound` that has no current or future binding, if it is at one of the `expected`
/// versions, when given. Past prices stay valid.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn retire(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<(), TariffRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = expect(tx, bound, id, expected).await?;
            if let Some(by) = bindings::not_over(tx, bound, id, Some(stamp.at)).await? {
                return Err(Abort::Refused(TariffRefusal::Bound { by }));
            }
            let row = diesel::update(tariffs::table.find(id.0))
                .set((
                    tariffs::retired_at.eq(stamp.at),
                    tariffs::updated_at.eq(stamp.at),
                    tariffs::version.eq(tariffs::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let tariff = TariffRecord::try_from(row)?;
            publish_edit(tx, Edit::Retired, Some(&before), &tariff, &stamp.by).await?;
            Ok(())
        })
        .await
        .refusal_as_value()
}

/// An edit of a tariff's details.
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

/// Records an edit of a locked tariff in the audit trail and appends it to the feed.
async fn publish_edit(
    tx: &mut Connection,
    edit: Edit,
    before: Option<&TariffRecord>,
    tariff: &TariffRecord,
    by: &Actor,
) -> Result<(), StorageError> {
    let (audit_action, action) = edit.words();
    let before = before.map(|before| &before.details);
    let after = Some(&tariff.details).filter(|_| tariff.revision.retired_at.is_none());
    audit::append(tx, tariff.id.0, tariff.revision, audit_action, by, (before, after), None).await?;
    let revision = tariff.revision;
    feed::append(tx, &[publish::of_tariff(tariff.id, revision.version, revision.updated_at, action)]).await
}

async fn expect(
    tx: &mut Connection,
    bound: &OperatorBound,
    id: TariffId,
    expected: Option<&[i64]>,
) -> Result<TariffRecord, Abort<TariffRefusal>> {
    let Some(tariff) = lock(tx, operators::tariffs(bound), id).await? else {
        return Err(Abort::Refused(TariffRefusal::NotFound));
    };
    let current = tariff.revision.version;
    match expected {
        Some(expected) if !expected.contains(&current) => {
            Err(Abort::Refused(TariffRefusal::OtherVersion { current }))
        }
        _ => Ok(tariff),
    }
}

/// Locks a tariff of `own` that is not retired against edits of it, its versions or its bindings until the
/// transaction ends.
pub(super) async fn lock(
    tx: &mut Connection,
    own: OfOperators<'_>,
    id: TariffId,
) -> Result<Option<TariffRecord>, StorageError> {
    let row = tariffs::table
        .filter(tariffs::id.eq(id.0))
        .filter(own)
        .filter(tariffs::retired_at.is_null())
        .select(Row::as_select())
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    row.map(TariffRecord::try_from).transpose()
}
