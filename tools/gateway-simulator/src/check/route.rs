//! One device's key in Redis, polled and compared with its events.
//!
//! The key and the events reach the check on different paths: the new pod's key may appear before
//! its first event, and a key may be deleted before the disconnection is read. So a contradiction
//! alone proves nothing. It counts if an event comes between two reads of the key that agree with
//! each other and not with the event.

use super::key::{JITTER, Key, KeyRead};
use super::life::{Life, RefreshEvidence};
use super::parameters::Parameters;
use super::reception::Reception;
use super::rule::Rule;
use super::tally::{DeviceTally, Tallies};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ChargePointId, GatewayId};
use wire::routing::parse_gateway_value;

/// A longer life of a key is reported.
const LONG_LIFE: TimeDelta = TimeDelta::hours(1);
/// A refresh is late if less than this part of the life is left.
const LATE_FRACTION: i32 = 10;

/// The holder of a device, according to its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// That pod, if the event names it.
    Pod(Option<GatewayId>),
    /// No pod, because the device was disconnected.
    NoPod,
}

/// An event that the key contradicted when it came.
#[derive(Debug, Clone)]
struct Contradiction {
    reception: Reception,
    value_before: Option<String>,
}

/// A disconnection, after which the key must not remain, and the key before it.
#[derive(Debug, Clone)]
struct LeftoverKey {
    pod: Option<GatewayId>,
    reception: Reception,
    before: Option<KeyRead>,
    /// How many reads have found the key unchanged.
    unchanged_reads: u8,
}

/// The key of one device.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    last: Option<KeyRead>,
    /// Consecutive reads without a key.
    absences: u32,
    /// Whether there was a key since the device connected.
    had_key: bool,
    /// When a key that had existed was first missing.
    gone_at: Option<DateTime<Utc>>,
    /// When the key would have expired if no pod had refreshed it since it was first read.
    first_end: Option<DateTime<Utc>>,
    contradiction: Option<Contradiction>,
    leftover_key: Option<LeftoverKey>,
    life: Life,
}

impl Route {
    /// Whether the last read of the key named that pod.
    pub(super) fn names(&self, pod: &GatewayId) -> bool {
        self.last.as_ref().is_some_and(|read| read.names(pod))
    }

    /// Whether the last read of the key named a pod.
    pub(super) fn is_held(&self) -> bool {
        self.last.as_ref().is_some_and(|read| read.value.is_some())
    }

    /// The device has sent an event through that pod.
    pub(super) fn observe_event(&mut self, pod: Option<&GatewayId>, reception: &Reception, is_boot: bool) {
        self.leftover_key = None;
        self.life.observe_event(reception, is_boot);
        let Some(last) = &self.last else { return };
        let contradicts = last.value.is_none() || pod.is_some_and(|pod| !last.names(pod));
        // An event that happened before the read may be older than the key.
        if contradicts && self.contradiction.is_none() && reception.stamp.at >= last.at {
            self.contradiction =
                Some(Contradiction { reception: *reception, value_before: last.value.clone() });
        }
    }

    /// That pod has reported a disconnection.
    pub(super) fn observe_disconnection(&mut self, pod: Option<&GatewayId>, reception: &Reception) {
        let before = self.last.clone().filter(|read| read.value.is_some());
        self.leftover_key =
            Some(LeftoverKey { pod: pod.cloned(), reception: *reception, before, unchanged_reads: 0 });
        self.contradiction = None;
        self.had_key = false;
        self.gone_at = None;
        self.first_end = None;
    }

    #[expect(clippy::too_many_arguments, reason = "the read key and everything else that is known")]
    pub(super) fn observe_key(
        &mut self,
        id: &ChargePointId,
        key: &Key,
        at: DateTime<Utc>,
        holder: Option<&Holder>,
        parameters: &Parameters,
        tally: &mut DeviceTally,
        tallies: &mut Tallies,
    ) {
        let read = KeyRead::new(key, at);
        if *key != Key::Absent {
            judge_value(id, key, tally, tallies);
            self.judge_life(id, &read, tally, tallies);
            self.judge_refresh(id, &read, tally, tallies);
        }
        match holder {
            Some(Holder::Pod(pod)) => {
                self.judge_presence(id, pod.as_ref(), &read, parameters, tally, tallies);
            }
            Some(Holder::NoPod) => self.judge_leftover_key(id, &read, parameters, tally, tallies),
            None => {}
        }
        self.life.observe_key(self.last.as_ref(), &read);
        self.record_read(read, holder);
    }

