//! The fields around the payload, which both forms share.

use crate::error::{DecodeError, FieldError};
use crate::record::RawRecord;
use crate::value::text;
use domain::digest::fnv1a_64;
use domain::ids::{ChargePointId, EventId, GatewayId};
use domain::text::parse_text;

/// The longest event type, in characters.
const EVENT_TYPE_MAX_CHARS: usize = 128;

/// The longest trace id that is kept, in characters; W3C's have 32.
const TRACE_ID_MAX_CHARS: usize = 64;

/// The event's name; one without a name is named after its bytes, so that its copies still share one.
pub(super) fn event_id(raw: Option<&str>, bytes: &[u8]) -> Result<EventId, FieldError> {
    let anonymous = || format!("anonymous-{:016x}", fnv1a_64(bytes));
    let id = raw.map_or_else(|| EventId::parse(&anonymous()), EventId::parse);
    id.map_err(|error| FieldError::new("eventId", error))
}

/// The event's type, as sent.
pub(super) fn event_type(raw: Option<&str>) -> Result<String, DecodeError> {
    let raw = raw.ok_or(DecodeError::MissingEventType)?;
    parse_text(raw, EVENT_TYPE_MAX_CHARS).map_err(|error| FieldError::new("eventType", error).into())
}

/// The device, without which an event is nobody's.
pub(crate) fn charge_point_id(raw: Option<&str>) -> Result<ChargePointId, DecodeError> {
    let raw = raw.ok_or(DecodeError::MissingChargePoint)?;
    ChargePointId::parse(raw).map_err(|error| FieldError::new("chargePointId", error).into())
}

/// The sending pod, if it said its name.
pub(super) fn gateway_id(raw: Option<&str>) -> Result<Option<GatewayId>, FieldError> {
    raw.map(GatewayId::parse).transpose().map_err(|error| FieldError::new("gatewayId", error))
}

/// The trace: the message's own, else the one of the record's headers.
pub(super) fn trace_id(raw: Option<&str>, record: &RawRecord<'_>) -> Option<String> {
    text::clean_to(TRACE_ID_MAX_CHARS, raw.or_else(|| record.trace_id())?)
}
