//! What is known of one device: its partition, its last events, and the pod that holds it.

use super::judge::{Heard, Place, Terms};
use super::key::Key;
use super::route::{Holder, Route};
use super::rule::Rule;
use super::tally::{Marks, Tallies};
use super::transaction_ids::{Reuse, TransactionIds};
use super::transactions::Transactions;
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{EventKind, GatewayEvent, StatusReport};
use domain::ids::{ChargePointId, ConnectorId, GatewayId};

/// A device that has sent an event.
#[derive(Debug, Clone)]
pub(super) struct Device {
    first: Place,
    first_seen_at: DateTime<Utc>,
    /// What its newest relevant event shows; `None` if only the gateway has reported about it.
    newest: Option<(Heard, Holder)>,
    route: Route,
    transactions: Transactions,
    transaction_ids: TransactionIds,
    /// It sent an event through another pod before its old pod reported a disconnection: the event,
    /// and the old pod.
    moved: Option<(Heard, GatewayId)>,
    marks: Marks,
}

impl Device {
    pub(super) fn new(first: Place, first_seen_at: DateTime<Utc>) -> Self {
        Self {
            first,
            first_seen_at,
            newest: None,
            route: Route::default(),
            transactions: Transactions::default(),
            transaction_ids: TransactionIds::default(),
            moved: None,
            marks: Marks::default(),
        }
    }

    /// How long the device has been observed.
    pub(super) fn age(&self, at: DateTime<Utc>) -> TimeDelta {
        at - self.first_seen_at
    }

    pub(super) fn is_settled(&self, at: DateTime<Utc>, terms: &Terms) -> bool {
        self.age(at) >= terms.settle
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

    pub(super) fn hear(
        &mut self,
        event: &GatewayEvent,
        heard: &Heard,
        are_partitions_fixed: bool,
        terms: &Terms,
        tallies: &mut Tallies,
    ) {
        self.judge_partition(event, heard.place, are_partitions_fixed, tallies);
        if let Some(seen) = self.transactions.hear(&event.kind) {
            tallies.judge(Rule::StartedMissing, seen.is_started, || {
                format!("{}: transaction {} of {}", heard.place, seen.id, event.charge_point_id)
            });
        }
        if let Some(is_reused) = self.transaction_ids.hear(&event.kind, heard.stamp.at) {
            let id = &event.charge_point_id;
            match is_reused {
                Reuse::No => self.marks.kept(Rule::TransactionIdReused),
                Reuse::Of(transaction) => self.marks.broken(Rule::TransactionIdReused, tallies, || {
                    format!("{}: {id} has another transaction {transaction}", heard.place)
                }),
            }
        }
        if self.newest.as_ref().is_some_and(|(newest, _)| heard.stamp <= newest.stamp) {
            return; // older than the newest event
        }
        if matches!(event.kind, EventKind::Disconnected { .. }) {
            self.part(event, heard);
        } else if event.kind.is_proof_of_life() {
            self.judge_silence(event, heard, terms, tallies);
            self.record_move(event, heard);
            let is_boot = matches!(event.kind, EventKind::Connected(_));
            self.route.spoke(event.gateway_id.as_ref(), heard, is_boot);
            self.newest = Some((*heard, Holder::Pod(event.gateway_id.clone())));
        }
    }

    pub(super) fn look(
        &mut self,
        id: &ChargePointId,
        key: &Key,
        at: DateTime<Utc>,
        terms: &Terms,
        tallies: &mut Tallies,
    ) {
        let newest = self.newest.as_ref().map(|(_, holder)| holder);
        self.route.look(id, key, at, newest, terms, &mut self.marks, tallies);
    }

    /// Judges what can be judged only at the end, and counts the rules that were kept.
    pub(super) fn conclude(
        &self,
        id: &ChargePointId,
        at: DateTime<Utc>,
        was_followed: bool,
        terms: &Terms,
        tallies: &mut Tallies,
    ) {
        let mut marks = self.marks.clone();
        if let Some((heard, Holder::Pod(pod))) = &self.newest {
            let is_silent = at - heard.seen_at > terms.heartbeat_timeout;
            if is_silent && was_followed && self.route.is_held() {
                marks.broken(Rule::Silent, tallies, || {
                    format!("{id}: has a key, but no event since {}", heard.place)
                });
            } else if at - self.first_seen_at > terms.heartbeat_timeout && !is_silent {
                marks.kept(Rule::Silent);
            }
            self.route.conclude(id, pod.as_ref(), heard, at, terms, &mut marks, tallies);
        }
        if let Some((heard, from)) = &self.moved
            && at - heard.seen_at >= terms.settle
        {
            let example =
                || format!("{}: {id} came from {from}, which reported no disconnection", heard.place);
            tallies.broken(Rule::GoodbyesNeverSent, example);
        }
        marks.count(tallies);
    }

    fn record_move(&mut self, event: &GatewayEvent, heard: &Heard) {
        if let (Some((_, Holder::Pod(Some(old)))), Some(new)) = (&self.newest, &event.gateway_id)
            && old != new
        {
            self.moved = Some((*heard, old.clone()));
        }
    }

    fn judge_partition(
        &mut self,
        event: &GatewayEvent,
        place: Place,
        are_partitions_fixed: bool,
        tallies: &mut Tallies,
    ) {
        if place.partition == self.first.partition {
            self.marks.kept(Rule::SeveralPartitions);
        } else if are_partitions_fixed {
            let first = self.first;
            let example = || format!("{place}: {}, whose first event was at {first}", event.charge_point_id);
            self.marks.broken(Rule::SeveralPartitions, tallies, example);
        }
    }

    /// A disconnection from another pod than the one that holds the device has no effect.
    fn part(&mut self, event: &GatewayEvent, heard: &Heard) {
        let holder = match &self.newest {
            Some((_, Holder::Pod(Some(pod)))) => Some(pod),
            _ => None,
        };
        let pod = event.gateway_id.as_ref();
        if holder.is_some() && pod.is_some() && holder != pod {
            return;
        }
        let pod = pod.or(holder).cloned();
        self.route.part(pod.as_ref(), heard);
        self.marks.kept(Rule::GoodbyeMissing);
        self.newest = Some((*heard, Holder::Nobody));
    }

    /// By both clocks, because records may be read late, and pods may date them wrongly.
    fn judge_silence(&mut self, event: &GatewayEvent, heard: &Heard, terms: &Terms, tallies: &mut Tallies) {
        // A device that boots was away, not silent.
        if matches!(event.kind, EventKind::Connected(_)) {
            return;
        }
        if let Some((last, Holder::Pod(_))) = &self.newest {
            let read = heard.seen_at - last.seen_at;
            let stamped = heard.stamp.appended_at - last.stamp.appended_at;
            let silence = read.min(stamped);
            if silence > terms.heartbeat_timeout {
                let (from, to, seconds) = (last.place, heard.place, silence.num_seconds());
                let example = || format!("{}: {seconds} s from {from} to {to}", event.charge_point_id);
                self.marks.broken(Rule::Silent, tallies, example);
            }
        }
    }
}
