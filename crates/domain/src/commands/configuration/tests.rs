use super::*;
use proptest::prelude::*;

#[test]
fn a_key_is_trimmed_and_never_empty() {
    assert_eq!(ConfigurationKey::parse(" HeartbeatInterval ").unwrap().as_str(), "HeartbeatInterval");
    assert_eq!(ConfigurationKey::parse("  "), Err(InvalidText::Empty));
    assert!(ConfigurationKey::parse(&"k".repeat(50)).is_ok());
    assert_eq!(ConfigurationKey::parse(&"k".repeat(51)), Err(InvalidText::TooLong { max: 50 }));
    assert_eq!(ConfigurationKey::parse("a\tb"), Err(InvalidText::ControlCharacter));
}

#[test]
fn a_value_is_kept_unchanged() {
    for kept in ["", " ", " 1,2 ", "桩", &"v".repeat(500)] {
        assert_eq!(ConfigurationValue::parse(kept).unwrap().as_str(), kept);
    }
    assert_eq!(ConfigurationValue::parse(&"桩".repeat(501)), Err(InvalidText::TooLong { max: 500 }));
    for refused in ["\n", "a\u{0}b", "300\r"] {
        assert_eq!(ConfigurationValue::parse(refused), Err(InvalidText::ControlCharacter));
    }
}

proptest! {
    /// Accepted text fits into the OCPP request and is accepted again unchanged.
    #[test]
    fn accepted_text_is_stable(raw in "[ a桩\t]{0,8}|.{0,60}|[ -~桩]{0,510}") {
        if let Ok(key) = ConfigurationKey::parse(&raw) {
            prop_assert!((1..=50).contains(&key.as_str().chars().count()));
            prop_assert_eq!(ConfigurationKey::parse(key.as_str()), Ok(key));
        }
        match ConfigurationValue::parse(&raw) {
            Ok(value) => prop_assert_eq!(value.as_str(), raw),
            Err(_) => prop_assert!(raw.chars().count() > 500 || raw.chars().any(char::is_control)),
        }
    }
}
