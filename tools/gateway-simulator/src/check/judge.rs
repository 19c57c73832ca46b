//! The judge: derives from observations how the contract was kept. No I/O and no clock.

mod retention;

use super::clocks::Clocks;
use super::device::Device;
use super::flattened::is_flattened;
use super::key::Key;
use super::known::{Known, KnownEvents};
use super::orders::{Orders, Phase, Trial};
use super::rule::Rule;
use super::tally::Tallies;
use super::verdict::{Observed, Verdict};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId};
use domain::order::{RecordPosition, Stamp, plausible_time};
use runtime::kafka::ReceivedRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use wire::RawRecord;
use wire::event::{Deviation, deviations, unusable_values};

/// The parameters of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The silence after which the platform considers a device offline.
    pub heartbeat_timeout: TimeDelta,
    /// The longest interval of a device's heartbeats.
    pub heartbeat_interval: TimeDelta,
    /// The tolerated difference between the times of events and of their records.
    pub clock_skew: TimeDelta,
    /// The tolerated delay between observations that belong together.
    pub settle: TimeDelta,
    /// The greatest number of devices that are judged.
    pub max_devices: usize,
    /// The greatest number of events that are remembered.
    pub max_events: usize,
    /// The agreed number of partitions of the command topic.
    pub command_partitions: u16,
}

/// The position of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} offset {}", self.partition, self.offset)
    }
}

/// Takes observations in their order, and returns a verdict at any time.
#[derive(Debug)]
pub struct Judge {
    terms: Terms,
    began: DateTime<Utc>,
    tallies: Tallies,
    devices: BTreeMap<ChargePointId, Device>,
    events: KnownEvents,
    orders: Orders,
    clocks: Clocks,
    /// Heartbeats and answers that were received.
    heartbeats: u64,
    answers: u64,
    observed: Observed,
    /// Devices without any event that had a key all the time.
    unheard: BTreeSet<ChargePointId>,
}

impl Judge {
    /// A judge without observations, whose check began at `began`.
    #[must_use]
    pub fn new(terms: Terms, began: DateTime<Utc>) -> Self {
        Self {
            events: KnownEvents::new(terms.max_events),
            terms,
            began,
            tallies: Tallies::default(),
            devices: BTreeMap::new(),
            orders: Orders::default(),
            clocks: Clocks::default(),
            heartbeats: 0,
            answers: 0,
            observed: Observed::default(),
            unheard: BTreeSet::new(),
        }
    }

    /// Records how many partitions of the event topic are read.
    pub fn reading(&mut self, partitions: usize) {
        self.observed.partitions = partitions;
    }

    /// A record of the event topic was read at `seen_at`.
    pub fn record(&mut self, partition: i32, record: &ReceivedRecord, seen_at: DateTime<Utc>) {
        self.observed.records += 1;
        let place = Place { partition, offset: record.offset };
        let headers = record.headers.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
        let raw = RawRecord::new(record.value.as_deref(), headers).at(partition, record.offset);
        match wire::decode(&raw) {
            Ok(event) => {
                self.tallies.kept(Rule::Undecodable);
                self.judge_key(record.key.as_deref(), &event.charge_point_id, place);
                self.judge_fields(&raw, &event, record.timestamp.min(seen_at), place);
                self.judge_measurands(&raw, &event, place);
                let appended_at = self.clocks.appended_at(partition, record.timestamp, seen_at);
                if let Some(pod) = &event.gateway_id {
                    let clocks = [Some(record.timestamp), event.claimed_at];
                    self.clocks.see(pod, clocks, appended_at, self.terms.clock_skew);
                }
                let position = RecordPosition { partition, offset: record.offset, appended_at };
                self.hear(&event, &Heard { stamp: Stamp::new(event.claimed_at, &position), place, seen_at });
            }
            Err(error) => {
                let reason = error.reason();
                let example = || format!("{place}: {reason}, {error}");
                self.tallies.broken_by(Rule::Undecodable, reason, example);
            }
        }
    }

    /// A fetch returned records.
    pub fn fetched(&mut self) {
        self.tallies.kept(Rule::UnreadableBatch);
    }

    /// The batch at that position cannot be read from Kafka.
    pub fn unreadable(&mut self, place: Place) {
        self.tallies.broken(Rule::UnreadableBatch, || place.to_string());
    }

    /// Records could not be fetched, or keys could not be read, for a while.
    pub fn interrupted(&mut self) {
        self.observed.interruptions += 1;
    }

    /// The event topic has gained partitions, which are not read.
    pub fn grown(&mut self) {
        self.observed.has_grown = true;
    }

    /// The command topic has `found` partitions; returns whether that is the agreed number.
    pub fn command_partitions(&mut self, found: usize) -> bool {
        let agreed = usize::from(self.terms.command_partitions);
        self.tallies
            .judge(Rule::CommandPartitions, found == agreed, || format!("{found} partitions, not {agreed}"));
        found == agreed
    }

