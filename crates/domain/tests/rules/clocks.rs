//! Wrong clocks, late gateways and copies: the reported state and the connectivity of a device.

use crate::device::{Device, at, status};
use chrono::TimeDelta;
use domain::devices::charge_point::{Ignored, Outcome};
use domain::devices::liveness::DisconnectionCause;
use domain::devices::presence::{SilenceEvidence, SilenceTimeouts, Verdict};
use domain::event::{BootReport, EventKind};
use domain::ids::GatewayId;
use domain::order::{AppendClock, RecordPosition};
use domain::status::ConnectorStatus::{Available, Charging, Finishing, Preparing, Unavailable};
use proptest::collection::vec;
use proptest::prelude::*;

const GONE: EventKind = EventKind::Disconnected { reason: None };
const PATIENCE: SilenceTimeouts =
    SilenceTimeouts { timeout: TimeDelta::seconds(20), answer: TimeDelta::seconds(5), probing: false };

/// The deviations of clocks, in seconds.
const SKEWS: [i64; 9] = [-86_400, -3_600, -900, -61, -20, -2, 20, 60, 2_400];

fn is_silent_at(device: &Device, seconds: i64) -> bool {
    device.state.liveness.judge(at(seconds), &PATIENCE, &SilenceEvidence::default()) != Verdict::Waits
}

#[test]
fn a_device_is_online_regardless_of_its_clock() {
    for skew in SKEWS {
        let mut device = Device::new();
        device.report(0, "a", EventKind::Heartbeat);
        for seconds in (3..120).step_by(3) {
            let heard =
                device.report_claiming(Some(at(seconds + skew)), at(seconds), "a", EventKind::Heartbeat);
            assert_eq!(heard, Outcome::Applied, "{skew} s");
            assert!(!is_silent_at(&device, seconds + 3), "{skew} s");
        }
        assert_eq!(device.state.liveness.last_seen_at, at(117));
        assert_eq!(device.state.liveness.last_heartbeat_at, Some(at(117)));
        assert!(!is_silent_at(&device, 137) && is_silent_at(&device, 138), "{skew} s");
    }
}

#[test]
fn disconnections_and_signs_of_life_are_in_the_order_of_their_records() {
    for skew in SKEWS {
        let mut device = Device::new();
        device.report(0, "a", EventKind::Heartbeat);
        device.report(10, "a", GONE);
        device.report_claiming(Some(at(12 + skew)), at(12), "a", EventKind::Connected(BootReport::default()));
        assert!(device.state.liveness.online(), "{skew} s: it is back");
        device.report_claiming(Some(at(15 + skew)), at(15), "a", GONE);
        assert!(!device.state.liveness.online(), "{skew} s: it is gone");
        device.report(18, "a", EventKind::Heartbeat);
        assert!(device.state.liveness.online(), "{skew} s: it is back again");
    }
}

#[test]
fn a_replayed_record_takes_no_device_online() {
    let mut device = Device::new();
    device.report(0, "a", EventKind::Heartbeat);
    device.report(5, "a", GONE);
    device.report(4, "a", EventKind::Heartbeat);
    assert!(!device.state.liveness.online(), "it was appended before the disconnection");
    device.offset = 0;
    assert_eq!(device.report(0, "a", EventKind::Heartbeat), Outcome::Ignored(Ignored::Stale));
    assert!(!device.state.liveness.online());
}

#[test]
fn every_copy_of_a_sign_of_life_counts() {
    let mut device = Device::new();
    for seconds in (0..120).step_by(3) {
        device.offset = 0;
        device.partition = i32::try_from(seconds).unwrap();
        device.report_claiming(None, at(seconds), "a", EventKind::Heartbeat);
        assert!(!is_silent_at(&device, seconds + 3));
    }
    assert_eq!(device.state.liveness.last_seen_at, at(117));
    device.state.liveness.fall_silent(at(138), &PATIENCE, &SilenceEvidence::default());
    assert!(!device.state.liveness.online());
    device.offset = 0;
    device.report_claiming(None, at(140), "a", EventKind::Heartbeat);
    assert!(device.state.liveness.online(), "any record ends the silence");
    assert!(
        device.state.liveness.disconnections.iter().all(|held| held.cause == DisconnectionCause::Reported)
    );
}

#[test]
fn a_copy_of_a_disconnection_takes_no_device_offline() {
    let mut device = Device::new();
    device.report(0, "a", EventKind::Heartbeat);
    device.report(5, "a", GONE);
    device.report(8, "a", EventKind::Connected(BootReport::default()));
    device.offset = 1;
    assert_eq!(device.report_claiming(Some(at(5)), at(11), "a", GONE), Outcome::Ignored(Ignored::Duplicate));
    assert!(device.state.liveness.online());
}

#[test]
fn a_late_copy_from_the_former_gateway_does_not_move_the_device_back() {
    let mut device = Device::new();
    device.report(0, "a", EventKind::Heartbeat);
    device.report(5, "b", EventKind::Connected(BootReport::default()));
    device.offset = 0;
    device.partition = 1;
    device.report_claiming(Some(at(0)), at(8), "a", EventKind::Heartbeat);
    assert_eq!(device.state.liveness.gateway(), GatewayId::parse("b").ok().as_ref());
    assert_eq!(device.state.liveness.last_seen_at, at(8));
    device.offset = 10;
    device.report(9, "a", GONE);
    assert!(device.state.liveness.online(), "the disconnection is from a gateway that the device has left");
    device.report(12, "b", GONE);
    assert!(!device.state.liveness.online());
}

