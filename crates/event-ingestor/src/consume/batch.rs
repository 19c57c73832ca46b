//! Records fetched from a partition, decoded.

use crate::consume::dead_letter_cap::{Admission, DeadLetterCap, OmittedRange};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::devices::charge_point::UnplacedReason;
use domain::digest::RecordDigest;
use domain::event::GatewayEvent;
use domain::order::{AppendClock, RecordPosition};
use runtime::kafka::{Fetched, ReceivedRecord, UnreadableRange};
use std::collections::BTreeMap;
use std::time::Instant;
use storage::LoadPlan;
use storage::ingest::dead_letters::{NewDeadLetter, OmittedRecords};
use storage::ingest::partitions::{Checkpoint, LastRecord};
use wire::DecodeError;

/// PostgreSQL stores a wider range of times than records have, but not every time that a record can
/// claim.
const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// The year 9999.
const LATEST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(latest) => latest,
    None => DateTime::UNIX_EPOCH,
};

/// The reason of dead letters for ranges that cannot be read from Kafka.
pub(crate) const UNREADABLE: &str = "UNREADABLE_BATCH";
/// The reason of dead letters for records that PostgreSQL refuses.
pub(crate) const REFUSED: &str = "REFUSED_BY_DATABASE";

/// Records of one partition in order, each with its event or the reason why it has none. A batch
/// may be empty: it then advances past something else, such as a transaction marker.
#[derive(Debug)]
pub(crate) struct Batch {
    pub topic: String,
    pub partition: i32,
    pub items: Vec<Item>,
    /// The unreadable ranges between the records, in order.
    pub unreadable: Vec<UnreadableRange>,
    /// The offset to continue at.
    pub next_offset: i64,
}

/// A record and its event.
#[derive(Debug)]
pub(crate) struct Item {
    pub record: ReceivedRecord,
    /// When the record was appended, as well as it can be determined: the timestamp of the record
    /// may come from a wrong clock.
    pub appended_at: DateTime<Utc>,
    pub event: Result<GatewayEvent, InvalidValue>,
    /// The digest of the record before its bytes were removed; `None` for a complete record.
    whole_digest: Option<RecordDigest>,
    /// The range that contains it if it is beyond the cap on dead letters; `None` for all others.
    omitted: Option<OmittedRange>,
}

/// Why a record cannot be used.
#[derive(Debug, Clone)]
pub(crate) enum InvalidValue {
    /// The record does not match the gateway contract.
    Undecodable(DecodeError),
    /// PostgreSQL refused the record's effects.
    Refused(String),
}

impl Batch {
    /// Decodes records that were `fetched` before `read_at`.
    pub(crate) fn decode(
        topic: &str,
        partition: i32,
        fetched: Fetched,
        clock: &mut AppendClock,
        read_at: DateTime<Utc>,
    ) -> Self {
        let Fetched { records, unreadable, next_offset, .. } = fetched;
        let dated = records.into_iter().map(|record| (clock.appended_at(record.timestamp, read_at), record));
        let items = dated.map(|(appended_at, record)| Item::decode(partition, record, appended_at)).collect();
        Self { topic: topic.to_owned(), partition, items, unreadable, next_offset }
    }

    /// Adds undecodable records beyond `cap` to `range` instead of keeping them whole. Decided once
    /// for each batch, however often it is written.
    pub(crate) fn omit_beyond(&mut self, cap: &DeadLetterCap, range: &mut OmittedRange, now: Instant) {
        let undecodable =
            self.items.iter_mut().filter(|item| matches!(item.event, Err(InvalidValue::Undecodable(_))));
        for item in undecodable {
            if let Admission::Omitted { minute } = cap.admit(now) {
                item.omitted = Some(range.extend(minute, item.record.offset));
            }
        }
    }

    /// The ranges of records beyond the cap on dead letters.
    pub(crate) fn omitted(&self) -> Vec<OmittedRecords> {
        let mut ranges = BTreeMap::new();
        for (item, range) in self.items.iter().filter_map(|item| Some((item, item.omitted?))) {
            // The last record of a range in this batch knows how many there are so far.
            ranges.insert(range.first_offset, (item.record.offset, range.records));
        }
        let ranges = ranges.into_iter().map(|(first_offset, (last_offset, records))| OmittedRecords {
            topic: self.topic.clone(),
            partition: self.partition,
            first_offset,
            last_offset,
            records,
        });
        ranges.collect()
    }

    /// The checkpoint after this batch; `before` is the last record before it.
    pub(crate) fn checkpoint(&self, before: Option<LastRecord>) -> Checkpoint {
        let last = self.items.last();
        let last = last.map(|item| LastRecord { offset: item.record.offset, digest: item.digest() });
        Checkpoint { next_offset: self.next_offset, last_record: last.or(before) }
    }

    /// The number of records.
    pub(crate) const fn len(&self) -> usize {
        self.items.len()
    }

    /// When the earliest and the latest of its records were appended.
    pub(crate) fn appended(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let times = || self.items.iter().map(|item| item.appended_at);
        Some((times().min()?, times().max()?))
    }

    fn events(&self) -> impl Iterator<Item = (&GatewayEvent, RecordPosition)> {
        self.items
            .iter()
            .filter_map(move |item| Some((item.event.as_ref().ok()?, item.position(self.partition))))
    }

