//! The changes to publish for a charge point after events were applied.

use super::{
    CommandChanged, ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject,
    SessionChanged, SessionPhase,
};
use crate::commands::CommandRecord;
use crate::devices::charge_point::ChargePoint;
use crate::devices::connector::{Connector, StatusView};
use crate::devices::liveness::{Disconnection, Liveness};
use crate::latest::{Latest, Report};
use chrono::{DateTime, Utc};

/// The changes to publish for `after`, a later state of the charge point `before`.
///
/// The order is: the device's connectivity, its connectors, its sessions, its commands. A device is
/// therefore online before it charges, and it charges before the command is reported as successful.
#[must_use]
pub fn derive(before: &ChargePoint, after: &ChargePoint) -> Vec<FeedChange> {
    let connectivity = connectivity_change(&before.liveness, &after.liveness);
    let mut published: Vec<(DateTime<Utc>, FeedKind)> =
        connectivity.map(|(at, body)| (at, FeedKind::ConnectivityChanged(body))).into_iter().collect();
    for now in after.connectors.values() {
        let status = status_change(before.connectors.get(&now.id), now);
        published.extend(status.map(|(at, body)| (at, FeedKind::ConnectorStatusChanged(body))));
    }
    if before.ledger != after.ledger {
        sessions(before, after, &mut published);
    }
    published.extend(after.commands_since(before).map(|(was, now)| command(was, now, after)));
    let change = |(at, kind)| FeedChange { subject: FeedSubject::ChargePoint(after.id.clone()), at, kind };
    published.into_iter().map(change).collect()
}

/// The change of a device's connectivity and its time, if it differs `now`.
pub(crate) fn connectivity_change(
    was: &Liveness,
    now: &Liveness,
) -> Option<(DateTime<Utc>, ConnectivityChanged)> {
    let (online, gateway, confidence) = (now.online(), now.gateway(), now.confidence());
    if was.online() == online && was.gateway() == gateway && was.confidence() == confidence {
        return None;
    }
    Some((connectivity_at(now), ConnectivityChanged { online, gateway_id: gateway.cloned(), confidence }))
}

/// The time of the newest sign of life, doubt or disconnection.
fn connectivity_at(liveness: &Liveness) -> DateTime<Utc> {
    let seen = liveness.seen.as_ref().map(|seen| seen.stamp.heard_at());
    let disconnection = liveness.disconnections.iter().map(Disconnection::at).max();
    let doubted = liveness.current_doubt().map(|doubt| doubt.since);
    let at = if liveness.online() { doubted.or(seen) } else { disconnection.max(seen) };
    at.unwrap_or(liveness.last_seen_at)
}

/// The change of a connector's status and its time, if it differs `after`.
pub(crate) fn status_change(
    before: Option<&Connector>,
    after: &Connector,
) -> Option<(DateTime<Utc>, ConnectorStatusChanged)> {
    let was = before.and_then(reported).map(|report| &report.value);
    let latest = after.status.as_ref()?;
    let now = &latest.newest().value;
    // Free text may change with every report; it is not a change of state.
    let same = |was: &StatusView| {
        (was.status, &was.error_code, &was.vendor_error_code)
            == (now.status, &now.error_code, &now.vendor_error_code)
    };
    if was.is_some_and(same) {
        return None;
    }
    let body = ConnectorStatusChanged {
        connector_id: after.id,
        status: now.status,
        previous_status: was.map(|was| was.status),
        error_code: now.error_code.clone(),
        vendor_error_code: now.vendor_error_code.clone(),
        claimed_at: now.implausible_at,
    };
    Some((latest.at(), body))
}

fn reported(connector: &Connector) -> Option<&Report<StatusView>> {
    connector.status.as_ref().map(Latest::newest)
}

fn command(was: &CommandRecord, now: &CommandRecord, state: &ChargePoint) -> (DateTime<Utc>, FeedKind) {
    let news = now.life.trail().get(was.life.trail().len()..).unwrap_or_default();
    // A session that was replaced because of a late event has no instant of its own.
    let at = news.iter().map(|entry| entry.at).max().unwrap_or(state.liveness.last_seen_at);
    (at, FeedKind::CommandChanged(CommandChanged::of(now)))
}

/// The change to publish for `record`, a command that was not loaded with `state` and now has
/// another session.
#[must_use]
pub fn relinked_command(state: &ChargePoint, record: &CommandRecord) -> FeedChange {
    FeedChange {
        subject: FeedSubject::ChargePoint(state.id.clone()),
        at: state.liveness.last_seen_at,
        kind: FeedKind::CommandChanged(CommandChanged::of(record)),
    }
}

fn sessions(before: &ChargePoint, after: &ChargePoint, published: &mut Vec<(DateTime<Utc>, FeedKind)>) {
    let changes = after.sessions_since(before);
    // Sessions that late events changed have no instant of their own.
    let noticed_at = after.liveness.last_seen_at;
    for gone in &changes.withdrawn {
        let body = SessionChanged { phase: SessionPhase::Withdrawn, ..SessionChanged::of(gone) };
        published.push((noticed_at, FeedKind::SessionChanged(body)));
    }
    for (was, session) in &changes.changed {
        let at = match (was.as_ref(), session.ended_at()) {
            (None, None) => session.started_at,
            (was, Some(ended_at)) if was.is_none_or(|was| was.ended_at() != Some(ended_at)) => ended_at,
            _ => noticed_at,
        };
        published.push((at, FeedKind::SessionChanged(SessionChanged::of(session))));
    }
}