    /// Judges what remains open at the end.
    #[expect(clippy::too_many_arguments, reason = "everything that is known at the end")]
    pub(super) fn conclude(
        &self,
        id: &ChargePointId,
        pod: Option<&GatewayId>,
        reception: &Reception,
        at: DateTime<Utc>,
        parameters: &Parameters,
        tally: &mut DeviceTally,
        tallies: &mut Tallies,
    ) {
        let Some(last) = &self.last else { return };
        // A key that expired while the device sends events is reported only as such.
        if !tally.is_broken(Rule::RouteRanOut) {
            match self.life.refresh_evidence(parameters.settle) {
                Some(RefreshEvidence::Refreshed) => tally.kept(Rule::RouteNotRefreshed),
                Some(RefreshEvidence::NotRefreshed { position, left_s, life_s }) => {
                    tally.broken(Rule::RouteNotRefreshed, tallies, || {
                        format!(
                            "{position}: {id} sends events, but its key has {left_s} s of {life_s} s left and was not refreshed"
                        )
                    });
                }
                None => {}
            }
        }
        if let Some(gone_at) = self.gone_at
            && self.absences >= 2
            && at - gone_at >= parameters.settle
            && reception.seen_at <= gone_at
        {
            tally.broken(Rule::DisconnectionMissing, tallies, || {
                format!(
                    "{id}: its key was deleted without a disconnection; last event at {}",
                    reception.position
                )
            });
        }
        let is_settled = last.at - reception.seen_at >= parameters.settle;
        let is_missing = last.value.is_none() && !self.had_key && !tally.is_judged(Rule::RouteMissing);
        let is_elsewhere = last.value.is_some()
            && pod.is_some_and(|pod| !last.names(pod))
            && !tally.is_judged(Rule::RouteElsewhere);
        if is_settled && (is_missing || is_elsewhere) {
            let pod = pod.map_or("(unnamed)", GatewayId::as_str);
            tally.broken(Rule::RouteUnconfirmed, tallies, || {
                format!("{id}: key {}, last event of {pod} at {}", last.shown(), reception.position)
            });
        } else if tally.is_judged(Rule::RouteMissing) {
            tally.kept(Rule::RouteUnconfirmed);
        }
    }

    /// After two reads, because a gateway may need two commands for a key that expires.
    fn judge_life(&self, id: &ChargePointId, read: &KeyRead, tally: &mut DeviceTally, tallies: &mut Tallies) {
        let Some(end) = read.ends_at else {
            if self.last.as_ref().is_some_and(|last| last.value == read.value && last.ends_at.is_none()) {
                let example = || format!("{id}: {} never expires", read.shown());
                tally.broken(Rule::RouteWithoutTtl, tallies, example);
            }
            return;
        };
        tally.kept(Rule::RouteWithoutTtl);
        tally.kept(Rule::RouteTtlLong);
        let life = end - read.at;
        if life > LONG_LIFE {
            tally
                .broken(Rule::RouteTtlLong, tallies, || format!("{id}: expires in {} s", life.num_seconds()));
        }
    }

    fn judge_refresh(
        &self,
        id: &ChargePointId,
        read: &KeyRead,
        tally: &mut DeviceTally,
        tallies: &mut Tallies,
    ) {
        let Some(last) = &self.last else { return };
        let (Some(end), Some(end_before)) = (read.ends_at, last.ends_at) else { return };
        if last.value != read.value || end - end_before <= JITTER {
            return;
        }
        // This is the most that was left when it was refreshed after that read.
        let left = end_before - last.at;
        if left * LATE_FRACTION < end - read.at {
            let example = || format!("{id}: refreshed with less than {} s left", left.num_seconds() + 1);
            tally.broken(Rule::RouteRefreshedLate, tallies, example);
        } else {
            tally.kept(Rule::RouteRefreshedLate);
        }
    }

