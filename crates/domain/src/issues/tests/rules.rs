//! Each rule opens its issue and closes it with proof.

use super::fixture::*;
use crate::feed::{AssetAction, FeedKind};
use crate::issues::Cause::*;
use crate::issues::TransitionKind::{Closed, Opened, Recurred};
use crate::issues::{Period, Seen};
use crate::status::ConnectorStatus::{Available, Charging, Faulted};
use serde_json::json;

#[test]
fn a_fault_is_one_issue_until_the_connector_is_well() {
    let mut run = Run::default();
    run.pass(
        &[status(at(0), Faulted, Some("GroundFailure")), status(at(10), Faulted, Some("GroundFailure"))],
        None,
    );
    run.pass(&[status(at(20), Faulted, Some("OverVoltage")), status(at(30), Available, None)], None);
    assert_eq!(run.seen(), [(Fault, Opened, 0), (Fault, Recurred, 20), (Fault, Closed, 30)]);
    assert_eq!(
        run.transitions[2].fact.seen,
        Seen::Status { status: Available, error_code: None, vendor_error_code: None }
    );
    assert!(run.transitions.iter().all(|step| step.issue == run.transitions[0].issue));
    assert_eq!(run.stored(), 0);
}

#[test]
fn an_ignored_code_is_no_fault_and_another_one_is() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Available, Some("OtherError"))], None);
    assert_eq!(run.seen(), []);
    run.pass(&[status(at(1), Charging, Some("HighTemperature"))], None);
    assert_eq!(run.seen(), [(Fault, Opened, 1)]);
}

#[test]
fn a_device_that_is_back_in_time_is_no_issue() {
    let mut run = Run::default();
    run.pass(&[connectivity(at(0), false), connectivity(at(299), true)], Some(at(10_000)));
    assert_eq!(run.seen(), []);
    run.pass(&[connectivity(at(20_000), false)], Some(at(20_299)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(20_300))).pass(&[connectivity(at(21_000), true)], None);
    assert_eq!(run.seen(), [(Offline, Opened, 20_300), (Offline, Closed, 21_000)]);
}

#[test]
fn flapping_ends_when_the_device_is_quiet() {
    let mut run = Run::default();
    let flaps: Vec<_> = (0..7).map(|number| connectivity(at(number * 60), number % 2 == 0)).collect();
    run.pass(&flaps, Some(at(959))).pass(&[], Some(at(961)));
    assert_eq!(run.seen(), [(Flapping, Opened, 240), (Flapping, Closed, 960)]);
    assert_eq!(run.transitions[1].fact.seen, Seen::Quiet { seconds: 600 });
    assert_eq!(run.stored(), 0, "a quiet device has no row");
}

#[test]
fn changes_that_are_far_apart_are_not_flapping() {
    let mut run = Run::default();
    for number in 0..20 {
        run.pass(&[connectivity(at(number * 250), number % 2 == 0)], Some(at(number * 250 + 1)));
    }
    assert_eq!(run.seen(), []);
}

#[test]
fn an_accepted_start_without_a_session_is_an_issue_until_the_device_charges() {
    let mut run = Run::default();
    run.pass(&[start(at(5), 1, true, None)], Some(at(179)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(180)));
    let open = session(at(500), "charging.session.changed.v1", 9, "open", &json!({}));
    run.pass(&[open], None);
    assert_eq!(run.seen(), [(StartWithoutCharge, Opened, 180), (StartWithoutCharge, Closed, 500)]);
}

#[test]
fn a_start_that_began_a_session_or_was_rejected_is_no_issue() {
    let mut run = Run::default();
    run.pass(&[start(at(5), 1, true, None), start(at(7), 1, true, Some(9))], None);
    run.pass(&[start(at(8), 2, false, None)], Some(at(10_000)));
    assert_eq!(run.seen(), []);
}

