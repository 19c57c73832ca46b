//! The operators to which changes belong, so that a caller that is bound to operators follows only
//! the changes of these.
//!
//! - A change of a session states its place, which never changes.
//! - The operator of a station, a pile, a tariff or a binding is stored with the change when it is
//!   written: later edits must not show it to another operator.
//! - An issue states its operator. An outage also belongs to the operators of its devices, which are
//!   read when a bound caller follows, as the API does.
//! - Changes of devices are written in the hot path, where the operator is not known. It follows
//!   from the placement at the time of the change, and is read when a bound caller follows.

use super::Chunk;
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::schema::issue_devices;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::feed::{FeedChange, FeedKind, FeedSubject, IssueSnapshot, SessionChanged};
use domain::tariffs::Subject;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// To which operator a change belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// To this operator.
    Operator(String),
    /// To each of these operators: an outage of their devices.
    Operators(BTreeSet<String>),
    /// To all operators: tariffs without an operator and bindings at the level of the platform.
    Everyone,
    /// To no operator, or it is not known. Only callers without a bound may see the change.
    Unknown,
}

impl Owner {
    /// Whether a caller with `bound` may see the change.
    #[must_use]
    pub fn is_within(&self, bound: &OperatorBound) -> bool {
        match self {
            Self::Everyone => true,
            Self::Operator(operator) => bound.reaches(Some(operator)),
            Self::Operators(operators) if operators.is_empty() => bound.reaches(None),
            Self::Operators(operators) => operators.iter().any(|operator| bound.reaches(Some(operator))),
            Self::Unknown => bound.reaches(None),
        }
    }

    fn of(operator: Option<&str>) -> Self {
        match operator {
            None => Self::Unknown,
            Some("") => Self::Everyone,
            Some(operator) => Self::Operator(operator.to_owned()),
        }
    }
}

/// What the statement that appends a chunk derives the operators of its changes from, as JSON;
/// `None` if all of them are about devices and sessions.
pub(super) fn of_chunk(chunk: &[FeedChange]) -> Option<Value> {
    let owners: Vec<Option<Value>> = chunk.iter().map(|change| source(&change.kind)).collect();
    owners.iter().any(Option::is_some).then(|| json!(owners))
}

fn source(kind: &FeedKind) -> Option<Value> {
    Some(match kind {
        FeedKind::StationChanged(station) => json!({ "station": station.station_id }),
        FeedKind::PileChanged(pile) => json!({ "station": pile.station_id }),
        FeedKind::TariffChanged(tariff) => json!({ "tariff": tariff.tariff_id }),
        FeedKind::TariffBindingChanged(binding) => match &binding.subject {
            Subject::Platform => json!({ "operator": "" }),
            Subject::Operator { operator_id } => json!({ "operator": operator_id }),
            Subject::Station { station_id } => json!({ "station": station_id }),
            Subject::Pile { pile_id } | Subject::Connector { pile_id, .. } => json!({ "pile": pile_id }),
        },
        // For the previous release, which does not know the body.
        FeedKind::IssueOpened(issue) | FeedKind::IssueChanged(issue) | FeedKind::IssueClosed(issue) => {
            json!({ "operator": issue.operator_id.as_ref()? })
        }
        FeedKind::ConnectorStatusChanged(_)
        | FeedKind::ConnectivityChanged(_)
        | FeedKind::SessionChanged(_)
        | FeedKind::SessionMetered(_)
        | FeedKind::SessionSettled(_)
        | FeedKind::CommandChanged(_) => return None,
    })
}

/// The owners of the changes of `chunks`, in their order. One statement if a change is about a
/// device, and one if a change is about an outage.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn load_owners(
    connection: &mut Connection,
    chunks: &[Chunk],
) -> Result<Vec<Vec<Owner>>, StorageError> {
    let mut owners: Vec<Vec<Owner>> = Vec::with_capacity(chunks.len());
    let mut wanted = Places::default();
    let mut outages: Vec<((usize, usize), Uuid)> = Vec::new();
    for (chunk, at_chunk) in chunks.iter().zip(0..) {
        let mut of_chunk = Vec::with_capacity(chunk.changes.len());
        for (index, change) in chunk.changes.iter().enumerate() {
            let stored = chunk.operators.get(index).and_then(Option::as_deref);
            match owner(change, stored) {
                Found::Owner(owner) => of_chunk.push(owner),
                Found::At(device, pile) => {
                    wanted.push((at_chunk, index), device, pile, change.at);
                    of_chunk.push(Owner::Unknown);
                }
                Found::Outage(issue) => {
                    outages.push(((at_chunk, index), issue.issue_id.0));
                    of_chunk.push(Owner::Operators(issue.operator_id.iter().cloned().collect()));
                }
            }
        }
        owners.push(of_chunk);
    }
    if !outages.is_empty() {
        add_operators_of_devices(connection, &mut owners, &outages).await?;
    }
    if wanted.positions.is_empty() {
        return Ok(owners);
    }
    let positions = std::mem::take(&mut wanted.positions);
    let found: Vec<(i64, Option<String>)> = Bulk(wanted).load(connection).await?;
    for (number, operator) in found {
        let position = usize::try_from(number - 1).ok().and_then(|number| positions.get(number));
        let place = position.and_then(|(chunk, index)| owners.get_mut(*chunk)?.get_mut(*index));
        if let Some(place) = place {
            *place = Owner::of(operator.as_deref().filter(|operator| !operator.is_empty()));
        }
    }
    Ok(owners)
}

