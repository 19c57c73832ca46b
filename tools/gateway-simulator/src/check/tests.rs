//! Tests of the judge, rule by rule: finds violations, and reports no false ones.

mod clocks;
mod disconnections;
mod key_lives;
mod records;
mod routes;
mod silence;
mod transactions;
mod trials;
mod verdict;

use super::judge::Judge;
use super::key::Key;
use super::parameters::Parameters;
use super::verdict::{RuleResult, Verdict};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{BootReport, EventKind, GatewayEvent};
use domain::ids::{ChargePointId, EventId, GatewayId};
use runtime::kafka::ReceivedRecord;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;
use wire::event::encode::{Dialect, encode_event_json};

/// The codes of no rule.
const NOTHING: [&str; 0] = [];

/// A time `seconds` after the start.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn parameters() -> Parameters {
    Parameters {
        heartbeat_timeout: TimeDelta::seconds(630),
        heartbeat_interval: TimeDelta::seconds(300),
        clock_skew: TimeDelta::seconds(5),
        settle: TimeDelta::seconds(2),
        max_devices: 10,
        max_events: 100,
        command_partitions: 128,
    }
}

fn device(name: &str) -> ChargePointId {
    ChargePointId::parse(name).unwrap()
}

fn connected() -> EventKind {
    EventKind::Connected(BootReport::default())
}

/// A judge, and the source of its observations.
struct Fixture {
    judge: Judge,
    next_offset: i64,
    now: i64,
    /// How far the timestamps of records are ahead of when they are read.
    records_ahead: i64,
}

impl Fixture {
    fn new() -> Self {
        Self::with_parameters(parameters())
    }

    fn with_parameters(parameters: Parameters) -> Self {
        Self { judge: Judge::new(parameters, at(0)), next_offset: 0, now: 0, records_ahead: 0 }
    }

    /// Sets the clock to `seconds`.
    fn at(&mut self, seconds: i64) -> &mut Self {
        self.now = seconds;
        self
    }

    /// An event of CP-1 through `pod` that happens now.
    fn event(&self, pod: &str, kind: EventKind) -> GatewayEvent {
        GatewayEvent {
            event_id: EventId::parse(&Uuid::now_v7().to_string()).unwrap(),
            charge_point_id: device("CP-1"),
            gateway_id: Some(GatewayId::parse(pod).unwrap()),
            claimed_at: Some(at(self.now)),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            kind,
        }
    }

    /// A valid event of that kind is read.
    fn send_event(&mut self, pod: &str, kind: EventKind) -> &mut Self {
        let event = self.event(pod, kind);
        self.send(&event)
    }

    fn heartbeat(&mut self, pod: &str) -> &mut Self {
        self.send_event(pod, EventKind::Heartbeat)
    }

    fn disconnect(&mut self, pod: &str) -> &mut Self {
        self.send_event(pod, EventKind::Disconnected { reason: None })
    }

    fn send(&mut self, event: &GatewayEvent) -> &mut Self {
        self.send_to(0, event)
    }

    fn send_to(&mut self, partition: i32, event: &GatewayEvent) -> &mut Self {
        let key = event.charge_point_id.as_str().as_bytes().to_vec();
        let value = encode_event_json(event, Dialect::Contract);
        self.record(partition, Some(&key), Some(&value), &[])
    }

    /// A JSON record with the key CP-1.
    fn json(&mut self, value: &str) -> &mut Self {
        self.record(0, Some(b"CP-1"), Some(value.as_bytes()), &[])
    }

    fn record(
        &mut self,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &str)],
    ) -> &mut Self {
        let headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let record = ReceivedRecord {
            offset: self.next_offset,
            timestamp: at(self.now + self.records_ahead),
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            headers,
        };
        self.next_offset += 1;
        self.judge.observe_record(partition, &record, at(self.now));
        self
    }

    /// The key of CP-1 is read.
    fn observe_key(&mut self, key: &Key) -> &mut Self {
        self.judge.observe_key(&device("CP-1"), key, at(self.now));
        self
    }

    /// The key names `pod` and lives for `ttl_s` more seconds.
    fn key_names(&mut self, pod: &str, ttl_s: u64) -> &mut Self {
        self.observe_key(&Key::Held { value: pod.to_owned(), ttl: Some(Duration::from_secs(ttl_s)) })
    }

    fn key_is_absent(&mut self) -> &mut Self {
        self.observe_key(&Key::Absent)
    }

    fn verdict(&self) -> Verdict {
        self.judge.verdict(at(self.now))
    }

    fn result(&self, code: &str) -> RuleResult {
        self.verdict().finding(code).unwrap().result
    }

    /// The codes of all broken rules, tolerated or not.
    fn broken(&self) -> Vec<&'static str> {
        let verdict = self.verdict();
        [verdict.codes(RuleResult::Fail), verdict.codes(RuleResult::Warn)].concat()
    }
}
