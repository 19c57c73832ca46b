//! The feed on the wire: as Kafka records, which are CloudEvents in binary mode with the change in
//! protobuf, and as CloudEvents in JSON.

mod cloud_event;
mod decode;
mod encode;

pub use cloud_event::CloudEvent;
pub use decode::{InvalidChange, decode_change};
pub use encode::encode_change;

use crate::record::CONTENT_TYPE;
use crate::routing::RoutingHash;
use domain::feed::{FeedChange, FeedPosition};
use std::num::NonZeroU16;

/// The content type of a change.
pub const CHANGE_CONTENT_TYPE: &str = "application/protobuf";

/// A change as a Kafka record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedChange {
    /// The record's key, [`FeedChange::key`]: the id of the charge point, the station, the
    /// tariff or the issue.
    pub key: String,
    /// The record's value.
    pub value: Vec<u8>,
    /// The record's headers.
    pub headers: [(&'static str, String); 7],
}

impl EncodedChange {
    /// The record of `change` at `position` in the feed of `source`.
    #[must_use]
    pub fn new(change: &FeedChange, position: FeedPosition, source: &str) -> Self {
        let event = CloudEvent::new(change, position, source);
        let headers = [
            ("ce_specversion", event.specversion.to_owned()),
            ("ce_id", event.id),
            ("ce_source", source.to_owned()),
            ("ce_type", event.kind.type_name().to_owned()),
            ("ce_time", event.time),
            ("ce_subject", event.subject.clone()),
            (CONTENT_TYPE, CHANGE_CONTENT_TYPE.to_owned()),
        ];
        let key = event.subject;
        Self { key, value: encode_change(change), headers }
    }

    /// The record's partition out of `partitions`, as the default partitioner of Kafka's own client
    /// computes it from the key, so that other producers and consumers agree.
    #[must_use]
    pub fn partition(&self, partitions: NonZeroU16) -> i32 {
        RoutingHash::Murmur2.partition(&self.key, partitions)
    }
}
