//! Events, which gateways send on `ocpp-events-up`.

pub mod encode;

mod deviations;
mod envelope;
mod json;
mod meter;
mod protobuf;
mod types;

pub use deviations::{Deviation, deviations};
pub(crate) use envelope::charge_point_id;
pub use types::event_type;

use crate::error::{DecodeError, FieldError};
use crate::record::{Body, RawRecord};
use domain::event::GatewayEvent;

/// Decodes one event, in the form that the record's `content-type` names.
///
/// The result depends only on the record's bytes, headers and position: the same record always
/// leads to the same event, even without an `eventId`.
///
/// # Errors
/// The record is not an event of the contract; it becomes a dead letter with
/// [`DecodeError::reason`].
pub fn decode(record: &RawRecord<'_>) -> Result<GatewayEvent, DecodeError> {
    match record.body()? {
        Body::Json(bytes) => json::decode(bytes, record),
        Body::Protobuf(bytes) => protobuf::decode(bytes, record),
    }
}

/// The sampled values in `record` that [`decode`] leaves out of the event: path and reason of each.
#[must_use]
pub fn unusable_values(record: &RawRecord<'_>) -> Vec<String> {
    let unusable = match record.body() {
        Ok(Body::Json(bytes)) => json::unusable_values(bytes),
        Ok(Body::Protobuf(bytes)) => protobuf::unusable_values(bytes),
        Err(_) => Vec::new(),
    };
    let message = |error: FieldError| DecodeError::from(error.within("payload")).to_string();
    unusable.into_iter().map(message).collect()
}
