//! One device's key in Redis, polled and compared with its events.
//!
//! The key and the events reach the check on different ways: the new pod's key may appear before
//! its first event, and a key may be deleted before the disconnection is read. So a contradiction
//! alone proves nothing. It counts if an event comes between two reads of the key that agree with
//! each other and not with the event.

use super::judge::{Heard, Terms};
use super::key::{JITTER, Key, Look};
use super::life::{Care, Life};
use super::rule::Rule;
use super::tally::{Marks, Tallies};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ChargePointId, GatewayId};
use wire::routing::parse_gateway_value;

/// A longer life of a key is reported.
const LONG: TimeDelta = TimeDelta::hours(1);
/// A refresh is late if less than this part of the life is left.
const LATE: i32 = 10;

/// The holder of a device, according to its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// That pod, if the event names it.
    Pod(Option<GatewayId>),
    /// No pod, because the device was disconnected.
    Nobody,
}

/// An event that the key contradicted when it came.
#[derive(Debug, Clone)]
struct Doubt {
    heard: Heard,
    value_before: Option<String>,
}

/// A disconnection, and the key before it.
#[derive(Debug, Clone)]
struct Farewell {
    pod: Option<GatewayId>,
    heard: Heard,
    before: Option<Look>,
    /// How many reads have found the key unchanged.
    found: u8,
}

/// The key of one device.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    last: Option<Look>,
    /// Consecutive reads without a key.
    absences: u32,
    /// Whether there was a key since the device connected.
    had_key: bool,
    /// When a key that had existed was first missing.
    gone_at: Option<DateTime<Utc>>,
    /// When the key would have expired if no pod had refreshed it since it was first read.
    first_end: Option<DateTime<Utc>>,
    doubt: Option<Doubt>,
    farewell: Option<Farewell>,
    life: Life,
}

impl Route {
    /// Whether the last read of the key named that pod.
    pub(super) fn names(&self, pod: &GatewayId) -> bool {
        self.last.as_ref().is_some_and(|look| look.names(pod))
    }

    /// Whether the last read of the key named a pod.
    pub(super) fn is_held(&self) -> bool {
        self.last.as_ref().is_some_and(|look| look.value.is_some())
    }

    /// The device has sent an event through that pod.
    pub(super) fn spoke(&mut self, pod: Option<&GatewayId>, heard: &Heard, is_boot: bool) {
        self.farewell = None;
        self.life.spoke(heard, is_boot);
        let Some(last) = &self.last else { return };
        let contradicts = last.value.is_none() || pod.is_some_and(|pod| !last.names(pod));
        // An event that happened before the read may be older than the key.
        if contradicts && self.doubt.is_none() && heard.stamp.at >= last.at {
            self.doubt = Some(Doubt { heard: *heard, value_before: last.value.clone() });
        }
    }

    /// That pod has reported a disconnection.
    pub(super) fn part(&mut self, pod: Option<&GatewayId>, heard: &Heard) {
        let before = self.last.clone().filter(|look| look.value.is_some());
        self.farewell = Some(Farewell { pod: pod.cloned(), heard: *heard, before, found: 0 });
        self.doubt = None;
        self.had_key = false;
        self.gone_at = None;
        self.first_end = None;
    }

    #[expect(clippy::too_many_arguments, reason = "the read key and everything else that is known")]
    pub(super) fn look(
        &mut self,
        id: &ChargePointId,
        key: &Key,
        at: DateTime<Utc>,
        holder: Option<&Holder>,
        terms: &Terms,
        marks: &mut Marks,
        tallies: &mut Tallies,
    ) {
        let look = Look::new(key, at);
        if *key != Key::Absent {
            judge_value(id, key, marks, tallies);
            self.judge_life(id, &look, marks, tallies);
            self.judge_refresh(id, &look, marks, tallies);
        }
        match holder {
            Some(Holder::Pod(pod)) => self.judge_presence(id, pod.as_ref(), &look, terms, marks, tallies),
            Some(Holder::Nobody) => self.judge_farewell(id, &look, terms, marks, tallies),
            None => {}
        }
        self.life.look(self.last.as_ref(), &look);
        self.note(look, holder);
    }

