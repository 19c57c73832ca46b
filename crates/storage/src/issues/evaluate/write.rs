//! Writes what happened to issues, and their history.

use super::context::Places;
use crate::issues::publish::publish;
use crate::issues::{broken, lock_many};
use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int4, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::ChargePointId;
use domain::issues::{IssuePlace, Transition, TransitionKind};
use serde_json::Value;
use std::collections::BTreeSet;

/// Writes `transitions` in their order: an issue may close and the next one with its key open in one
/// pass. Appends the outcome for each issue to the feed; call it last in the transaction.
pub(super) async fn write(
    tx: &mut Connection,
    places: &Places,
    transitions: &[Transition],
) -> Result<(), StorageError> {
    let (mut opened, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for transition in transitions {
        let is_news = match transition.kind {
            TransitionKind::Opened => {
                opened.insert(transition.issue);
                open(tx, places, transition).await?
            }
            TransitionKind::Recurred => recur(tx, transition).await?,
            TransitionKind::Closed => close(tx, transition).await?,
            TransitionKind::Joined => join(tx, places, transition).await?,
            TransitionKind::Left => leave(tx, transition).await?,
        };
        if is_news {
            changed.insert(transition.issue);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let issues = lock_many(tx, &changed).await?;
    publish(tx, &issues, &opened).await
}

fn fact(transition: &Transition) -> Result<Value, StorageError> {
    serde_json::to_value(&transition.fact).map_err(broken)
}

/// Opens an issue. These functions return whether the feed must contain what happened.
async fn open(tx: &mut Connection, places: &Places, transition: &Transition) -> Result<bool, StorageError> {
    let Transition { key, issue, at, .. } = transition;
    let device = key.place.charge_point();
    let place = device.and_then(|device| places.get(device));
    let gateway = match &key.place {
        IssuePlace::Gateway(gateway) => Some(gateway.as_str()),
        _ => None,
    };
    let station = match &key.place {
        IssuePlace::Station(station) => Some(station.0),
        _ => place.map(|place| place.station_id),
    };
    let written = diesel::sql_query(
        "with opened as (
           insert into issues (id, key, cause, severity, gateway_id, station_id, pile_id, charge_point_id, connector_id,
                               operator_id, opened_at, fact, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                   (select operator_id from stations where stations.id = $6), $10, $11, clock_timestamp())
           returning id, opened_at, fact)
         insert into issue_events (issue_id, number, at, kind, detail) select id, 1, opened_at, 'opened', fact from opened",
    )
    .bind::<SqlUuid, _>(issue.0)
    .bind::<Text, _>(key.to_string())
    .bind::<Text, _>(key.cause.as_str())
    .bind::<Text, _>(key.severity().as_str())
    .bind::<Nullable<Text>, _>(gateway)
    .bind::<Nullable<SqlUuid>, _>(station)
    .bind::<Nullable<SqlUuid>, _>(place.map(|place| place.pile_id))
    .bind::<Nullable<Text>, _>(device.map(ChargePointId::as_str))
    .bind::<Nullable<Int4>, _>(key.place.connector().map(|connector| i32::from(connector.number())))
    .bind::<Timestamptz, _>(at)
    .bind::<Jsonb, _>(fact(transition)?)
    .execute(tx)
    .await?;
    Ok(written > 0)
}

async fn recur(tx: &mut Connection, transition: &Transition) -> Result<bool, StorageError> {
    let written = diesel::sql_query(
        "with changed as (
           update issues set fact = $3, recurrences = recurrences + 1, version = version + 1, changed_at = statement_timestamp()
           where id = $1 and closed_at is null
           returning id, version, fact)
         insert into issue_events (issue_id, number, at, kind, detail)
         select id, version, $2, 'recurred', fact from changed",
    )
    .bind::<SqlUuid, _>(transition.issue.0)
    .bind::<Timestamptz, _>(transition.at)
    .bind::<Jsonb, _>(fact(transition)?)
    .execute(tx)
    .await?;
    Ok(written > 0)
}

async fn close(tx: &mut Connection, transition: &Transition) -> Result<bool, StorageError> {
    let written = diesel::sql_query(
        "with closed as (
           update issues set closed_at = greatest($2, opened_at), proof = $3, version = version + 1,
                             changed_at = statement_timestamp()
           where id = $1 and closed_at is null
           returning id, version, closed_at, proof),
         left_over as (
           update issue_devices set left_at = $2 where issue_id = $1 and left_at is null returning 1)
         insert into issue_events (issue_id, number, at, kind, detail)
         select id, version, closed_at, 'closed', proof from closed",
    )
    .bind::<SqlUuid, _>(transition.issue.0)
    .bind::<Timestamptz, _>(transition.at)
    .bind::<Jsonb, _>(fact(transition)?)
    .execute(tx)
    .await?;
    Ok(written > 0)
}

/// A device becomes part of an outage. That is news for an operator that had none there before.
async fn join(tx: &mut Connection, places: &Places, transition: &Transition) -> Result<bool, StorageError> {
    #[derive(QueryableByName)]
    struct Joined {
        #[diesel(sql_type = Bool)]
        is_first: bool,
    }
    let device = device(transition)?;
    let place = places.get(device);
    let joined: Joined = diesel::sql_query(
        "with joined as (
           insert into issue_devices (issue_id, charge_point_id, pile_id, operator_id, joined_at)
           values ($1, $2, $3, $4, $5)
           on conflict (issue_id, charge_point_id) do update set left_at = null
           returning operator_id)
         select operator_id is not null and not exists (
                  select from issue_devices as before
                  where before.issue_id = $1 and before.operator_id = joined.operator_id) as is_first
         from joined",
    )
    .bind::<SqlUuid, _>(transition.issue.0)
    .bind::<Text, _>(device.as_str())
    .bind::<Nullable<SqlUuid>, _>(place.map(|place| place.pile_id))
    .bind::<Nullable<Text>, _>(place.and_then(|place| place.operator_id.as_deref()))
    .bind::<Timestamptz, _>(transition.at)
    .get_result(tx)
    .await?;
    Ok(joined.is_first)
}

fn device(transition: &Transition) -> Result<&ChargePointId, StorageError> {
    transition.key.place.charge_point().ok_or_else(|| broken("only a device joins or leaves an outage"))
}

/// Records that a device left an outage. The history of the outage has no entry for it, because an outage
/// may have thousands of devices.
async fn leave(tx: &mut Connection, transition: &Transition) -> Result<bool, StorageError> {
    let device = device(transition)?;
    diesel::sql_query(
        "update issue_devices set left_at = $3 where issue_id = $1 and charge_point_id = $2 and left_at is null",
    )
    .bind::<SqlUuid, _>(transition.issue.0)
    .bind::<Text, _>(device.as_str())
    .bind::<Timestamptz, _>(transition.at)
    .execute(tx)
    .await?;
    Ok(false)
}
