//! Judges records: whether they can be decoded, their keys, their fields and their values.

use super::Judge;
use crate::check::flattened::is_flattened;
use crate::check::log_position::LogPosition;
use crate::check::reception::Reception;
use crate::check::rule::Rule;
use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::ChargePointId;
use domain::order::{RecordPosition, Stamp, plausible_time};
use runtime::kafka::ReceivedRecord;
use wire::RawRecord;
use wire::event::{Deviation, deviations, unusable_values};

impl Judge {
    /// A record of the event topic was read at `seen_at`.
    pub fn observe_record(&mut self, partition: i32, record: &ReceivedRecord, seen_at: DateTime<Utc>) {
        self.observed.records += 1;
        let position = LogPosition { partition, offset: record.offset };
        let headers = record.headers.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
        let raw = RawRecord::new(record.value.as_deref(), headers).at(partition, record.offset);
        match wire::decode(&raw) {
            Ok(event) => {
                self.tallies.kept(Rule::Undecodable);
                self.judge_key(record.key.as_deref(), &event.charge_point_id, position);
                self.judge_fields(&raw, &event, record.timestamp.min(seen_at), position);
                self.judge_measurands(&raw, &event, position);
                let appended_at = self.clocks.appended_at(partition, record.timestamp, seen_at);
                if let Some(pod) = &event.gateway_id {
                    let clocks = [Some(record.timestamp), event.claimed_at];
                    self.clocks.observe_event(pod, clocks, appended_at, self.parameters.clock_skew);
                }
                let record_position = RecordPosition { partition, offset: record.offset, appended_at };
                self.observe_event(
                    &event,
                    &Reception { stamp: Stamp::new(event.claimed_at, &record_position), position, seen_at },
                );
            }
            Err(error) => {
                let reason = error.reason();
                let example = || format!("{position}: {reason}, {error}");
                self.tallies.broken_by(Rule::Undecodable, reason, example);
            }
        }
    }

    fn judge_key(&mut self, key: Option<&[u8]>, id: &ChargePointId, position: LogPosition) {
        self.tallies.judge(Rule::KeyMissing, key.is_some(), || format!("{position}: {id}"));
        let Some(key) = key else { return };
        self.tallies.judge(Rule::KeyMismatch, key == id.as_str().as_bytes(), || {
            let shown: String = String::from_utf8_lossy(key).chars().take(80).collect();
            format!("{position}: key {shown:?}, chargePointId {id}")
        });
    }

    fn judge_fields(
        &mut self,
        raw: &RawRecord<'_>,
        event: &GatewayEvent,
        appended_at: DateTime<Utc>,
        position: LogPosition,
    ) {
        let id = &event.charge_point_id;
        let of = || format!("{position}: {id} {}", event.kind.name());
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
            let is_plausible = plausible_time(Some(claimed_at), appended_at).is_some();
            self.tallies.judge(Rule::TimestampAbsurd, is_plausible, || {
                format!("{position}: {id} claims {claimed_at}, the record was appended at {appended_at}")
            });
        }
    }

    fn judge_measurands(&mut self, raw: &RawRecord<'_>, event: &GatewayEvent, position: LogPosition) {
        if !matches!(event.kind, EventKind::MeterValues(_)) {
            return;
        }
        let id = &event.charge_point_id;
        let unusable = unusable_values(raw);
        self.tallies.judge(Rule::ValueUnusable, unusable.is_empty(), || {
            format!("{position}: {id} {}", unusable.first().map_or("", String::as_str))
        });
        if let Some(is_flattened) = raw.value.and_then(is_flattened) {
            self.tallies.judge(Rule::MeasurandsFlattened, !is_flattened, || {
                format!("{position}: {id} has several energies of one instant, without unit")
            });
        }
    }
}