    /// Judges what remains open at the end.
    #[expect(clippy::too_many_arguments, reason = "everything that is known at the end")]
    pub(super) fn conclude(
        &self,
        id: &ChargePointId,
        pod: Option<&GatewayId>,
        heard: &Heard,
        at: DateTime<Utc>,
        terms: &Terms,
        marks: &mut Marks,
        tallies: &mut Tallies,
    ) {
        let Some(last) = &self.last else { return };
        // A key that expired while the device sends events is reported only as such.
        if !marks.is_broken(Rule::RouteRanOut) {
            match self.life.care(terms.settle) {
                Some(Care::Refreshed) => marks.kept(Rule::RouteNotRefreshed),
                Some(Care::Neglected { place, left_s, life_s }) => {
                    marks.broken(Rule::RouteNotRefreshed, tallies, || {
                        format!(
                            "{place}: {id} sends events, but its key has {left_s} s of {life_s} s left and was not refreshed"
                        )
                    });
                }
                None => {}
            }
        }
        if let Some(gone_at) = self.gone_at
            && self.absences >= 2
            && at - gone_at >= terms.settle
            && heard.seen_at <= gone_at
        {
            marks.broken(Rule::GoodbyeMissing, tallies, || {
                format!("{id}: its key was deleted without a disconnection; last event at {}", heard.place)
            });
        }
        let is_settled = last.at - heard.seen_at >= terms.settle;
        let is_missing = last.value.is_none() && !self.had_key && !marks.is_judged(Rule::RouteMissing);
        let is_elsewhere = last.value.is_some()
            && pod.is_some_and(|pod| !last.names(pod))
            && !marks.is_judged(Rule::RouteElsewhere);
        if is_settled && (is_missing || is_elsewhere) {
            let pod = pod.map_or("(unnamed)", GatewayId::as_str);
            marks.broken(Rule::RouteUnconfirmed, tallies, || {
                format!("{id}: key {}, last event of {pod} at {}", last.shown(), heard.place)
            });
        } else if marks.is_judged(Rule::RouteMissing) {
            marks.kept(Rule::RouteUnconfirmed);
        }
    }

    /// After two reads, because a gateway may need two commands for a key that expires.
    fn judge_life(&self, id: &ChargePointId, look: &Look, marks: &mut Marks, tallies: &mut Tallies) {
        let Some(end) = look.ends_at else {
            if self.last.as_ref().is_some_and(|last| last.value == look.value && last.ends_at.is_none()) {
                let example = || format!("{id}: {} never expires", look.shown());
                marks.broken(Rule::RouteWithoutTtl, tallies, example);
            }
            return;
        };
        marks.kept(Rule::RouteWithoutTtl);
        marks.kept(Rule::RouteTtlLong);
        let life = end - look.at;
        if life > LONG {
            marks
                .broken(Rule::RouteTtlLong, tallies, || format!("{id}: expires in {} s", life.num_seconds()));
        }
    }

    fn judge_refresh(&self, id: &ChargePointId, look: &Look, marks: &mut Marks, tallies: &mut Tallies) {
        let Some(last) = &self.last else { return };
        let (Some(end), Some(end_before)) = (look.ends_at, last.ends_at) else { return };
        if last.value != look.value || end - end_before <= JITTER {
            return;
        }
        // This is the most that was left when it was refreshed after that read.
        let left = end_before - last.at;
        if left * LATE < end - look.at {
            let example = || format!("{id}: refreshed with less than {} s left", left.num_seconds() + 1);
            marks.broken(Rule::RouteRefreshedLate, tallies, example);
        } else {
            marks.kept(Rule::RouteRefreshedLate);
        }
    }

