use super::*;
use ConnectorStatus::{Available, Charging, Faulted, Finishing, Preparing, SuspendedEV};
use proptest::prelude::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn trail(reports: &[(i64, ConnectorStatus)]) -> StatusTrail {
    let mut trail = StatusTrail::default();
    for (seconds, status) in reports {
        trail.add(at(*seconds), *status);
    }
    trail
}

fn began_by(trail: &StatusTrail, seconds: i64) -> Option<DateTime<Utc>> {
    trail.began_by(at(seconds)).map(|begin| begin.at)
}

#[test]
fn a_connector_charges_since_the_first_status_of_its_charge() {
    let charged = trail(&[(1, Charging), (3, SuspendedEV), (5, Finishing), (9, Available), (12, Charging)]);
    assert_eq!(charged.charging_by(at(0)), None);
    assert_eq!(charged.charging_by(at(4)), Some(at(1)), "no status shows that the connector was free before");
    assert_eq!(charged.charging_by(at(8)), Some(at(1)), "the latest charge");
    assert_eq!((charged.charging_by(at(10)), charged.began_by(at(10))), (None, None));
    assert_eq!(charged.charging_by(at(12)), Some(at(12)));
}

#[test]
fn a_charge_begins_when_a_ready_connector_charges() {
    let charged = trail(&[(1, Available), (2, Preparing), (3, Charging), (9, SuspendedEV), (10, Charging)]);
    assert_eq!(began_by(&charged, 10), Some(at(3)), "a pause is not a beginning");
    assert_eq!(began_by(&charged, 2), None);
    let again = trail(&[(2, Preparing), (3, Charging), (5, Finishing), (7, Preparing), (8, Charging)]);
    assert_eq!((began_by(&again, 8), began_by(&again, 7)), (Some(at(8)), Some(at(3))));
    assert_eq!(began_by(&trail(&[(3, Charging)]), 9), None, "the earlier status is unknown");
    assert_eq!(
        began_by(&trail(&[(2, Faulted), (3, Charging)]), 9),
        None,
        "the connector may have charged before"
    );
}

#[test]
fn reports_of_one_instant_are_in_the_order_of_a_charge() {
    assert_eq!(began_by(&trail(&[(3, Charging), (3, Preparing)]), 3), Some(at(3)));
}

#[test]
fn dropped_marks_leave_the_last_beginning() {
    let mut long = trail(&[(1, Preparing), (2, Charging)]);
    for hour in [2, 4, 6, 8, 10] {
        long.add(at(hour * 3_600), SuspendedEV);
        long.add(at(hour * 3_600 + 1), Charging);
    }
    assert!(long.marks.len() <= 3, "{long:?}");
    let begin = ChargeBegin { at: at(2), ready_at: Some(at(1)) };
    assert_eq!(long.began_by(at(36_001)), Some(begin));
    assert!(!long.covers(at(3)) && long.covers(at(36_000)));
    long.add(at(1), Faulted);
    assert_eq!(began_by(&long, 36_001), Some(at(2)), "too late to change the result");
    let mut many = StatusTrail::default();
    (0..1_000).for_each(|n| many.add(at(n), if n % 2 == 0 { Preparing } else { Charging }));
    assert_eq!((many.marks.len(), began_by(&many, 2_000)), (MAX_MARKS, Some(at(999))));
}

#[test]
fn a_cut_trail_keeps_its_first_report() {
    let mut long = trail(&[(100, Preparing), (4_000, Charging), (8_000, Charging)]);
    assert!(long.cut && long.had_reported_by(at(100)) && !long.had_reported_by(at(99)), "{long:?}");
    long.add(at(50), Available);
    assert!(long.had_reported_by(at(50)) && !long.had_reported_by(at(49)));
    let earlier_release = StatusTrail { since: None, ..long };
    assert!(earlier_release.had_reported_by(at(0)), "the connector may have reported");
}

type Reports = Vec<(i64, ConnectorStatus)>;

fn reports() -> impl Strategy<Value = (Reports, Reports)> {
    let report = (0..20_i64, prop::sample::select(ConnectorStatus::ALL.to_vec()));
    prop::collection::vec(report, 0..=MAX_MARKS)
        .prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_order_of_arrival_and_copies_make_no_difference((clean, shuffled) in reports(), by in 0..20_i64) {
        let (clean, mut other) = (trail(&clean), trail(&shuffled));
        for (seconds, status) in &shuffled {
            other.add(at(*seconds), *status);
        }
        prop_assert_eq!(clean.began_by(at(by)), other.began_by(at(by)));
    }

    #[test]
    fn a_trail_survives_serialization((clean, _) in reports()) {
        let trail = trail(&clean);
        let written = serde_json::to_string(&trail).unwrap();
        prop_assert_eq!(serde_json::from_str::<StatusTrail>(&written).unwrap(), trail);
    }
}
