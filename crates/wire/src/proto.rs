//! The generated protobuf types of `proto/charging/gateway/v1`, and those of `proto/charging/platform/v1`.

include!(concat!(env!("OUT_DIR"), "/charging.gateway.v1.rs"));

/// What the platform tells.
#[expect(clippy::enum_variant_names, reason = "fields that hold ids say so")]
pub mod platform {
    include!(concat!(env!("OUT_DIR"), "/charging.platform.v1.rs"));
}
