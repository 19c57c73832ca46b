use super::*;

#[test]
fn a_charge_point_id_is_a_plain_key() {
    assert!(ChargePointId::parse("CP-001.a:b@c*d+e=f|g").is_ok());
    for bad in ["", " CP", "CP 1", "桩", "a\n", "a/b", &"x".repeat(65)] {
        assert!(ChargePointId::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_tag_is_cleaned_of_padding() {
    let clean = |raw: &str| IdTag::clean(raw).map(String::from);
    let tag = |text: &str| Some(text.to_owned());
    assert_eq!(clean("04A2B3\0\0\0"), tag("04A2B3"));
    assert_eq!(clean(" 04A2B3 \r\n\0"), tag("04A2B3"));
    assert_eq!(clean("04\u{7}A2"), tag("04A2"));
    assert_eq!(clean("3f2504e0-4f89-11d3-9a0c-0305e82c3301"), tag("3f2504e0-4f89-11d3-9a0c-0305e82c3301"));
    assert_eq!(clean(&"x".repeat(255)), tag(&"x".repeat(255)));
    assert_eq!(clean(&"x".repeat(256)), None);
    assert_eq!(clean("\0\0 "), None);
}

#[test]
fn only_plain_integers_count_as_integers() {
    let integer = |raw: &str| TransactionId::parse(raw).unwrap().as_integer();
    assert_eq!(integer("634"), Some(634));
    assert_eq!(integer("0634"), None);
    assert_eq!(integer("+5"), None);
    assert_eq!(integer("TXN12345"), None);
}

#[test]
fn a_mask_shows_the_end_of_a_long_token_only() {
    let masked = |raw: &str| String::from(IdTag::parse(raw).unwrap().masked());
    assert_eq!(masked("04E91C5A2B3C80"), "****C80");
    assert_eq!(masked("A1B2C3D4"), "****3D4");
    assert_eq!(masked("A1B2C3D"), "****", "at least five characters stay hidden");
    assert_eq!(masked("7"), "****");
    assert_eq!(masked("人民广场充电卡号一二"), "****号一二");
    assert!(IdTag::parse(&masked(&"x".repeat(255))).is_ok());
}
