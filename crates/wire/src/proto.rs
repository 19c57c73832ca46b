//! The generated protobuf types of `proto/charging/gateway/v1`.

include!(concat!(env!("OUT_DIR"), "/charging.gateway.v1.rs"));