#[test]
fn a_stuck_session_ends_with_its_own_end_only() {
    let changed = |seconds, number, phase| {
        session(at(seconds), "charging.session.changed.v1", number, phase, &json!({}))
    };
    let mut run = Run::default();
    run.pass(&[changed(0, 1, "open"), changed(100, 2, "ended")], Some(at(3_600)));
    assert_eq!(run.seen_of(StuckSession), [(StuckSession, Opened, 3_600)]);
    run.pass(&[changed(4_000, 2, "ended")], None);
    assert_eq!(run.seen_of(StuckSession).len(), 1, "another session says nothing about this one");
    run.pass(&[changed(5_000, 1, "ended")], None);
    assert_eq!(run.seen_of(StuckSession)[1], (StuckSession, Closed, 5_000));
}

#[test]
fn receipts_show_missing_energy_and_missing_prices() {
    let mut run = Run::default();
    run.pass(&[settled(at(1_000), 1, 3.0, Some("NO_TARIFF_APPLIES"))], None);
    assert_eq!(run.seen(), [(SessionWithoutEnergy, Opened, 1_000), (PriceGap, Opened, 1_000)]);
    run.pass(&[settled(at(2_000), 2, 9_000.0, None)], None);
    assert_eq!(run.seen()[2..], [(SessionWithoutEnergy, Closed, 2_000), (PriceGap, Closed, 2_000)]);
    run.pass(&[settled(at(200), 3, 3.0, None)], None);
    assert_eq!(run.seen().len(), 4, "a short session may take no energy");
}

#[test]
fn late_statuses_in_a_row_are_a_wrong_clock() {
    use crate::issues::{Evaluation, Maintenance};
    let mut evaluation = Evaluation::new(std::collections::BTreeMap::new(), Maintenance::default());
    let mut apply = |seconds: i64, lag: i64, is_punctual: bool| {
        let change = status(at(seconds - lag), Available, None);
        evaluation
            .apply(&rules(), crate::issues::WrittenChange { is_punctual, ..written(&change, at(seconds)) });
        evaluation.take_transitions().into_iter().map(|step| (step.key.cause, step.kind)).collect::<Vec<_>>()
    };
    for seconds in [1_000, 2_000, 3_000] {
        assert_eq!(apply(seconds, 400, false), [], "the platform is late, not the device");
    }
    assert_eq!((apply(4_000, 400, true), apply(5_000, 0, true)), (vec![], vec![]));
    assert_eq!((apply(6_000, 400, true), apply(7_000, 400, true)), (vec![], vec![]));
    assert_eq!(apply(8_000, 400, true), [(ClockSkew, Opened)]);
    assert_eq!(apply(8_500, 400, false), [], "the platform may be late");
    assert_eq!(apply(9_000, 0, false), [(ClockSkew, Closed)], "it is in time although the platform is late");
}

#[test]
fn maintenance_postpones_an_issue_and_a_repair_prevents_it() {
    let mut run = Run::default();
    run.maintenance.add(device(), Period { from: at(0), until: at(1_000) });
    run.maintenance.add(device(), Period { from: at(900), until: at(2_000) });
    run.pass(&[status(at(100), Faulted, None)], Some(at(1_999)));
    assert_eq!(run.seen(), []);
    run.pass(&[], Some(at(2_000)));
    assert_eq!(run.seen(), [(Fault, Opened, 2_000)], "it is still there after the work");
    run.pass(&[status(at(2_100), Available, None)], None);
    run.maintenance.add(device(), Period { from: at(3_000), until: at(4_000) });
    run.pass(&[status(at(3_100), Faulted, None), status(at(3_200), Available, None)], Some(at(9_000)));
    assert_eq!(run.seen().len(), 2);
}

#[test]
fn a_retired_pile_closes_all_its_issues() {
    let mut run = Run::default();
    run.pass(&[status(at(0), Faulted, None), connectivity(at(0), false)], Some(at(300)));
    let body = crate::feed::PileChanged {
        pile_id: uuid::Uuid::nil().into(),
        station_id: uuid::Uuid::nil().into(),
        charge_point_id: device(),
        action: AssetAction::Retired,
        version: 2,
    };
    run.pass(&[change(at(400), FeedKind::PileChanged(body))], Some(at(10_000)));
    assert_eq!(run.seen()[2..], [(Fault, Closed, 400), (Offline, Closed, 400)]);
    assert_eq!(run.stored(), 0);
}
