//! Requests to publish a draft, which a second person approves.

use super::Version;
use super::row::{Row, broken};
use super::write::{DraftRefusal, draft, state};
use crate::assets::audit::{self, AuditAction, Thing};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::tariff_versions;
use crate::tariffs::write;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::TariffId;
use domain::tariffs::Proposal;

/// Requests the publication of the draft of a tariff within `bound`, if it is at one of the `expected` revisions, when
/// given; it comes into force at `effective_from`, or when it is approved. Replaces an earlier request.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn propose(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    effective_from: Option<DateTime<Utc>>,
    stamp: &EditStamp,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    if effective_from.is_some_and(|from| from < stamp.at) {
        return Ok(Err(DraftRefusal::InPast));
    }
    let request = |revision| Some(Proposal { revision, effective_from, proposed: stamp.clone() });
    replace(connection, bound, tariff, expected, stamp, request).await
}

/// Withdraws the request to publish the draft of a tariff within `bound`, if there is one and the draft is at one of the
/// `expected` revisions, when given.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn withdraw(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    replace(connection, bound, tariff, expected, stamp, |_revision| None).await
}

/// Replaces the request of a draft by the one that `request` returns for its revision.
async fn replace(
    connection: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    request: impl FnOnce(i64) -> Option<Proposal> + Send,
) -> Result<Result<Version, DraftRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if write::lock(tx, operators::tariffs(bound), tariff).await?.is_none() {
                return Err(Abort::Refused(DraftRefusal::NotFound));
            }
            let before = draft(tx, tariff, expected).await?;
            let proposal = request(before.revision);
            if proposal.is_none() && before.proposal.is_none() {
                return Ok(before);
            }
            let number = i32::try_from(before.number).map_err(broken)?;
            let row: Row = diesel::update(tariff_versions::table.find((tariff.0, number)))
                .set((
                    tariff_versions::proposed_revision.eq(proposal.as_ref().map(|one| one.revision)),
                    tariff_versions::proposed_from.eq(proposal.as_ref().and_then(|one| one.effective_from)),
                    tariff_versions::proposed_at.eq(proposal.as_ref().map(|one| one.proposed.at)),
                    tariff_versions::proposed_by.eq(proposal.as_ref().map(|one| one.proposed.by.as_str())),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await
                .map_err(StorageError::from)?;
            let after = row.into_version(None)?;
            let states = (Some(state(&before)), Some(state(&after)));
            audit::append_entry(tx, Thing::TariffVersion(tariff), AuditAction::Updated, stamp, states)
                .await?;
            Ok(after)
        })
        .await
        .refusal_as_value()
}