    fn judge_presence(
        &mut self,
        id: &ChargePointId,
        pod: Option<&GatewayId>,
        read: &KeyRead,
        parameters: &Parameters,
        tally: &mut DeviceTally,
        tallies: &mut Tallies,
    ) {
        let is_present = read.value.is_some();
        if is_present && pod.is_none_or(|pod| read.names(pod)) {
            self.contradiction = None;
            tally.kept(Rule::RouteMissing);
            if pod.is_some() {
                tally.kept(Rule::RouteElsewhere);
            }
        }
        if is_present && self.first_end.is_some_and(|end| read.at > end) {
            tally.kept(Rule::RouteRanOut);
        }
        let Some(contradiction) = &self.contradiction else { return };
        if contradiction.value_before != read.value {
            self.contradiction = None; // the key was written in the meantime
        } else if read.at - contradiction.reception.seen_at >= parameters.settle {
            let rule = match (is_present, self.had_key) {
                (true, _) => Rule::RouteElsewhere,
                (false, true) => Rule::RouteRanOut,
                (false, false) => Rule::RouteMissing,
            };
            let (position, pod) =
                (contradiction.reception.position, pod.map_or("(unnamed)", GatewayId::as_str));
            let example =
                || format!("{position}: {id} sends events through {pod}, its key is {}", read.shown());
            tally.broken(rule, tallies, example);
            self.contradiction = None;
        }
    }

    fn judge_leftover_key(
        &mut self,
        id: &ChargePointId,
        read: &KeyRead,
        parameters: &Parameters,
        tally: &mut DeviceTally,
        tallies: &mut Tallies,
    ) {
        let Some(leftover_key) = &mut self.leftover_key else { return };
        if read.at - leftover_key.reception.seen_at < parameters.settle {
            return;
        }
        let names_another = leftover_key.pod.as_ref().is_some_and(|pod| !read.names(pod));
        if read.value.is_none() || names_another {
            tally.kept(Rule::RouteLeftBehind);
        } else if leftover_key.before.as_ref().is_some_and(|before| read.is_untouched_since(before)) {
            leftover_key.unchanged_reads = leftover_key.unchanged_reads.saturating_add(1);
            if leftover_key.unchanged_reads >= 2 {
                let position = leftover_key.reception.position;
                let example = || {
                    format!("{id}: its key is still {} after the disconnection at {position}", read.shown())
                };
                tally.broken(Rule::RouteLeftBehind, tallies, example);
            }
        }
        // A key that was written since may mean that the device is back, without an event yet.
    }

    fn record_read(&mut self, read: KeyRead, holder: Option<&Holder>) {
        if read.value.is_some() {
            self.absences = 0;
            self.gone_at = None;
            if matches!(holder, Some(Holder::Pod(_))) {
                self.had_key = true;
                self.first_end = self.first_end.or(read.ends_at);
            }
        } else {
            self.absences = self.absences.saturating_add(1);
            // A key that expired says nothing about the connection of its device.
            let ran_out = self.last.as_ref().is_some_and(|last| last.has_ended(read.at));
            if self.had_key && self.gone_at.is_none() && !ran_out {
                self.gone_at = Some(read.at);
            }
        }
        self.last = Some(read);
    }
}

fn judge_value(id: &ChargePointId, key: &Key, tally: &mut DeviceTally, tallies: &mut Tallies) {
    let named = match key {
        Key::Absent => return,
        Key::InvalidValue(error) => Err(error.clone()),
        Key::Held { value, .. } => {
            parse_gateway_value(value).map(|pod| (pod, value)).map_err(|error| error.to_string())
        }
    };
    match named {
        Ok((pod, value)) => {
            tally.kept(Rule::RouteInvalid);
            if value.contains('"') && !pod.as_str().contains('"') {
                tally.broken(Rule::RouteQuoted, tallies, || format!("{id}: {value}"));
            } else {
                tally.kept(Rule::RouteQuoted);
            }
        }
        Err(error) => tally.broken(Rule::RouteInvalid, tallies, || format!("{id}: {error}")),
    }
}
