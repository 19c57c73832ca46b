//! Binding tariffs, and ending that; what would clash is refused.

use super::row::{Row, SubjectColumns, broken, key};
use super::{BindingRecord, find};
use crate::assets::stations;
use crate::schema::{piles, tariff_bindings};
use crate::tariffs::{publish, write};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::Signature;
use domain::feed::BindingAction;
use domain::ids::{BindingId, PileId, TariffId};
use domain::tariffs::{Binding, Subject, TariffStatus};
use uuid::Uuid;

/// How often a binding is tried that clashed with one which was ended before it could be named.
const ATTEMPTS: usize = 5;

/// Why a tariff was not bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tariff, or it is retired.
    #[error("there is no such tariff")]
    TariffNotFound,
    /// The tariff is a draft. Were it bound, it would price the past once it is none any more.
    #[error("the tariff is a draft")]
    TariffNotActive,
    /// There is no such station or pile, or it is retired.
    #[error("there is nothing like that to bind a tariff to")]
    SubjectNotFound,
    /// What drivers were shown would not have been true.
    #[error("a binding cannot have held before it was made")]
    InPast,
    /// It would end before it begins, or just then.
    #[error("a binding must end after it begins")]
    NoTime,
    /// The subject has another tariff in some of the time.
    #[error("the subject is bound by binding {} at that time", .0.id)]
    Clash(Box<Binding>),
}

/// Why a binding was not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndRefusal {
    /// There is no such binding.
    #[error("there is no such binding")]
    NotFound,
    /// What drivers were shown would not have been true.
    #[error("a binding cannot end before that was decided")]
    InPast,
    /// It ends earlier, or is over; nobody takes care that a later end leaves room for others.
    #[error("the binding ends at {current} already")]
    EndsEarlier {
        /// When it ends.
        current: DateTime<Utc>,
    },
}

/// Binds a tariff. Whether it clashes is decided by the constraint `tariff_bindings_no_clash`, whoever binds at once.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    connection: &mut Connection,
    binding: &Binding,
    signature: &Signature,
) -> Result<Result<BindingRecord, Refusal>, StorageError> {
    if binding.effective_from < signature.at {
        return Ok(Err(Refusal::InPast));
    }
    if binding.effective_until.is_some_and(|until| until <= binding.effective_from) {
        return Ok(Err(Refusal::NoTime));
    }
    connection
        .transaction(async |tx| {
            let Some(tariff) = write::lock(tx, binding.tariff_id).await? else {
                return Ok(Err(Refusal::TariffNotFound));
            };
            if tariff.details.status == TariffStatus::Draft {
                return Ok(Err(Refusal::TariffNotActive));
            }
            if !keep(tx, &binding.subject).await? {
                return Ok(Err(Refusal::SubjectNotFound));
            }
            for _ in 0..ATTEMPTS {
                if let Some(made) = try_insert(tx, binding, signature).await? {
                    let told = publish::of_binding(&made.binding, signature.at, BindingAction::Made);
                    feed::append(tx, &[told]).await?;
                    return Ok(Ok(made));
                }
                if let Some(other) = clashing(tx, binding).await? {
                    return Ok(Err(Refusal::Clash(Box::new(other.binding))));
                }
            }
            Err(broken(format!("binding {} clashes with none that can be found", binding.id)))
        })
        .await
}

