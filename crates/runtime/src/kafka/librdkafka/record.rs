//! A record of librdkafka as services see it.

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
/// When a header's name is not UTF-8: the binding panics where it should show it.
pub(super) fn read(message: &BorrowedMessage<'_>) -> Result<ReceivedRecord, UnreadableRange> {
    let offset = message.offset();
    let headers =
        catch_unwind(AssertUnwindSafe(|| headers(message))).map_err(|_not_utf8| UnreadableRange {
            first_offset: offset,
            last_offset: offset,
            why: "librdkafka's binding cannot read the name of a header".to_owned(),
        })?;
    let millis = match message.timestamp() {
        Timestamp::CreateTime(millis) | Timestamp::LogAppendTime(millis) => millis,
        // How librdkafka shows -1.
        Timestamp::NotAvailable => -1,
    };
    Ok(ReceivedRecord {
        offset,
        // One beyond what a calendar can show says nothing.
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
            // A name without a value says as much as no header.
            None => headers.remove(header.key),
        };
    }
    headers
}