#[test]
fn setting_a_clock_hides_no_status() {
    for skew in [-60, -20, -1, 20, 60, 2_400, 86_400] {
        let mut device = Device::new();
        device.report(100, "a", status(1, Available));
        device.report_claiming(Some(at(103 + skew)), at(103), "a", status(1, Charging));
        assert_eq!(device.status(1), Charging, "{skew} s");
        device.report(106, "a", status(1, Available));
        assert_eq!(device.status(1), Available, "{skew} s");
    }
}

#[test]
fn setting_a_clock_back_does_not_reverse_the_history() {
    let mut device = Device::new();
    let shown = [(100, 100), (83, 103), (90, 110), (130, 130)].map(|(claimed, appended)| {
        let word = if appended % 20 == 10 { Available } else { Charging };
        device.report_claiming(Some(at(claimed)), at(appended), "a", status(1, word));
        device.state.connectors.values().next().unwrap().status.as_ref().unwrap().at()
    });
    assert_eq!(shown, [at(100), at(100), at(100), at(130)]);
}

#[test]
fn a_status_that_waited_for_a_long_time_is_late() {
    let mut device = Device::new();
    device.report(1_000, "b", status(1, Charging));
    let late = device.report_claiming(Some(at(900)), at(1_010), "a", status(1, Available));
    assert_eq!(late, Outcome::Ignored(Ignored::Stale));
    assert_eq!(device.status(1), Charging);
}

#[test]
fn a_gateway_that_catches_up_keeps_the_order_of_its_statuses() {
    let lags = [0, 20, 45, 59, 61, 90, 150, 300, 280, 100, 61, 59, 30, 0];
    let words = [Available, Preparing, Charging, Finishing];
    let mut device = Device::new();
    for (step, lag) in (0..).zip(lags) {
        // Regardless of how fast the lag decreases, a record is appended after the one before.
        let claimed = step * 200;
        let word = words[usize::try_from(step).unwrap() % words.len()];
        device.report_claiming(Some(at(claimed)), at(claimed + lag), "a", status(1, word));
        assert_eq!(device.status(1), word, "{lag} s behind");
    }
    for (step, lag) in (0..).zip(50..80) {
        let word = words[usize::try_from(step).unwrap() % words.len()];
        device.report_claiming(Some(at(10_000 + step)), at(10_000 + step + lag), "a", status(1, word));
        assert_eq!(device.status(1), word, "{lag} s behind");
    }
}

#[test]
fn statuses_of_one_instant_or_of_none_each_take_effect() {
    for claims in [[Some(0); 4], [None; 4], [Some(-20), Some(0), Some(-20), Some(-40)]] {
        let mut device = Device::new();
        for (seconds, (claim, word)) in
            (0..).zip(claims.into_iter().zip([Charging, Available, Charging, Available]))
        {
            let outcome = device.report_claiming(claim.map(at), at(seconds), "a", status(1, word));
            assert_eq!((outcome, device.status(1)), (Outcome::Applied, word), "{claims:?}");
        }
    }
}

#[test]
fn within_one_millisecond_the_greater_offset_is_newer() {
    let mut device = Device::new();
    device.report_claiming(Some(at(0)), at(0), "a", status(1, Available));
    device.report_claiming(Some(at(-20)), at(0), "a", status(1, Charging));
    assert_eq!(device.status(1), Charging);
}

#[test]
fn a_late_copy_hides_no_later_status() {
    for delay in [1, 30, 59, 600] {
        let mut device = Device::new();
        device.report(100, "a", status(1, Charging));
        device.report(101, "a", status(1, Unavailable));
        device.offset = 0;
        let copy = device.report_claiming(Some(at(100)), at(101 + delay), "a", status(1, Charging));
        assert!(matches!(copy, Outcome::Ignored(_)), "{delay} s");
        assert_eq!(device.status(1), Unavailable, "{delay} s");
    }
}

#[test]
fn a_record_from_the_future_has_the_time_of_reading() {
    let mut clock = AppendClock::default();
    let mut device = Device::new();
    let mut report = |device: &mut Device, read_at, skew, word| {
        device.offset += 1;
        let appended_at = clock.appended_at(at(read_at + skew), at(read_at));
        let position = RecordPosition { partition: 0, offset: device.offset, appended_at };
        device.apply(Some(at(read_at + skew)), &position, "a", status(1, word))
    };
    report(&mut device, 10, 2_400, Charging);
    assert_eq!(device.state.liveness.last_seen_at, at(10));
    report(&mut device, 10, 0, Available);
    assert_eq!(device.status(1), Available, "it was read in the same instant");
    report(&mut device, 12, 2_400, Charging);
    report(&mut device, 15, 0, Available);
    assert_eq!(device.status(1), Available);
    assert!(!is_silent_at(&device, 35) && is_silent_at(&device, 36));
}

proptest! {
    /// During an outage of the broker gateways hold records back, and the partition may have been
    /// read to its end meanwhile.
    #[test]
    fn records_sent_in_order_have_append_times_in_order(
        records in vec((0..20_000_i64, 0..60_000_i64, any::<bool>()), 1..30),
    ) {
        let mut clock = AppendClock::default();
        let (mut sent_ms, mut read_ms, mut previous) = (0, 0, None);
        for (pause, delay, caught_up) in records {
            if caught_up {
                clock.caught_up(at(0) + TimeDelta::milliseconds(read_ms));
            }
            sent_ms += pause;
            read_ms = read_ms.max(sent_ms + delay);
            let time = |millis| at(0) + TimeDelta::milliseconds(millis);
            let appended_at = clock.appended_at(time(sent_ms), time(read_ms));
            prop_assert!(previous.is_none_or(|previous| previous <= appended_at));
            previous = Some(appended_at);
        }
    }
}