    fn judge_presence(
        &mut self,
        id: &ChargePointId,
        pod: Option<&GatewayId>,
        look: &Look,
        terms: &Terms,
        marks: &mut Marks,
        tallies: &mut Tallies,
    ) {
        let is_present = look.value.is_some();
        if is_present && pod.is_none_or(|pod| look.names(pod)) {
            self.doubt = None;
            marks.kept(Rule::RouteMissing);
            if pod.is_some() {
                marks.kept(Rule::RouteElsewhere);
            }
        }
        if is_present && self.first_end.is_some_and(|end| look.at > end) {
            marks.kept(Rule::RouteRanOut);
        }
        let Some(doubt) = &self.doubt else { return };
        if doubt.value_before != look.value {
            self.doubt = None; // the key was written in the meantime
        } else if look.at - doubt.heard.seen_at >= terms.settle {
            let rule = match (is_present, self.had_key) {
                (true, _) => Rule::RouteElsewhere,
                (false, true) => Rule::RouteRanOut,
                (false, false) => Rule::RouteMissing,
            };
            let (place, pod) = (doubt.heard.place, pod.map_or("(unnamed)", GatewayId::as_str));
            let example = || format!("{place}: {id} sends events through {pod}, its key is {}", look.shown());
            marks.broken(rule, tallies, example);
            self.doubt = None;
        }
    }

    fn judge_farewell(
        &mut self,
        id: &ChargePointId,
        look: &Look,
        terms: &Terms,
        marks: &mut Marks,
        tallies: &mut Tallies,
    ) {
        let Some(farewell) = &mut self.farewell else { return };
        if look.at - farewell.heard.seen_at < terms.settle {
            return;
        }
        let names_another = farewell.pod.as_ref().is_some_and(|pod| !look.names(pod));
        if look.value.is_none() || names_another {
            marks.kept(Rule::RouteLeftBehind);
        } else if farewell.before.as_ref().is_some_and(|before| look.is_untouched_since(before)) {
            farewell.found = farewell.found.saturating_add(1);
            if farewell.found >= 2 {
                let place = farewell.heard.place;
                let example =
                    || format!("{id}: its key is still {} after the disconnection at {place}", look.shown());
                marks.broken(Rule::RouteLeftBehind, tallies, example);
            }
        }
        // A key that was written since may mean that the device is back, without an event yet.
    }

    fn note(&mut self, look: Look, holder: Option<&Holder>) {
        if look.value.is_some() {
            self.absences = 0;
            self.gone_at = None;
            if matches!(holder, Some(Holder::Pod(_))) {
                self.had_key = true;
                self.first_end = self.first_end.or(look.ends_at);
            }
        } else {
            self.absences = self.absences.saturating_add(1);
            // A key that expired says nothing about the connection of its device.
            let ran_out = self.last.as_ref().is_some_and(|last| last.has_ended(look.at));
            if self.had_key && self.gone_at.is_none() && !ran_out {
                self.gone_at = Some(look.at);
            }
        }
        self.last = Some(look);
    }
}

fn judge_value(id: &ChargePointId, key: &Key, marks: &mut Marks, tallies: &mut Tallies) {
    let named = match key {
        Key::Absent => return,
        Key::InvalidValue(error) => Err(error.clone()),
        Key::Held { value, .. } => {
            parse_gateway_value(value).map(|pod| (pod, value)).map_err(|error| error.to_string())
        }
    };
    match named {
        Ok((pod, value)) => {
            marks.kept(Rule::RouteInvalid);
            if value.contains('"') && !pod.as_str().contains('"') {
                marks.broken(Rule::RouteQuoted, tallies, || format!("{id}: {value}"));
            } else {
                marks.kept(Rule::RouteQuoted);
            }
        }
        Err(error) => marks.broken(Rule::RouteInvalid, tallies, || format!("{id}: {error}")),
    }
}
