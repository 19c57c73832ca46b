//! The fields around the payload, which JSON and protobuf share.

use crate::error::{DecodeError, FieldError};
use crate::record::RawRecord;
use crate::value::text;
use chrono::{DateTime, Utc};
use domain::digest::fnv1a_64;
use domain::event::EventKind;
use domain::ids::{ChargePointId, EventId, GatewayId};
use domain::text::parse_text;

/// The longest event type, in characters.
const EVENT_TYPE_MAX_CHARS: usize = 128;

/// The longest trace id that is kept, in characters; W3C trace ids have 32.
const TRACE_ID_MAX_CHARS: usize = 64;

/// How the id of an event without an `eventId` is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anonymous {
    /// Every record is a separate event, even if its bytes are the same.
    OfRecord,
    /// Records of the same bytes are copies of one event.
    OfBytes,
}

impl Anonymous {
    /// Devices repeat identical heartbeats, statuses and readings, and each counts. A transaction
    /// begins and ends once at an instant: if the event has that time, its copies are one event and
    /// open no second session.
    pub(super) const fn of(kind: &EventKind, claimed_at: Option<DateTime<Utc>>) -> Self {
        match kind {
            EventKind::TransactionStarted(_) | EventKind::TransactionStopped(_) if claimed_at.is_some() => {
                Self::OfBytes
            }
            _ => Self::OfRecord,
        }
    }

    fn id(self, bytes: &[u8], record: &RawRecord<'_>) -> String {
        let digest = fnv1a_64(bytes);
        match (self, record.place) {
            (Self::OfRecord, Some((partition, offset))) => {
                format!("anonymous-{partition}-{offset}-{digest:016x}")
            }
            (Self::OfRecord, None) | (Self::OfBytes, _) => format!("anonymous-{digest:016x}"),
        }
    }
}

/// Parses the event's own id, if it has one.
pub(super) fn event_id(raw: Option<&str>) -> Result<Option<EventId>, FieldError> {
    raw.map(|raw| EventId::parse(text::trimmed(raw)))
        .transpose()
        .map_err(|error| FieldError::new("eventId", error))
}

/// The id of an event without an `eventId`; the same record always has the same id.
pub(super) fn anonymous_id(
    anonymous: Anonymous,
    bytes: &[u8],
    record: &RawRecord<'_>,
) -> Result<EventId, FieldError> {
    EventId::parse(&anonymous.id(bytes, record)).map_err(|error| FieldError::new("eventId", error))
}

/// Parses the event type, as sent.
pub(super) fn event_type(raw: Option<&str>) -> Result<String, DecodeError> {
    let raw = raw.ok_or(DecodeError::MissingEventType)?;
    parse_text(text::trimmed(raw), EVENT_TYPE_MAX_CHARS)
        .map_err(|error| FieldError::new("eventType", error).into())
}

/// Parses the charge point id, which is required.
pub(crate) fn charge_point_id(raw: Option<&str>) -> Result<ChargePointId, DecodeError> {
    let raw = raw.ok_or(DecodeError::MissingChargePoint)?;
    ChargePointId::parse(raw).map_err(|error| FieldError::new("chargePointId", error).into())
}

/// Parses the sending gateway, if it gave its name.
pub(super) fn gateway_id(raw: Option<&str>) -> Result<Option<GatewayId>, FieldError> {
    raw.map(|raw| GatewayId::parse(text::trimmed(raw)))
        .transpose()
        .map_err(|error| FieldError::new("gatewayId", error))
}

/// The trace id of the message, otherwise the one of the record's headers.
pub(super) fn trace_id(raw: Option<&str>, record: &RawRecord<'_>) -> Option<String> {
    text::clean_to(TRACE_ID_MAX_CHARS, raw.or_else(|| record.trace_id())?)
}
