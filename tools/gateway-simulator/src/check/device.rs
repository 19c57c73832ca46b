//! The observations of one device: its partition, its last events, and the pod that holds it.

use super::key::Key;
use super::log_position::LogPosition;
use super::parameters::Parameters;
use super::reception::Reception;
use super::route::{Holder, Route};
use super::rule::Rule;
use super::tally::{DeviceTally, Tallies};
use super::transaction_ids::{Reuse, TransactionIds};
use super::transactions::Transactions;
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{EventKind, GatewayEvent, StatusReport};
use domain::ids::{ChargePointId, ConnectorId, GatewayId};

/// A device that has sent an event.
#[derive(Debug, Clone)]
pub(super) struct Device {
    first: LogPosition,
    first_seen_at: DateTime<Utc>,
    /// Its newest relevant event, and the holder that it shows; `None` if the device itself has
    /// sent no event.
    newest: Option<(Reception, Holder)>,
    route: Route,
    transactions: Transactions,
    transaction_ids: TransactionIds,
    /// It sent an event through another pod before its old pod reported a disconnection: the event,
    /// and the old pod.
    moved: Option<(Reception, GatewayId)>,
    tally: DeviceTally,
}

impl Device {
    pub(super) fn new(first: LogPosition, first_seen_at: DateTime<Utc>) -> Self {
        Self {
            first,
            first_seen_at,
            newest: None,
            route: Route::default(),
            transactions: Transactions::default(),
            transaction_ids: TransactionIds::default(),
            moved: None,
            tally: DeviceTally::default(),
        }
    }

    /// How long the device has been observed.
    pub(super) fn age(&self, at: DateTime<Utc>) -> TimeDelta {
        at - self.first_seen_at
    }

    pub(super) fn is_settled(&self, at: DateTime<Utc>, parameters: &Parameters) -> bool {
        self.age(at) >= parameters.settle
    }

    pub(super) fn reported_connector(&self) -> Option<ConnectorId> {
        self.transactions.reported_connector()
    }

