//! What was fetched from a partition, decoded.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::devices::charge_point::Misfit;
use domain::digest::RecordDigest;
use domain::event::GatewayEvent;
use domain::order::{AppendClock, RecordPosition};
use runtime::kafka::{Fetched, ReceivedRecord, UnreadableRange};
use storage::Touched;
use storage::ingest::dead_letters::NewDeadLetter;
use storage::ingest::partitions::{Checkpoint, LastRecord};
use wire::DecodeError;

/// PostgreSQL takes earlier and later times than any record has, but not all that a record can claim.
const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// The year 9999.
const LATEST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(latest) => latest,
    None => DateTime::UNIX_EPOCH,
};

/// Of what cannot be read from Kafka.
pub(crate) const UNREADABLE: &str = "UNREADABLE_BATCH";
/// Of what PostgreSQL refuses.
pub(crate) const REFUSED: &str = "REFUSED_BY_DATABASE";

/// Records of one partition in their order, each with the event that it tells or the reason why it tells none. There may be none:
/// then there is something else to get past, such as the marker of a transaction.
#[derive(Debug)]
pub(crate) struct Batch {
    pub topic: String,
    pub partition: i32,
    pub items: Vec<Item>,
    /// What lies between them and cannot be read, in its order.
    pub unreadable: Vec<UnreadableRange>,
    /// The offset to read on at.
    pub next_offset: i64,
}

/// A record and what it tells.
#[derive(Debug)]
pub(crate) struct Item {
    pub record: ReceivedRecord,
    /// When it was appended, as far as can be told: its own timestamp may come from a clock that is wrong.
    pub appended_at: DateTime<Utc>,
    pub event: Result<GatewayEvent, Unusable>,
    /// The digest of the record before its bytes were removed; `None` for one that has them.
    whole_digest: Option<RecordDigest>,
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
    /// Decodes what was `fetched` by `read_at`.
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

    /// How far the partition is read with it; `before` is the last record before it.
    pub(crate) fn checkpoint(&self, before: Option<LastRecord>) -> Checkpoint {
        let last = self.items.last();
        let last = last.map(|item| LastRecord { offset: item.record.offset, digest: item.digest() });
        Checkpoint { next_offset: self.next_offset, last_record: last.or(before) }
    }

    /// Which states it needs.
    pub(crate) fn touched(&self) -> Touched {
        Touched::of(self.events().map(|(item, event)| (event, item.position(self.partition))))
    }

    /// From when the earliest to when the latest of its records was appended.
    pub(crate) fn appended(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let times = || self.items.iter().map(|item| item.appended_at);
        Some((times().min()?, times().max()?))
    }

    fn events(&self) -> impl Iterator<Item = (&Item, &GatewayEvent)> {
        self.items.iter().filter_map(|item| Some((item, item.event.as_ref().ok()?)))
    }

    /// Its two halves.
    ///
    /// # Errors
    /// The batch itself when it has one record, or one range that cannot be read.
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

    /// The batch with its records as dead letters, since PostgreSQL refuses them; `why`. A dead letter that is refused keeps
    /// only its position and the reason.
    pub(crate) fn refused(mut self, why: &str) -> Self {
        for item in &mut self.items {
            if item.is_refused() {
                item.whole_digest = Some(item.digest());
                item.record.headers.clear();
                item.record.key = None;
                item.record.value = None;
            }
            item.event = Err(Unusable::Refused(why.to_owned()));
        }
        self
    }

    /// The dead letter of a record that cannot be used.
    pub(crate) fn unusable(&self, item: &Item, why: &Unusable) -> NewDeadLetter {
        let (reason, detail) = match why {
            Unusable::Undecodable(error) => (error.reason(), error.to_string()),
            Unusable::Refused(error) => (REFUSED, error.clone()),
        };
        self.dead_letter(item, reason, &detail)
    }

    /// The dead letter of an event that finds no place.
    pub(crate) fn misfit(&self, item: &Item, event: &GatewayEvent, misfit: Misfit) -> NewDeadLetter {
        let detail = format!("{} of {} finds no session", event.kind.name(), event.charge_point_id);
        NewDeadLetter {
            charge_point_id: Some(event.charge_point_id.to_string()),
            event_id: Some(event.event_id.to_string()),
            ..self.dead_letter(item, misfit.reason(), &detail)
        }
    }

    /// The dead letters of what cannot be read; without bytes.
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
        // PostgreSQL takes no NUL in a text.
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

/// The digest of a record as it was received.
pub(crate) fn digest_of(record: &ReceivedRecord) -> RecordDigest {
    RecordDigest::of(record.timestamp, record.key.as_deref(), record.value.as_deref())
}

impl Item {
    fn decode(partition: i32, record: ReceivedRecord, appended_at: DateTime<Utc>) -> Self {
        let headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let raw = wire::RawRecord::new(record.value.as_deref(), headers).at(partition, record.offset);
        let event = wire::decode(&raw);
        Self { event: event.map_err(Unusable::Undecodable), record, appended_at, whole_digest: None }
    }

    /// Whether PostgreSQL has refused it.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self.event, Err(Unusable::Refused(_)))
    }

    /// The digest of the record as it is in the log.
    fn digest(&self) -> RecordDigest {
        self.whole_digest.unwrap_or_else(|| digest_of(&self.record))
    }

    /// Where the record stands.
    pub(crate) const fn position(&self, partition: i32) -> RecordPosition {
        RecordPosition { partition, offset: self.record.offset, appended_at: self.appended_at }
    }

    /// How far the clock that dated the event is off: that of its claimed time or that of its record, whichever is further from when
    /// the record was appended. Negative when it is late. `None` where the record tells no event.
    pub(crate) fn clock_skew(&self) -> Option<TimeDelta> {
        let event = self.event.as_ref().ok()?;
        let clocks = [Some(self.record.timestamp), event.claimed_at];
        let skews = clocks.into_iter().flatten().map(|clock| clock - self.appended_at);
        skews.max_by_key(|skew| skew.abs())
    }
}
