//! Events: what gateways send on `ocpp-events-up`.

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

/// Reads one event, in whichever form the record's `content-type` says.
///
/// The result depends on the record's bytes, headers and place alone; the same record always gives the same event, also
/// one without an `eventId`.
///
/// # Errors
/// Why the record is not an event of the contract; it belongs into the dead letters with [`DecodeError::reason`].
pub fn decode(record: &RawRecord<'_>) -> Result<GatewayEvent, DecodeError> {
    match record.body()? {
        Body::Json(bytes) => json::decode(bytes, record),
        Body::Protobuf(bytes) => protobuf::decode(bytes, record),
    }
}

/// Why sampled values in `record` are left out of the event that [`decode`] reads: the path and the reason of each.
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
