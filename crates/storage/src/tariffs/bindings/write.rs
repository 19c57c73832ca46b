//! Creating and ending bindings; conflicting ones are refused.

use super::row::{Row, SubjectColumns, broken, key};
use super::{BindingRecord, find_among};
use crate::assets::audit::{self, AuditAction, Thing};
use crate::assets::stations;
use crate::commands::KeyedRequest;
use crate::creation_keys::{self, Creation};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::{piles, tariff_bindings};
use crate::tariffs::{publish, write};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::BindingAction;
use domain::ids::{BindingId, PileId, TariffId};
use domain::tariffs::{Binding, Subject, TariffStatus};
use serde_json::{Value, json};
use uuid::Uuid;

/// Number of attempts to insert a binding whose conflicting binding ended before it could be read.
const ATTEMPTS: usize = 5;

/// Why a binding is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingRefusal {
    /// The tariff does not exist within the caller's bound, or is retired.
    #[error("there is no such tariff")]
    TariffNotFound,
    /// The tariff is a draft. If it could be bound, it would price the past once it becomes active.
    #[error("the tariff is a draft")]
    TariffNotActive,
    /// The station or pile does not exist or is retired, or the subject is outside the caller's bound.
    #[error("the subject to bind does not exist")]
    SubjectNotFound,
    /// The binding would begin in the past and change prices that were shown to drivers.
    #[error("a binding cannot begin before it is created")]
    InPast,
    /// The binding would end at or before its beginning.
    #[error("a binding must end after it begins")]
    NoTime,
    /// The subject is bound to a tariff in a part of that time, by this binding.
    #[error("the subject is bound by binding {} at that time", .0.id)]
    Clash(Box<Binding>),
}

/// Why a binding cannot be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindingEndRefusal {
    /// The binding does not exist within the caller's bound.
    #[error("there is no such binding")]
    NotFound,
    /// The binding would end in the past and change prices that were shown to drivers.
    #[error("a binding cannot end in the past")]
    InPast,
    /// The binding ends earlier, or has ended; moving its end to a later time could overlap other
    /// bindings.
    #[error("the binding ends at {current} already")]
    EndsEarlier {
        /// The current end.
        current: DateTime<Utc>,
    },
}

/// Creates a binding of a subject within `bound`. The constraint `tariff_bindings_no_clash` decides whether it conflicts, also
/// with concurrent inserts.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert(
    connection: &mut Connection,
    bound: &OperatorBound,
    binding: &Binding,
    stamp: &EditStamp,
) -> Result<Result<BindingRecord, BindingRefusal>, StorageError> {
    if binding.effective_from < stamp.at {
        return Ok(Err(BindingRefusal::InPast));
    }
    if binding.effective_until.is_some_and(|until| until <= binding.effective_from) {
        return Ok(Err(BindingRefusal::NoTime));
    }
    connection
        .transaction(async |tx| {
            let Some(tariff) = write::lock(tx, operators::readable_tariffs(bound), binding.tariff_id).await?
            else {
                return Err(Abort::Refused(BindingRefusal::TariffNotFound));
            };
            if tariff.details.status == TariffStatus::Draft {
                return Err(Abort::Refused(BindingRefusal::TariffNotActive));
            }
            if !lock_subject(tx, bound, &binding.subject).await? {
                return Err(Abort::Refused(BindingRefusal::SubjectNotFound));
            }
            for _ in 0..ATTEMPTS {
                if let Some(created) = try_insert(tx, binding, stamp).await? {
                    let change = publish::of_binding(&created.binding, stamp.at, BindingAction::Made);
                    feed::append(tx, &[change]).await?;
                    let states = (None, Some(state(&created.binding)?));
                    let thing = Thing::TariffBinding(binding.id);
                    audit::append_entry(tx, thing, AuditAction::Created, stamp, states).await?;
                    return Ok(created);
                }
                if let Some(other) = clashing(tx, binding).await? {
                    return Err(Abort::Refused(BindingRefusal::Clash(Box::new(other.binding))));
                }
            }
            let what = format!("binding {} conflicts with a binding that cannot be found", binding.id);
            Err(broken(what).into())
        })
        .await
        .refusal_as_value()
}

/// The same under an idempotency key, if there is one: a repeated request creates nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_once(
    connection: &mut Connection,
    bound: &OperatorBound,
    binding: &Binding,
    stamp: &EditStamp,
    keyed: Option<&KeyedRequest>,
) -> Result<Result<Creation<BindingRecord>, BindingRefusal>, StorageError> {
    let Some(keyed) = keyed else {
        return Ok(insert(connection, bound, binding, stamp).await?.map(Creation::Now));
    };
    connection
        .transaction(async |tx| {
            if let Some(earlier) = creation_keys::claim(tx, keyed, binding.id.0).await? {
                return Ok(earlier);
            }
            insert(tx, bound, binding, stamp).await?.map(Creation::Now).map_err(Abort::Refused)
        })
        .await
        .refusal_as_value()
}

