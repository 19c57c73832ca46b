use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;

proptest! {
    #[test]
    fn decodes_versions_and_distances_as_they_were_encoded(version: i64, distance in 0.0..3.0_f64, id: u128) {
        prop_assert_eq!(ByVersion::decode(&ByVersion(version).to_string()), Some(ByVersion(version)));
        let place = ByDistance { distance, id: Uuid::from_u128(id) };
        prop_assert_eq!(ByDistance::decode(&place.to_string()), Some(place));
        prop_assert_eq!(ByVersion::decode(&place.to_string()), None);
    }

    #[test]
    fn decodes_names_and_times_as_they_were_encoded(name in "[A-Za-z0-9._:@*+=|-]{1,64}", micros in 0..4_000_000_000_000_000_i64) {
        prop_assert_eq!(ByName::decode(&ByName(name.clone()).to_string()), Some(ByName(name)));
        let time = ByTime(DateTime::from_timestamp_micros(micros).unwrap());
        prop_assert_eq!(ByTime::decode(&time.to_string()), Some(time));
        prop_assert_eq!(ByVersion::decode(&time.to_string()), None);
    }

    #[test]
    fn decodes_records_as_they_were_encoded(micros in 0..4_000_000_000_000_000_i64, number in 0..i32::MAX) {
        let noted_at = DateTime::from_timestamp_micros(micros).unwrap();
        let place = ByRecording { noted_at, number };
        prop_assert_eq!(ByRecording::decode(&place.to_string()), Some(place));
        prop_assert_eq!(ByTime::decode(&place.to_string()), None);
    }

    #[test]
    fn decodes_edits_as_they_were_encoded(
        micros in 0..4_000_000_000_000_000_i64, id: u128, version: i64, byte in 0..33_usize,
    ) {
        let at = DateTime::from_timestamp_micros(micros).unwrap();
        let place = ByEdit(TrailPosition { at, id: Uuid::from_u128(id), version });
        prop_assert_eq!(ByEdit::decode(&place.to_string()), Some(place));
        let mut bytes = URL_SAFE_NO_PAD.decode(place.to_string()).unwrap();
        bytes[byte] ^= 1;
        prop_assert_ne!(ByEdit::decode(&URL_SAFE_NO_PAD.encode(bytes)), Some(place));
    }

    #[test]
    fn decodes_groups_as_they_were_encoded(id: u128, number in 0..=1_000_i64, operator in "[a-z运营商 ]{0,9}x") {
        let (id, connector) = (Uuid::from_u128(id), ConnectorId::parse(number).unwrap());
        let keys = [
            GroupKey::Connector(PileId(id), connector),
            GroupKey::Pile(PileId(id)),
            GroupKey::Station(StationId(id)),
            GroupKey::Operator(Label::parse(&operator).unwrap()),
        ];
        for key in keys {
            let text = ByGroup(key.clone()).to_string();
            prop_assert_eq!(ByGroup::decode(&text), Some(ByGroup(key)));
            prop_assert_eq!(ByName::decode(&text), None);
        }
    }

    #[test]
    fn decodes_periods_as_they_were_encoded(
        days in 1..3_000_000_i32, id: u128, operator in "|[a-z运营商 ]{0,9}x", grouping in 0..3_usize, has_price: bool,
    ) {
        let position = RevenuePosition {
            starts_on: NaiveDate::from_num_days_from_ce_opt(days).unwrap(),
            operator_id: operator.trim().to_owned(),
            station_id: Uuid::from_u128(id),
            currency: if has_price { "CNY" } else { "" }.to_owned(),
        };
        let cursor = ByPeriod { grouping: RevenueGrouping::ALL[grouping], position };
        let text = cursor.to_string();
        prop_assert_eq!(ByPeriod::decode(&text), Some(cursor));
        prop_assert_eq!(ByGroup::decode(&text), None);
    }

    #[test]
    fn refuses_text_of_another_length(bytes: Vec<u8>, text: String) {
        prop_assume!(![9, 13, 25, 33].contains(&bytes.len()));
        for text in [URL_SAFE_NO_PAD.encode(bytes), text] {
            prop_assert_eq!(ByVersion::decode(&text), None);
            prop_assert_eq!(ByDistance::decode(&text), None);
            prop_assert_eq!(ByTime::decode(&text), None);
            prop_assert_eq!(ByRecording::decode(&text), None);
            prop_assert_eq!(ByEdit::decode(&text), None);
        }
    }
}

#[test]
fn refuses_other_layouts_and_invalid_values() {
    let text = URL_SAFE_NO_PAD.encode([1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ByVersion::decode(&text), None);
    assert_eq!(ByTime::decode(&ByTime(DateTime::UNIX_EPOCH - TimeDelta::seconds(1)).to_string()), None);
    assert_eq!(ByName::decode(&ByName("CP 1".to_owned()).to_string()), None);
    let never = ByRecording { noted_at: DateTime::UNIX_EPOCH, number: -1 };
    assert_eq!(ByRecording::decode(&never.to_string()), None);
    let early = DateTime::UNIX_EPOCH - TimeDelta::seconds(1);
    let early = ByEdit(TrailPosition { at: early, id: Uuid::nil(), version: 1 });
    assert_eq!(ByEdit::decode(&early.to_string()), None);
    assert_eq!(ByGroup::decode(&URL_SAFE_NO_PAD.encode([BY_GROUP, b'p', 1])), None);
    assert_eq!(ByGroup::decode(&URL_SAFE_NO_PAD.encode([BY_GROUP, b'x'])), None);
    let mut period = vec![BY_PERIOD, b't', 0, 0, 0, 1];
    period.extend([7; 16]);
    for (rest, is_valid) in
        [("CNY", true), ("\0\0\0op", true), ("XXQ", false), ("CNYa\0", false), ("CN", false)]
    {
        let text = URL_SAFE_NO_PAD.encode([period.as_slice(), rest.as_bytes()].concat());
        assert_eq!(ByPeriod::decode(&text).is_some(), is_valid, "{rest:?}");
    }
    period[5] = 0;
    assert_eq!(ByPeriod::decode(&URL_SAFE_NO_PAD.encode([period.as_slice(), b"CNY"].concat())), None);
    let nowhere = ByDistance { distance: f64::NAN, id: Uuid::nil() };
    assert_eq!(ByDistance::decode(&nowhere.to_string()), None);
}