    /// Splits the batch in halves.
    ///
    /// # Errors
    /// The batch itself when it has only one record or one unreadable range.
    pub(crate) fn halve(mut self) -> Result<(Self, Self), Self> {
        let records = self.items.iter().map(|item| item.record.offset);
        let mut offsets: Vec<_> =
            records.chain(self.unreadable.iter().map(|range| range.first_offset)).collect();
        offsets.sort_unstable();
        let Some(middle) = offsets.get(offsets.len() / 2).copied().filter(|_| offsets.len() > 1) else {
            return Err(self);
        };
        let items = self.items.split_off(self.items.partition_point(|item| item.record.offset < middle));
        let ranges = self.unreadable.partition_point(|range| range.first_offset < middle);
        let unreadable = self.unreadable.split_off(ranges);
        let second = Self { topic: self.topic.clone(), items, unreadable, ..self };
        let first = Self { next_offset: middle, ..self };
        Ok((first, second))
    }

    /// The batch with its records as dead letters because PostgreSQL refuses them for the reason
    /// `why`. A dead letter that is refused in turn keeps only its position and the reason.
    pub(crate) fn refused(mut self, why: &str) -> Self {
        for item in &mut self.items {
            if item.is_refused() {
                item.whole_digest = Some(item.digest());
                item.record.headers.clear();
                item.record.key = None;
                item.record.value = None;
            }
            item.event = Err(InvalidValue::Refused(why.to_owned()));
            item.omitted = None;
        }
        self
    }

    /// The dead letter of a record that cannot be used.
    pub(crate) fn unusable(&self, item: &Item, why: &InvalidValue) -> NewDeadLetter {
        let (reason, detail) = match why {
            InvalidValue::Undecodable(error) => (error.reason(), error.to_string()),
            InvalidValue::Refused(error) => (REFUSED, error.clone()),
        };
        self.dead_letter(item, reason, &detail)
    }

    /// The dead letter of an event that belongs to no session.
    pub(crate) fn misfit(&self, item: &Item, event: &GatewayEvent, misfit: UnplacedReason) -> NewDeadLetter {
        let detail = format!("{} of {} belongs to no session", event.kind.name(), event.charge_point_id);
        NewDeadLetter {
            charge_point_id: Some(event.charge_point_id.to_string()),
            event_id: Some(event.event_id.to_string()),
            ..self.dead_letter(item, misfit.reason(), &detail)
        }
    }

    /// The dead letters of unreadable ranges; they have no bytes.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = NewDeadLetter> {
        self.unreadable.iter().map(|range| NewDeadLetter {
            topic: self.topic.clone(),
            partition: self.partition,
            first_offset: range.first_offset,
            last_offset: range.last_offset,
            appended_at: None,
            reason: UNREADABLE,
            detail: range.why.clone(),
            charge_point_id: None,
            event_id: None,
            key: None,
            value: None,
            headers: serde_json::json!({}),
        })
    }

    fn dead_letter(&self, item: &Item, reason: &'static str, detail: &str) -> NewDeadLetter {
        let record = &item.record;
        // PostgreSQL accepts no NUL in a text.
        let header = |(name, value): (&String, &Vec<u8>)| {
            (name.replace('\0', "\\0"), BASE64_STANDARD.encode(value).into())
        };
        NewDeadLetter {
            topic: self.topic.clone(),
            partition: self.partition,
            first_offset: record.offset,
            last_offset: record.offset,
            appended_at: Some(item.appended_at.clamp(EARLIEST, LATEST)),
            reason,
            detail: detail.replace('\0', "\\0"),
            charge_point_id: None,
            event_id: None,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: serde_json::Value::Object(record.headers.iter().map(header).collect()),
        }
    }
}

/// The states that `batches` need.
pub(crate) fn load_plan<'a>(batches: impl Iterator<Item = &'a Batch>) -> LoadPlan {
    LoadPlan::of(batches.flat_map(Batch::events))
}

/// The digest of a record as it was received.
pub(crate) fn digest_of(record: &ReceivedRecord) -> RecordDigest {
    RecordDigest::of(record.timestamp, record.key.as_deref(), record.value.as_deref())
}

impl Item {
    fn decode(partition: i32, record: ReceivedRecord, appended_at: DateTime<Utc>) -> Self {
        let headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let raw = wire::RawRecord::new(record.value.as_deref(), headers).at(partition, record.offset);
        let event = wire::decode(&raw);
        Self {
            event: event.map_err(InvalidValue::Undecodable),
            record,
            appended_at,
            whole_digest: None,
            omitted: None,
        }
    }

    /// Whether PostgreSQL has refused it.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self.event, Err(InvalidValue::Refused(_)))
    }

    /// Whether it is beyond the cap on dead letters.
    pub(crate) const fn is_omitted(&self) -> bool {
        self.omitted.is_some()
    }

    /// The digest of the record as it is in the log.
    fn digest(&self) -> RecordDigest {
        self.whole_digest.unwrap_or_else(|| digest_of(&self.record))
    }

    /// The record's position in its partition, with its time.
    pub(crate) const fn position(&self, partition: i32) -> RecordPosition {
        RecordPosition { partition, offset: self.record.offset, appended_at: self.appended_at }
    }

    /// How far the clock that dated the event is off: the clock of its claimed time or that of its
    /// record, whichever is further from the time of append. Negative when the clock is behind.
    /// `None` if the record has no event.
    pub(crate) fn clock_skew(&self) -> Option<TimeDelta> {
        let event = self.event.as_ref().ok()?;
        let clocks = [Some(self.record.timestamp), event.claimed_at];
        let skews = clocks.into_iter().flatten().map(|clock| clock - self.appended_at);
        skews.max_by_key(|skew| skew.abs())
    }
}