/// Inserts a binding unless the constraint forbids it. Of two concurrent inserts one waits for the
/// other; if both let the constraint fail, they would deadlock.
async fn try_insert(
    tx: &mut Connection,
    binding: &Binding,
    stamp: &EditStamp,
) -> Result<Option<BindingRecord>, StorageError> {
    let row: Option<Row> = diesel::insert_into(tariff_bindings::table)
        .values((
            tariff_bindings::id.eq(binding.id.0),
            SubjectColumns::try_from(&binding.subject)?,
            tariff_bindings::tariff_id.eq(binding.tariff_id.0),
            tariff_bindings::effective_from.eq(binding.effective_from),
            tariff_bindings::effective_until.eq(binding.effective_until),
            tariff_bindings::created_at.eq(stamp.at),
            tariff_bindings::created_by.eq(stamp.by.as_str()),
        ))
        .on_conflict_do_nothing()
        .returning(Row::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    row.map(BindingRecord::try_from).transpose()
}

/// The first binding of the same subject that overlaps `binding` in time.
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

/// Locks the subject of a binding, if it is within `bound`, against being retired until the transaction ends; `false` if it
/// does not exist.
async fn lock_subject(
    tx: &mut Connection,
    bound: &OperatorBound,
    subject: &Subject,
) -> Result<bool, StorageError> {
    match subject {
        Subject::Platform => Ok(*bound == OperatorBound::All),
        Subject::Operator { operator_id } => Ok(bound.reaches(Some(operator_id.as_str()))),
        Subject::Station { station_id } => stations::lock_active(tx, bound, *station_id).await,
        Subject::Pile { pile_id } | Subject::Connector { pile_id, .. } => {
            lock_pile(tx, bound, *pile_id).await
        }
    }
}

async fn lock_pile(tx: &mut Connection, bound: &OperatorBound, id: PileId) -> Result<bool, StorageError> {
    let held: Option<Uuid> = piles::table
        .filter(piles::id.eq(id.0))
        .filter(operators::piles(bound))
        .filter(piles::retired_at.is_null())
        .select(piles::id)
        .for_share()
        .first(tx)
        .await
        .optional()?;
    Ok(held.is_some())
}

/// Ends a binding within `bound` at `until`, which must not be in the past. A binding that has not begun by then
/// never applies. If the end does not change, nothing is published.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn end(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: BindingId,
    until: DateTime<Utc>,
    stamp: &EditStamp,
) -> Result<Result<BindingRecord, BindingEndRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some(tariff) = tariff_of(tx, bound, id).await? else {
                return Err(Abort::Refused(BindingEndRefusal::NotFound));
            };
            // The end changes only under the tariff's lock, so the binding is read again. A binding
            // of a retired tariff is over.
            // The tariff may belong to another operator than the subject.
            write::lock(tx, operators::tariffs(&OperatorBound::All), tariff).await?;
            let Some(held) = find_among(tx, operators::bindings(bound), id).await? else {
                return Err(Abort::Refused(BindingEndRefusal::NotFound));
            };
            let until = until.max(held.binding.effective_from);
            match held.binding.effective_until {
                Some(current) if current == until => return Ok(held),
                Some(current) if current < until || current <= stamp.at => {
                    return Err(Abort::Refused(BindingEndRefusal::EndsEarlier { current }));
                }
                _ if until < stamp.at => return Err(Abort::Refused(BindingEndRefusal::InPast)),
                _ => {}
            }
            let row = diesel::update(tariff_bindings::table.find(id.0))
                .set((
                    tariff_bindings::effective_until.eq(until),
                    tariff_bindings::ended_at.eq(stamp.at),
                    tariff_bindings::ended_by.eq(stamp.by.as_str()),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let ended = BindingRecord::try_from(row)?;
            let change = publish::of_binding(&ended.binding, stamp.at, BindingAction::Ended);
            feed::append(tx, &[change]).await?;
            let states = (Some(state(&held.binding)?), Some(state(&ended.binding)?));
            audit::append_entry(tx, Thing::TariffBinding(id), AuditAction::Ended, stamp, states).await?;
            Ok(ended)
        })
        .await
        .refusal_as_value()
}

/// What the audit keeps of a binding.
fn state(binding: &Binding) -> Result<Value, StorageError> {
    let Binding { id: _, subject, tariff_id, effective_from, effective_until } = binding;
    let subject = serde_json::to_value(subject).map_err(broken)?;
    Ok(json!({
        "tariffId": tariff_id.0, "subject": subject,
        "effectiveFrom": effective_from, "effectiveUntil": effective_until,
    }))
}

async fn tariff_of(
    tx: &mut Connection,
    bound: &OperatorBound,
    id: BindingId,
) -> Result<Option<TariffId>, StorageError> {
    let own = tariff_bindings::table.find(id.0).filter(operators::bindings(bound));
    let tariff: Option<Uuid> = own.select(tariff_bindings::tariff_id).first(tx).await.optional()?;
    Ok(tariff.map(TariffId))
}
