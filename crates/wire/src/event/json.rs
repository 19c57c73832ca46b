//! Events in JSON.

mod payload;

use super::envelope::{self, Anonymous};
use super::types::EventType;
use crate::error::{DecodeError, FieldError};
use crate::json::Object;
use crate::record::RawRecord;
use domain::event::{EventKind, GatewayEvent};

/// The reasons why sampled values in the message are unusable.
pub(super) fn unusable_values(bytes: &[u8]) -> Vec<FieldError> {
    let Ok(root) = Object::parse(bytes) else { return Vec::new() };
    let event_type = root.text("eventType").ok().flatten();
    if event_type.and_then(|name| EventType::named(name.trim())) != Some(EventType::MeterValues) {
        return Vec::new();
    }
    let payload = root.object("payload").ok().flatten();
    payload.map(|payload| payload::samples(payload).unusable).unwrap_or_default()
}

/// Decodes the envelope, then the payload of its `eventType`.
pub(super) fn decode(bytes: &[u8], record: &RawRecord<'_>) -> Result<GatewayEvent, DecodeError> {
    let root = Object::parse(bytes)?;
    let event_type = envelope::event_type(root.text("eventType")?.as_deref())?;
    let charge_point_id = envelope::charge_point_id(root.text("chargePointId")?.as_deref())?;
    let event_id = envelope::event_id(root.text("eventId")?.as_deref())?;
    let gateway_id = envelope::gateway_id(root.text("gatewayId")?.as_deref())?;
    let trace_id = envelope::trace_id(root.free_text("traceId").as_deref(), record);
    let mut claimed_at = root.time("timestamp")?;

    let kind = match EventType::named(&event_type) {
        // The payload is arbitrary.
        None => EventKind::Other { event_type },
        Some(event_type) => {
            let nothing = Object::default();
            let payload = root.object("payload")?.unwrap_or(&nothing);
            let within = |error: FieldError| error.within("payload");
            if claimed_at.is_none() {
                claimed_at = payload.time("timestamp").map_err(within)?;
            }
            payload::decode(event_type, payload).map_err(within)?
        }
    };
    let event_id = match event_id {
        Some(event_id) => event_id,
        None => envelope::anonymous_id(Anonymous::of(&kind, claimed_at), bytes, record)?,
    };
    Ok(GatewayEvent { event_id, charge_point_id, gateway_id, claimed_at, trace_id, kind })
}
