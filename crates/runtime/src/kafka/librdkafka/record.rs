//! Conversion of librdkafka's records.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use chrono::DateTime;
use rdkafka::{
    Message as _, Timestamp,
    message::{BorrowedMessage, Headers},
};

use super::super::record::{ReceivedRecord, UnreadableRange};

/// # Errors
///
/// If a header's name is not UTF-8: the binding panics instead of returning it.
pub(super) fn read(message: &BorrowedMessage<'_>) -> Result<ReceivedRecord, UnreadableRange> {
    let offset = message.offset();
    let headers =
        catch_unwind(AssertUnwindSafe(|| headers(message))).map_err(|_not_utf8| UnreadableRange {
            first_offset: offset,
            last_offset: offset,
            why: "the name of a header is not UTF-8".to_owned(),
        })?;
    let millis = match message.timestamp() {
        Timestamp::CreateTime(millis) | Timestamp::LogAppendTime(millis) => millis,
        // librdkafka's value for a missing timestamp.
        Timestamp::NotAvailable => -1,
    };
    Ok(ReceivedRecord {
        offset,
        // A timestamp beyond the calendar's range is replaced.
        timestamp: DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    })
}

fn headers(message: &BorrowedMessage<'_>) -> BTreeMap<String, Vec<u8>> {
    let mut headers = BTreeMap::new();
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        match header.value {
            Some(value) => headers.insert(header.key.to_owned(), value.to_vec()),
            // A header without a value is treated as missing.
            None => headers.remove(header.key),
        };
    }
    headers
}
