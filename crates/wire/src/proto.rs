//! The generated protobuf types of `proto/charging/gateway/v1` and `proto/charging/platform/v1`.

include!(concat!(env!("OUT_DIR"), "/charging.gateway.v1.rs"));

/// The messages of the feed.
#[expect(clippy::enum_variant_names, reason = "the variants are named after id fields")]
pub mod platform {
    include!(concat!(env!("OUT_DIR"), "/charging.platform.v1.rs"));
}
