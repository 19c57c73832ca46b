//! Any record of the event topic: the first byte picks the form, the rest is the value.
//!
//! `cargo +nightly fuzz run decode_event` from the repository's root.
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
        // What was understood is understood the same when it is said again. (It need not be: three phases, each just
        // plausible, add up to what is not.)
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
