//! Generates the protobuf types from `proto/`; does not need `protoc`.

use std::error::Error;

const ROOT: &str = "../../proto";
const FILES: [&str; 3] = [
    "charging/gateway/v1/event.proto",
    "charging/gateway/v1/command.proto",
    "charging/platform/v1/feed.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}/charging");
    let descriptors = protox::compile(FILES, [ROOT])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
