use super::*;

#[test]
fn the_content_type_may_have_parameters_and_any_case() {
    let form = |content_type: &str| {
        let header = [("Content-Type", content_type.as_bytes())];
        match RawRecord::new(Some(b"x"), header).body() {
            Ok(Body::Json(_)) => "json",
            Ok(Body::Protobuf(_)) => "protobuf",
            Err(error) => error.reason(),
        }
    };
    assert_eq!(form(""), "json");
    assert_eq!(form("Application/JSON; charset=utf-8"), "json");
    assert_eq!(form("application/X-Protobuf;messageType=\"x\""), "protobuf");
    assert_eq!(form("application/protobuf"), "protobuf");
    assert_eq!(form(r#""application/json""#), "json");
    assert_eq!(form(r#" "application/json; charset=utf-8" "#), "json");
    assert_eq!(form("'application/x-protobuf'\0"), "protobuf");
    assert_eq!(form(r#""""#), "json");
    assert_eq!(form("text/plain"), "UNSUPPORTED_CONTENT_TYPE");
}

#[test]
fn rejects_a_tombstone_and_an_oversized_value() {
    assert_eq!(RawRecord::default().body().unwrap_err(), DecodeError::Empty);
    assert_eq!(RawRecord::json(b"").body().unwrap_err(), DecodeError::Empty);
    let giant = vec![b' '; RawRecord::MAX_BYTES + 1];
    assert_eq!(RawRecord::json(&giant).body().unwrap_err(), DecodeError::TooLarge { bytes: giant.len() });
}

#[test]
fn only_a_well_formed_traceparent_has_a_trace_id() {
    let trace = |header: &'static str| {
        RawRecord { traceparent: Some(header.as_bytes()), ..RawRecord::default() }.trace_id()
    };
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    assert_eq!(trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), Some(id));
    assert_eq!(trace("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
    assert_eq!(trace("nonsense"), None);
}