/// Writes a binding, unless the constraint forbids it. Of two who write at once, one waits for the other, which would be a
/// deadlock if they left it to the constraint to fail.
async fn try_insert(
    tx: &mut Connection,
    binding: &Binding,
    signature: &Signature,
) -> Result<Option<BindingRecord>, StorageError> {
    let row: Option<Row> = diesel::insert_into(tariff_bindings::table)
        .values((
            tariff_bindings::id.eq(binding.id.0),
            SubjectColumns::try_from(&binding.subject)?,
            tariff_bindings::tariff_id.eq(binding.tariff_id.0),
            tariff_bindings::effective_from.eq(binding.effective_from),
            tariff_bindings::effective_until.eq(binding.effective_until),
            tariff_bindings::created_at.eq(signature.at),
            tariff_bindings::created_by.eq(signature.by.as_str()),
        ))
        .on_conflict_do_nothing()
        .returning(Row::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    row.map(BindingRecord::try_from).transpose()
}

/// The first binding of the same subject that shares some time with `binding`.
async fn clashing(tx: &mut Connection, binding: &Binding) -> Result<Option<BindingRecord>, StorageError> {
    let time = sql::<Bool>("tstzrange(effective_from, effective_until) && tstzrange(")
        .bind::<Timestamptz, _>(binding.effective_from)
        .sql(", ")
        .bind::<Nullable<Timestamptz>, _>(binding.effective_until)
        .sql(")");
    let row: Option<Row> = tariff_bindings::table
        .filter(tariff_bindings::subject.eq(key(&binding.subject)))
        .filter(time)
        .order(tariff_bindings::effective_from)
        .select(Row::as_select())
        .first(tx)
        .await
        .optional()?;
    row.map(BindingRecord::try_from).transpose()
}

/// Holds what a tariff is bound to so that it is not retired before the transaction ends; says whether it is there.
async fn keep(tx: &mut Connection, subject: &Subject) -> Result<bool, StorageError> {
    match subject {
        Subject::Platform | Subject::Operator { .. } => Ok(true),
        Subject::Station { station_id } => stations::keep(tx, *station_id).await,
        Subject::Pile { pile_id } | Subject::Connector { pile_id, .. } => keep_pile(tx, *pile_id).await,
    }
}

async fn keep_pile(tx: &mut Connection, id: PileId) -> Result<bool, StorageError> {
    let held: Option<Uuid> = piles::table
        .filter(piles::id.eq(id.0))
        .filter(piles::retired_at.is_null())
        .select(piles::id)
        .for_share()
        .first(tx)
        .await
        .optional()?;
    Ok(held.is_some())
}

/// Ends a binding at `until`, not before it was decided. One that has not begun by then never holds. To end it when it ends
/// anyway changes nothing, and nothing is told.
///
/// # Errors
/// When Postgres fails.
pub async fn end(
    connection: &mut Connection,
    id: BindingId,
    until: DateTime<Utc>,
    signature: &Signature,
) -> Result<Result<BindingRecord, EndRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some(tariff) = tariff_of(tx, id).await? else { return Ok(Err(EndRefusal::NotFound)) };
            // Its end is changed by who holds the tariff alone, so it is read again. That of a retired one is over.
            write::lock(tx, tariff).await?;
            let Some(held) = find(tx, id).await? else { return Ok(Err(EndRefusal::NotFound)) };
            let until = until.max(held.binding.effective_from);
            match held.binding.effective_until {
                Some(current) if current == until => return Ok(Ok(held)),
                Some(current) if current < until || current <= signature.at => {
                    return Ok(Err(EndRefusal::EndsEarlier { current }));
                }
                _ if until < signature.at => return Ok(Err(EndRefusal::InPast)),
                _ => {}
            }
            let row = diesel::update(tariff_bindings::table.find(id.0))
                .set((
                    tariff_bindings::effective_until.eq(until),
                    tariff_bindings::ended_at.eq(signature.at),
                    tariff_bindings::ended_by.eq(signature.by.as_str()),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let ended = BindingRecord::try_from(row)?;
            let told = publish::of_binding(&ended.binding, signature.at, BindingAction::Ended);
            feed::append(tx, &[told]).await?;
            Ok(Ok(ended))
        })
        .await
}

async fn tariff_of(tx: &mut Connection, id: BindingId) -> Result<Option<TariffId>, StorageError> {
    let tariff: Option<Uuid> =
        tariff_bindings::table.find(id.0).select(tariff_bindings::tariff_id).first(tx).await.optional()?;
    Ok(tariff.map(TariffId))
}