    pub(super) fn is_restated(&self, report: &StatusReport) -> bool {
        self.transactions.is_restated(report)
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self.newest, Some((_, Holder::Pod(_))))
    }

    /// The pod on which events and key agree.
    pub(super) fn held_by(&self) -> Option<&GatewayId> {
        match &self.newest {
            Some((_, Holder::Pod(Some(pod)))) if self.route.names(pod) => Some(pod),
            _ => None,
        }
    }

    pub(super) fn observe_event(
        &mut self,
        event: &GatewayEvent,
        reception: &Reception,
        are_partitions_fixed: bool,
        parameters: &Parameters,
        tallies: &mut Tallies,
    ) {
        self.judge_partition(event, reception.position, are_partitions_fixed, tallies);
        if let Some(first) = self.transactions.observe_event(&event.kind) {
            tallies.judge(Rule::StartedMissing, first.is_started, || {
                format!("{}: transaction {} of {}", reception.position, first.id, event.charge_point_id)
            });
        }
        if let Some(is_reused) = self.transaction_ids.observe_event(&event.kind, reception.stamp.at) {
            let id = &event.charge_point_id;
            match is_reused {
                Reuse::No => self.tally.kept(Rule::TransactionIdReused),
                Reuse::Of(transaction) => self.tally.broken(Rule::TransactionIdReused, tallies, || {
                    format!("{}: {id} has another transaction {transaction}", reception.position)
                }),
            }
        }
        if self.newest.as_ref().is_some_and(|(newest, _)| reception.stamp <= newest.stamp) {
            return; // older than the newest event
        }
        if matches!(event.kind, EventKind::Disconnected { .. }) {
            self.observe_disconnection(event, reception);
        } else if event.kind.is_proof_of_life() {
            self.judge_silence(event, reception, parameters, tallies);
            self.record_move(event, reception);
            let is_boot = matches!(event.kind, EventKind::Connected(_));
            self.route.observe_event(event.gateway_id.as_ref(), reception, is_boot);
            self.newest = Some((*reception, Holder::Pod(event.gateway_id.clone())));
        }
    }

    pub(super) fn observe_key(
        &mut self,
        id: &ChargePointId,
        key: &Key,
        at: DateTime<Utc>,
        parameters: &Parameters,
        tallies: &mut Tallies,
    ) {
        let newest = self.newest.as_ref().map(|(_, holder)| holder);
        self.route.observe_key(id, key, at, newest, parameters, &mut self.tally, tallies);
    }

    /// Judges what can be judged only at the end, and counts the rules that were kept.
    pub(super) fn conclude(
        &self,
        id: &ChargePointId,
        at: DateTime<Utc>,
        was_followed: bool,
        parameters: &Parameters,
        tallies: &mut Tallies,
    ) {
        let mut tally = self.tally.clone();
        if let Some((reception, Holder::Pod(pod))) = &self.newest {
            let is_silent = at - reception.seen_at > parameters.heartbeat_timeout;
            if is_silent && was_followed && self.route.is_held() {
                tally.broken(Rule::Silent, tallies, || {
                    format!("{id}: has a key, but no event since {}", reception.position)
                });
            } else if at - self.first_seen_at > parameters.heartbeat_timeout && !is_silent {
                tally.kept(Rule::Silent);
            }
            self.route.conclude(id, pod.as_ref(), reception, at, parameters, &mut tally, tallies);
        }
        if let Some((reception, from)) = &self.moved
            && at - reception.seen_at >= parameters.settle
        {
            let example =
                || format!("{}: {id} came from {from}, which reported no disconnection", reception.position);
            tallies.broken(Rule::DisconnectionsNeverSent, example);
        }
        tally.count(tallies);
    }

    fn record_move(&mut self, event: &GatewayEvent, reception: &Reception) {
        if let (Some((_, Holder::Pod(Some(old)))), Some(new)) = (&self.newest, &event.gateway_id)
            && old != new
        {
            self.moved = Some((*reception, old.clone()));
        }
    }

    fn judge_partition(
        &mut self,
        event: &GatewayEvent,
        position: LogPosition,
        are_partitions_fixed: bool,
        tallies: &mut Tallies,
    ) {
        if position.partition == self.first.partition {
            self.tally.kept(Rule::SeveralPartitions);
        } else if are_partitions_fixed {
            let first = self.first;
            let example =
                || format!("{position}: {}, whose first event was at {first}", event.charge_point_id);
            self.tally.broken(Rule::SeveralPartitions, tallies, example);
        }
    }

    /// A disconnection from another pod than the one that holds the device has no effect.
    fn observe_disconnection(&mut self, event: &GatewayEvent, reception: &Reception) {
        let holder = match &self.newest {
            Some((_, Holder::Pod(Some(pod)))) => Some(pod),
            _ => None,
        };
        let pod = event.gateway_id.as_ref();
        if holder.is_some() && pod.is_some() && holder != pod {
            return;
        }
        let pod = pod.or(holder).cloned();
        self.route.observe_disconnection(pod.as_ref(), reception);
        self.tally.kept(Rule::DisconnectionMissing);
        self.newest = Some((*reception, Holder::NoPod));
    }

    /// By both clocks, because records may be read late, and pods may date them wrongly.
    fn judge_silence(
        &mut self,
        event: &GatewayEvent,
        reception: &Reception,
        parameters: &Parameters,
        tallies: &mut Tallies,
    ) {
        // A device that boots was away, not silent.
        if matches!(event.kind, EventKind::Connected(_)) {
            return;
        }
        if let Some((last, Holder::Pod(_))) = &self.newest {
            let read = reception.seen_at - last.seen_at;
            let stamped = reception.stamp.appended_at - last.stamp.appended_at;
            let silence = read.min(stamped);
            if silence > parameters.heartbeat_timeout {
                let (from, to, seconds) = (last.position, reception.position, silence.num_seconds());
                let example = || format!("{}: {seconds} s from {from} to {to}", event.charge_point_id);
                self.tally.broken(Rule::Silent, tallies, example);
            }
        }
    }
}
