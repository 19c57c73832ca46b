//! Generates the protobuf types from `proto/`; needs no `protoc`.

use std::error::Error;

const ROOT: &str = "../../proto";
const FILES: [&str; 2] = ["charging/gateway/v1/event.proto", "charging/gateway/v1/command.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}/charging/gateway");
    let descriptors = protox::compile(FILES, [ROOT])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