    /// The devices whose keys must be read.
    #[must_use]
    pub fn devices(&self) -> Vec<ChargePointId> {
        self.devices.keys().cloned().collect()
    }

    /// The key of a device, as read at `at`.
    pub fn key(&mut self, id: &ChargePointId, key: &Key, at: DateTime<Utc>) {
        self.observed.looks += 1;
        if let Some(device) = self.devices.get_mut(id) {
            device.look(id, key, at, &self.terms, &mut self.tallies);
        }
    }

    /// These devices had a key at the beginning and at the end.
    pub fn kept_keys<'a>(&mut self, ids: impl IntoIterator<Item = &'a ChargePointId>) {
        let unheard = ids.into_iter().filter(|id| !self.devices.contains_key(id));
        self.unheard = unheard.cloned().collect();
    }

    /// Devices that can be commanded, with the pods that hold them: key and events agree.
    pub fn commandable(&self) -> impl Iterator<Item = (&ChargePointId, &GatewayId)> {
        self.devices.iter().filter_map(|(id, device)| Some((id, device.held_by()?)))
    }

    /// A connector of that device with a known status, if there is any.
    #[must_use]
    pub fn connector_of(&self, id: &ChargePointId) -> Option<ConnectorId> {
        self.devices.get(id).and_then(Device::reported_connector)
    }

    /// Whether that device has been observed for long enough that its first events have been read.
    #[must_use]
    pub fn is_settled(&self, id: &ChargePointId, now: DateTime<Utc>) -> bool {
        self.devices.get(id).is_some_and(|device| device.is_settled(now, &self.terms))
    }

    /// A trial of a device begins.
    pub fn begin(&mut self, trial: Trial) {
        self.orders.begin(trial);
    }

    /// From now on, what that device does is an effect of the commands of this phase.
    pub fn enter(&mut self, id: &ChargePointId, phase: Phase) {
        self.orders.enter(id, phase);
    }

    /// How often that device has done what the commands of this phase request.
    #[must_use]
    pub fn effects(&self, id: &ChargePointId, phase: Phase) -> u32 {
        self.orders.effects(id, phase)
    }

    /// Whether a command was answered.
    #[must_use]
    pub fn is_answered(&self, command: CommandId) -> bool {
        self.orders.is_answered(command)
    }

    /// The trial of that device is over; its outcome can be judged.
    pub fn conclude(&mut self, id: &ChargePointId) {
        let holder = self.devices.get(id).and_then(Device::held_by);
        self.observed.commanded += 1;
        self.orders.conclude(id, holder, &mut self.tallies);
    }

    /// A command could not be published.
    pub fn unpublished(&mut self) {
        self.observed.unpublished += 1;
    }

    /// The verdict on the observations up to `at`.
    #[must_use]
    pub fn verdict(&self, at: DateTime<Utc>) -> Verdict {
        let mut tallies = self.tallies.clone();
        let mut observed = self.observed.clone();
        let was_followed = observed.interruptions == 0;
        for (id, device) in &self.devices {
            device.conclude(id, at, was_followed, &self.terms, &mut tallies);
        }
        if was_followed && at - self.began > self.terms.heartbeat_timeout {
            for id in &self.unheard {
                tallies.broken(Rule::Silent, || format!("{id}: has a key, but has sent no event"));
            }
        }
        self.orders.judge_silent(&mut tallies);
        self.clocks.judge(self.terms.clock_skew, &mut tallies);
        self.judge_missing_event_kinds(at, was_followed, &mut tallies);
        observed.seconds = (at - self.began).num_seconds().unsigned_abs();
        observed.devices = self.devices.len();
        observed.online = self.devices.values().filter(|device| device.is_online()).count();
        observed.max_devices = self.terms.max_devices;
        observed.forgotten_events = self.events.is_full;
        Verdict::new(observed, &tallies)
    }

    /// Kinds of events that the gateway never sends are reported once, not for every device.
    fn judge_missing_event_kinds(&self, at: DateTime<Utc>, was_followed: bool, tallies: &mut Tallies) {
        if self.observed.goodbyes == 0 {
            tallies.say_once(Rule::GoodbyeMissing, Rule::GoodbyesNeverSent);
        } else {
            tallies.drop(Rule::GoodbyesNeverSent);
            tallies.kept(Rule::GoodbyesNeverSent);
        }
        if self.answers == 0 {
            tallies.say_once(Rule::CommandAnswerMissing, Rule::AnswersNeverSent);
        } else {
            tallies.kept(Rule::AnswersNeverSent);
        }
        let mut online = self.devices.iter().filter(|(_, device)| device.is_online());
        let followed = online.find(|(_, device)| device.age(at) > self.terms.heartbeat_interval);
        match followed {
            _ if self.heartbeats > 0 => tallies.kept(Rule::HeartbeatsNeverSent),
            Some((id, device)) if was_followed => tallies.broken(Rule::HeartbeatsNeverSent, || {
                format!("{id} and all others: none in {} s", device.age(at).num_seconds())
            }),
            _ => {}
        }
    }

    fn judge_measurands(&mut self, raw: &RawRecord<'_>, event: &GatewayEvent, place: Place) {
        if !matches!(event.kind, EventKind::MeterValues(_)) {
            return;
        }
        let id = &event.charge_point_id;
        let unusable = unusable_values(raw);
        self.tallies.judge(Rule::ValueUnusable, unusable.is_empty(), || {
            format!("{place}: {id} {}", unusable.first().map_or("", String::as_str))
        });
        if let Some(is_flattened) = raw.value.and_then(is_flattened) {
            self.tallies.judge(Rule::MeasurandsFlattened, !is_flattened, || {
                format!("{place}: {id} has several energies of one instant, without unit")
            });
        }
    }

    fn judge_key(&mut self, key: Option<&[u8]>, id: &ChargePointId, place: Place) {
        self.tallies.judge(Rule::KeyMissing, key.is_some(), || format!("{place}: {id}"));
        let Some(key) = key else { return };
        self.tallies.judge(Rule::KeyMismatch, key == id.as_str().as_bytes(), || {
            let shown: String = String::from_utf8_lossy(key).chars().take(80).collect();
            format!("{place}: key {shown:?}, chargePointId {id}")
        });
    }

    fn judge_fields(
        &mut self,
        raw: &RawRecord<'_>,
        event: &GatewayEvent,
        appended_at: DateTime<Utc>,
        place: Place,
    ) {
        let id = &event.charge_point_id;
        let of = || format!("{place}: {id} {}", event.kind.name());
        let deviations = deviations(raw);
        for (deviation, rule) in [
            (Deviation::NoEventId, Rule::EventIdMissing),
            (Deviation::OtherEventType, Rule::EventTypeOutdated),
            (Deviation::OtherTime, Rule::TimeSpelling),
            (Deviation::OtherFieldName, Rule::FieldSpelling),
            (Deviation::OcppFieldName, Rule::OcppNames),
        ] {
            self.tallies.judge(rule, !deviations.contains(&deviation), of);
        }
        self.tallies.judge(Rule::GatewayIdMissing, event.gateway_id.is_some(), of);
        self.tallies.judge(Rule::TraceMissing, event.trace_id.is_some(), of);
        self.tallies.judge(Rule::TimestampMissing, event.claimed_at.is_some(), of);
        if let Some(claimed_at) = event.claimed_at {
            let is_believed = plausible_time(Some(claimed_at), appended_at).is_some();
            self.tallies.judge(Rule::TimestampAbsurd, is_believed, || {
                format!("{place}: {id} claims {claimed_at}, the record was appended at {appended_at}")
            });
        }
    }

    fn hear(&mut self, event: &GatewayEvent, heard: &Heard) {
        let (id, place) = (&event.charge_point_id, heard.place);
        let named = || format!("{id} {}", event.event_id);
        let known = self.events.meet(event, place);
        let is_copy = matches!(known, Known::Copy(_));
        self.tallies.judge(Rule::EventRepeated, !is_copy, || match known {
            Known::Copy(first) => format!("{place}: {} was received before at {first}", named()),
            Known::New | Known::Other(_) => named(),
        });
        if is_copy {
            return; // a copy shows nothing new
        }
        self.tallies.judge(Rule::EventIdReused, known == Known::New, || match known {
            Known::Other(first) => format!("{place}: {} belongs to another event at {first}", named()),
            Known::New | Known::Copy(_) => named(),
        });
        match &event.kind {
            EventKind::Heartbeat => self.heartbeats += 1,
            EventKind::CommandAnswered(_) => self.answers += 1,
            _ => {}
        }
        let is_restated = match &event.kind {
            EventKind::StatusChanged(report) => {
                self.devices.get(id).is_none_or(|device| device.is_restated(report))
            }
            _ => false,
        };
        self.orders.hear(event, is_restated, heard.seen_at);
        if !self.devices.contains_key(id) && self.devices.len() >= self.terms.max_devices {
            self.observed.records_of_unjudged += 1;
            return;
        }
        let device = self.devices.entry(id.clone()).or_insert_with(|| Device::new(place, heard.seen_at));
        if matches!(event.kind, EventKind::Disconnected { .. }) {
            self.observed.goodbyes += 1;
        }
        device.hear(event, heard, !self.observed.has_grown, &self.terms, &mut self.tallies);
    }
}

/// When and where an event was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    /// Its place in the order of events.
    pub(super) stamp: Stamp,
    /// Its position.
    pub(super) place: Place,
    /// When it was read.
    pub(super) seen_at: DateTime<Utc>,
}
