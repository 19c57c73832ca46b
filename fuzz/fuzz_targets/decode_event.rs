//! Decodes any record of the event topic: the first byte selects the form, the rest is the value.
//!
//! Run it with `cargo +nightly fuzz run decode_event` from the root of the repository.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::event::encode::{Dialect, encode_event_json, encode_event_protobuf};
use wire::{RawRecord, decode};

fuzz_target!(|data: &[u8]| {
    let Some((form, value)) = data.split_first() else {
        return;
    };
    let record = if form % 2 == 0 {
        RawRecord::json(value)
    } else {
        RawRecord::protobuf(value)
    };
    match decode(&record) {
        // A decoded event that is encoded and decoded again is the same. The second decoding may
        // fail: the sum of three phases, each just plausible, may not be.
        Ok(event) => {
            if let Ok(again) = decode(&RawRecord::protobuf(&encode_event_protobuf(&event))) {
                assert_eq!(again, event);
            }
            for dialect in [Dialect::Handbook, Dialect::Deployed] {
                let _ = decode(&RawRecord::json(&encode_event_json(&event, dialect)));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
