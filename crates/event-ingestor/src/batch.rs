//! What was fetched from a partition, decoded.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use domain::charge_point::Misfit;
use domain::event::GatewayEvent;
use domain::order::RecordPosition;
use runtime::kafka::ReceivedRecord;
use storage::Touched;
use storage::dead_letters::NewDeadLetter;
use wire::DecodeError;

/// Records of one partition in their order, never empty, each with the event that it tells or the reason why it tells none.
#[derive(Debug)]
pub(crate) struct Batch {
    pub topic: String,
    pub partition: i32,
    pub items: Vec<Item>,
}

/// A record and what it tells.
#[derive(Debug)]
pub(crate) struct Item {
    pub record: ReceivedRecord,
    pub event: Result<GatewayEvent, Unusable>,
}

/// Why a record cannot be used.
#[derive(Debug, Clone)]
pub(crate) enum Unusable {
    /// It is not what the contract says.
    Undecodable(DecodeError),
    /// Postgres refused what it says.
    Refused(String),
}

impl Batch {
    /// Decodes `records`; `None` when there are none.
    pub(crate) fn decode(topic: &str, partition: i32, records: Vec<ReceivedRecord>) -> Option<Self> {
        let items: Vec<_> = records.into_iter().map(|record| Item::decode(partition, record)).collect();
        (!items.is_empty()).then(|| Self { topic: topic.to_owned(), partition, items })
    }

    /// The offset to read on at.
    pub(crate) fn next_offset(&self) -> Option<i64> {
        self.items.last().map(|item| item.record.offset + 1)
    }

    /// Which states it needs.
    pub(crate) fn touched(&self) -> Touched {
        Touched::of(self.events().map(|(item, event)| (event, item.position(self.partition))))
    }

    /// From the earliest to the latest Kafka timestamp of its records.
    pub(crate) fn appended(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let times = || self.items.iter().map(|item| item.record.timestamp);
        Some((times().min()?, times().max()?))
    }

    fn events(&self) -> impl Iterator<Item = (&Item, &GatewayEvent)> {
        self.items.iter().filter_map(|item| Some((item, item.event.as_ref().ok()?)))
    }

    /// Its two halves. A batch of one record has none: then Postgres's refusal, `why`, is the record's own.
    pub(crate) fn split(mut self, why: &str) -> (Self, Option<Self>) {
        if let [only] = self.items.as_mut_slice() {
            only.event = Err(Unusable::Refused(why.to_owned()));
            return (self, None);
        }
        let items = self.items.split_off(self.items.len() / 2);
        let second = Self { topic: self.topic.clone(), partition: self.partition, items };
        (self, Some(second))
    }

    /// The dead letter of a record that cannot be used.
    pub(crate) fn unusable(&self, item: &Item, why: &Unusable) -> NewDeadLetter {
        let (reason, detail) = match why {
            Unusable::Undecodable(error) => (error.reason(), error.to_string()),
            Unusable::Refused(error) => ("REFUSED_BY_DATABASE", error.clone()),
        };
        self.dead_letter(item, reason, detail)
    }

    /// The dead letter of an event that finds no place.
    pub(crate) fn misfit(&self, item: &Item, event: &GatewayEvent, misfit: Misfit) -> NewDeadLetter {
        let detail = format!("{} of {} finds no session", event.kind.name(), event.charge_point_id);
        NewDeadLetter {
            charge_point_id: Some(event.charge_point_id.to_string()),
            event_id: Some(event.event_id.to_string()),
            ..self.dead_letter(item, misfit.reason(), detail)
        }
    }

    fn dead_letter(&self, item: &Item, reason: &'static str, detail: String) -> NewDeadLetter {
        let record = &item.record;
        let header =
            |(name, value): (&String, &Vec<u8>)| (name.clone(), BASE64_STANDARD.encode(value).into());
        NewDeadLetter {
            topic: self.topic.clone(),
            partition: self.partition,
            first_offset: record.offset,
            last_offset: record.offset,
            appended_at: Some(record.timestamp),
            reason,
            detail,
            charge_point_id: None,
            event_id: None,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: serde_json::Value::Object(record.headers.iter().map(header).collect()),
        }
    }
}

impl Item {
    fn decode(partition: i32, record: ReceivedRecord) -> Self {
        let headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let raw = wire::RawRecord::new(record.value.as_deref(), headers).at(partition, record.offset);
        let event = wire::decode(&raw);
        Self { event: event.map_err(Unusable::Undecodable), record }
    }

    /// Where the record stands.
    pub(crate) const fn position(&self, partition: i32) -> RecordPosition {
        RecordPosition { partition, offset: self.record.offset, appended_at: self.record.timestamp }
    }
}