/// The owner of a change, or what its placement is looked up by.
enum Found<'a> {
    Owner(Owner),
    At(Option<&'a str>, Option<Uuid>),
    Outage(&'a IssueSnapshot),
}

/// Adds the operators of the devices that are, or were, part of `outages`, the issues of the changes at
/// these places.
async fn add_operators_of_devices(
    connection: &mut Connection,
    owners: &mut [Vec<Owner>],
    outages: &[((usize, usize), Uuid)],
) -> Result<(), StorageError> {
    let ids: BTreeSet<Uuid> = outages.iter().map(|(_, issue)| *issue).collect();
    let found: Vec<(Uuid, Option<String>)> = issue_devices::table
        .filter(issue_devices::issue_id.eq_any(ids))
        .filter(issue_devices::operator_id.is_not_null())
        .select((issue_devices::issue_id, issue_devices::operator_id))
        .distinct()
        .load(connection)
        .await?;
    for ((chunk, index), issue) in outages {
        let of_change = owners.get_mut(*chunk).and_then(|of_chunk| of_chunk.get_mut(*index));
        if let Some(Owner::Operators(operators)) = of_change {
            let own = found.iter().filter(|(id, _)| id == issue);
            operators.extend(own.filter_map(|(_, operator)| operator.clone()));
        }
    }
    Ok(())
}

fn owner<'a>(change: &'a FeedChange, stored: Option<&str>) -> Found<'a> {
    match (&change.kind, &change.subject) {
        (FeedKind::SessionChanged(session), _) => Found::Owner(of_session(session)),
        (FeedKind::SessionMetered(metered), _) => Found::Owner(of_session(&metered.session)),
        (FeedKind::SessionSettled(settled), _) => Found::Owner(of_session(&settled.session)),
        // The pile of a command, whatever device is in it by now.
        (FeedKind::CommandChanged(command), _) => Found::At(None, Some(command.pile_id.0)),
        (
            FeedKind::ConnectorStatusChanged(_) | FeedKind::ConnectivityChanged(_),
            FeedSubject::ChargePoint(device),
        ) => Found::At(Some(device.as_str()), None),
        (kind, _) => match kind.issue() {
            Some(issue) if issue.charge_point_id.is_none() => Found::Outage(issue),
            Some(issue) => Found::Owner(Owner::of(issue.operator_id.as_deref())),
            None => Found::Owner(Owner::of(stored)),
        },
    }
}

fn of_session(session: &SessionChanged) -> Owner {
    let operator = session.place.as_ref().and_then(|place| place.operator_id.as_ref());
    operator.map_or(Owner::Unknown, |operator| Owner::Operator(operator.as_str().to_owned()))
}

/// Devices and piles whose placements at some times are wanted, as columns.
#[derive(Default)]
struct Places<'a> {
    /// Chunk and index of each change.
    positions: Vec<(usize, usize)>,
    devices: Vec<Option<&'a str>>,
    piles: Vec<Option<Uuid>>,
    times: Vec<DateTime<Utc>>,
}

impl<'a> Places<'a> {
    fn push(
        &mut self,
        position: (usize, usize),
        device: Option<&'a str>,
        pile: Option<Uuid>,
        at: DateTime<Utc>,
    ) {
        self.positions.push(position);
        self.devices.push(device);
        self.piles.push(pile);
        self.times.push(at);
    }
}

impl Rows for Places<'_> {
    type Statement = Places<'static>;
    const SQL: &'static str = "select wanted.number, place.operator_id
         from unnest($1::text[], $2::uuid[], $3::timestamptz[]) with ordinality as wanted (device, pile, at, number)
         cross join lateral (
           select operator_id, placed_from from placements
           where wanted.device is not null and charge_point_id = wanted.device
             and placed_from <= wanted.at and (placed_until is null or placed_until > wanted.at)
           union all
           select operator_id, placed_from from placements
           where wanted.device is null and pile_id = wanted.pile
             and placed_from <= wanted.at and (placed_until is null or placed_until > wanted.at)
           order by placed_from desc
           limit 1) as place";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Nullable<Text>, _>(&self.devices)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.piles)?;
        columns.push::<Timestamptz, _>(&self.times)
    }
}

impl Lookup for Places<'_> {
    type Answer = (Int8, Nullable<Text>);
}

#[cfg(test)]
mod tests;
