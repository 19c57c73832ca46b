//! Decodes any record of the command topic: the first byte selects the form, the rest is the value.
//!
//! Run it with `cargo +nightly fuzz run decode_command` from the root of the repository.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::command::encode_command_protobuf;
use wire::{RawRecord, decode_command};

fuzz_target!(|data: &[u8]| {
    let Some((form, value)) = data.split_first() else {
        return;
    };
    let record = if form % 2 == 0 {
        RawRecord::json(value)
    } else {
        RawRecord::protobuf(value)
    };
    if let Ok(command) = decode_command(&record) {
        let binary = encode_command_protobuf(&command);
        assert_eq!(decode_command(&RawRecord::protobuf(&binary.value)), Ok(command));
    }
});
