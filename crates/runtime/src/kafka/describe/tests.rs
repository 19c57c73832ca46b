use super::*;

/// A response about `commands-down` with these settings.
fn answer(settings: &[(&str, Option<&str>)]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 2];
    put_text(&mut bytes, "commands-down").unwrap();
    put_count(&mut bytes, settings.len()).unwrap();
    for (name, value) in settings {
        put_text(&mut bytes, name).unwrap();
        match value {
            Some(value) => put_text(&mut bytes, value).unwrap(),
            None => bytes.extend([0xff, 0xff]),
        }
        bytes.extend([0, 1, 0]);
        // One synonym without a value, as brokers may send although none was requested.
        put_count(&mut bytes, 1).unwrap();
        put_text(&mut bytes, "log.retention.ms").unwrap();
        bytes.extend([0xff, 0xff, 5]);
    }
    bytes
}

#[test]
fn reads_settings_and_skips_other_fields() {
    let bytes = answer(&[("retention.ms", Some("120000")), ("segment.ms", None)]);
    let settings = decode(&bytes).unwrap().unwrap();
    let expected = [("retention.ms".to_owned(), Some("120000".to_owned())), ("segment.ms".to_owned(), None)];
    assert_eq!(settings, Settings::from(expected));
}

#[test]
fn a_refusal_keeps_its_code_and_message() {
    let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 29];
    put_text(&mut bytes, "Topic authorization failed.").unwrap();
    let refusal = decode(&bytes).unwrap().unwrap_err();
    assert_eq!(refusal, (29, "Topic authorization failed.".to_owned()));
}

#[test]
fn a_truncated_response_is_malformed() {
    let bytes = answer(&[("retention.ms", Some("120000")), ("segment.ms", Some("60000"))]);
    for length in 0..bytes.len() {
        assert_eq!(decode(&bytes[..length]), Err(Malformed), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn a_response_with_too_large_a_count_is_malformed() {
    let mut bytes = answer(&[]);
    let count = bytes.len() - 4;
    bytes[count..].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(decode(&bytes), Err(Malformed));
}
