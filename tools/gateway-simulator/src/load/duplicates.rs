//! Duplicates: records that are sent again some time later.

use crate::random::Random;
use domain::event::{EventKind, GatewayEvent};
use domain::ids::ConnectorId;
use domain::latest::Latest;
use domain::status::ConnectorStatus;
use std::collections::VecDeque;

/// A duplicate is chosen from the records of this many seconds, so that the platform still
/// remembers its session.
const REMEMBERED_S: u32 = 3;
/// The greatest number of records that are kept for that.
const MAX_REMEMBERED: u32 = 10_000;

/// A record that was sent.
#[derive(Debug, Clone)]
struct SentRecord {
    key: String,
    value: Vec<u8>,
    /// The connector whose status it reports, if it does.
    status_of: Option<ConnectorId>,
}

/// The latest records, if any are sent again.
#[derive(Debug)]
pub(super) struct Duplicates {
    share: f64,
    random: Random,
    latest: VecDeque<SentRecord>,
    capacity: usize,
}

impl Duplicates {
    /// The duplicates of a load of `events_per_second`: this `share` of the events.
    pub(super) fn new(share: f64, events_per_second: u32, seed: u64) -> Self {
        let remembered = events_per_second.saturating_mul(REMEMBERED_S).clamp(1, MAX_REMEMBERED);
        let capacity = usize::try_from(remembered).unwrap_or(usize::MAX);
        Self { share, random: Random::new(seed, "repeats"), latest: VecDeque::new(), capacity }
    }

    /// Remembers the record `value` of `event`; may return the key and value of an earlier record that
    /// must be sent again.
    pub(super) fn push_and_draw(&mut self, event: &GatewayEvent, value: &[u8]) -> Option<(String, Vec<u8>)> {
        if self.share <= 0.0 {
            return None;
        }
        let chosen = self.random.below(self.latest.len());
        let is_drawn = self.random.happens(self.share) && self.is_remembered(chosen);
        let drawn = self.latest.get(chosen).filter(|_| is_drawn);
        let duplicate = drawn.map(|record| (record.key.clone(), record.value.clone()));
        let status_of = match &event.kind {
            EventKind::StatusChanged(report) => Some(report.connector_id),
            _ => None,
        };
        let key = event.charge_point_id.to_string();
        self.latest.push_back(SentRecord { key, value: value.to_vec(), status_of });
        if self.latest.len() > self.capacity {
            self.latest.pop_front();
        }
        duplicate
    }

    /// Whether the platform still recognises a copy of the record at `index`: of a connector it
    /// remembers the newest status and [`Latest::MAX_TIES`] earlier ones.
    fn is_remembered(&self, index: usize) -> bool {
        let Some(record) = self.latest.get(index).filter(|record| record.status_of.is_some()) else {
            return true;
        };
        let newer = self
            .latest
            .range(index + 1..)
            .filter(|newer| newer.status_of == record.status_of && newer.key == record.key);
        newer.take(Latest::<ConnectorStatus>::MAX_TIES).count() < Latest::<ConnectorStatus>::MAX_TIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::StatusReport;
    use domain::ids::{ChargePointId, EventId};

    fn status(number: usize) -> GatewayEvent {
        GatewayEvent {
            event_id: EventId::parse(&number.to_string()).unwrap(),
            charge_point_id: ChargePointId::parse("CP-1").unwrap(),
            gateway_id: None,
            claimed_at: None,
            trace_id: None,
            kind: EventKind::StatusChanged(StatusReport {
                connector_id: ConnectorId::parse(1).unwrap(),
                status: ConnectorStatus::Available,
                error_code: None,
                info: None,
                vendor_error_code: None,
            }),
        }
    }

    #[test]
    fn repeats_no_status_that_the_platform_has_forgotten() {
        let mut duplicates = Duplicates::new(1.0, 1_000, 7);
        let mut repeated = 0;
        for number in 0..500 {
            let value = number.to_string().into_bytes();
            if let Some((_, value)) = duplicates.push_and_draw(&status(number), &value) {
                let sent: usize = String::from_utf8(value).unwrap().parse().unwrap();
                assert!(number - sent <= Latest::<ConnectorStatus>::MAX_TIES, "{sent} before {number}");
                repeated += 1;
            }
        }
        assert!(repeated > 0);
    }
}
