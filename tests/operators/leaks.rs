//! Searches responses for what belongs to an operator.

use crate::client::{Call, Response};
use crate::side::Side;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

/// Checks that `response` to `call` contains nothing of `side` except what the call itself named.
pub fn assert_none(call: &Call, response: &Response, side: &Side) {
    let (named, body) = (call.what(), response.text());
    for (name, mark) in side.marks() {
        if named.contains(mark) {
            continue;
        }
        let what = call.what();
        assert!(!response.headers.contains(mark), "{what}: {name} {mark} in a header:\n{}", response.headers);
        assert!(!body.contains(mark), "{what}: {name} {mark} in the body:\n{body}");
    }
    // Cursors are opaque texts, which may contain ids in any form.
    for text in opaque_texts(&response.json()) {
        for (name, mark) in side.marks() {
            let is_named = named.contains(mark);
            let id = Uuid::parse_str(mark).map(|id| id.as_bytes().to_vec());
            let hidden = [mark.as_bytes().to_vec()].into_iter().chain(id.ok());
            for bytes in hidden.filter(|_| !is_named) {
                let found = text.windows(bytes.len()).any(|part| part == bytes);
                assert!(!found, "{}: {name} {mark} in an opaque text:\n{body}", call.what());
            }
        }
    }
}

/// The texts of a body that are bytes in base64, decoded.
fn opaque_texts(body: &Value) -> Vec<Vec<u8>> {
    match body {
        Value::String(text) => BASE64_URL_SAFE_NO_PAD.decode(text).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(opaque_texts).collect(),
        Value::Object(fields) => fields.values().flat_map(opaque_texts).collect(),
        _ => Vec::new(),
    }
}
