use super::*;
use crate::ids::{ChargePointId, ConnectorId, SessionId};
use crate::sessions::session::{SessionState, StartedBy};
use proptest::prelude::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn read(registers: &mut Registers, transaction: &str, seconds: i64, wh: f64) {
    registers.offer(TransactionId::parse(transaction).ok().as_ref(), Dated { at: at(seconds), value: wh });
}

fn newest(registers: &Registers) -> Option<(i64, f64)> {
    registers.newest().map(|newest| ((newest.at - at(0)).num_seconds(), newest.value))
}

#[test]
fn a_register_only_grows_within_a_transaction() {
    let mut registers = Registers::default();
    read(&mut registers, "700", 1, 1_150.0);
    read(&mut registers, "700", 2, 60.0);
    assert_eq!(newest(&registers), Some((2, 1_150.0)), "a power reported as an energy");
    read(&mut registers, "700", 3, 1_160.0);
    assert_eq!(newest(&registers), Some((3, 1_160.0)));
    read(&mut registers, "701", 4, 0.0);
    assert_eq!(newest(&registers), Some((4, 0.0)), "some meters restart at zero");
    read(&mut registers, "", 5, 7.0);
    read(&mut registers, "", 6, 5.0);
    assert_eq!(newest(&registers), Some((6, 5.0)), "the transaction is unknown");
}

#[test]
fn a_session_ignores_registers_of_other_transactions_and_earlier_times() {
    let mut session = ChargingSession {
        id: SessionId(uuid::Uuid::nil()),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        connector_id: ConnectorId::parse(1).unwrap(),
        transaction_id: TransactionId::parse("701").ok(),
        id_tag: None,
        reservation_id: None,
        command_id: None,
        started_at: at(10),
        meter_start_wh: None,
        started_by: StartedBy::Event,
        state: SessionState::Open,
    };
    let mut registers = Registers::default();
    let shown = |registers: &Registers, session: &ChargingSession| {
        registers.of_session(session).map(|shown| shown.value)
    };
    read(&mut registers, "", 9, 1.0);
    assert_eq!(shown(&registers, &session), None);
    read(&mut registers, "701", 11, 2.0);
    read(&mut registers, "700", 12, 9_000_000.0);
    assert_eq!(shown(&registers, &session), Some(2.0));
    read(&mut registers, "", 13, 3.0);
    assert_eq!(
        shown(&registers, &session),
        Some(3.0),
        "a reading without a transaction may belong to the session"
    );
    session.transaction_id = None;
    read(&mut registers, "700", 14, 9_000_001.0);
    assert_eq!(shown(&registers, &session), Some(9_000_001.0), "its id may not be known yet");
}

#[test]
fn a_stored_register_belongs_to_the_current_transaction() {
    let newest_at = |seconds| Some(Dated { at: at(seconds), value: 1_150.0 });
    let sighted = Dated { at: at(1), value: TransactionId::parse("700").unwrap() };
    for (read_at, expected) in [(1, 1_150.0), (0, 60.0)] {
        let mut registers = Registers::restore(None, newest_at(read_at), Some(&sighted));
        read(&mut registers, "700", 2, 60.0);
        assert_eq!(newest(&registers), Some((2, expected)), "read at {read_at}");
    }
    let mut stored = Registers::default();
    read(&mut stored, "700", 1, 1_150.0);
    read(&mut stored, "701", 2, 5.0);
    let written = serde_json::to_string(&stored).unwrap();
    let restored = serde_json::from_str(&written).unwrap();
    assert_eq!(Registers::restore(Some(restored), stored.newest(), None), stored);
    let replaced = Registers::restore(Some(stored), newest_at(3), None);
    assert_eq!(newest(&replaced), Some((3, 1_150.0)), "an earlier release wrote it");
}

proptest! {
    #[test]
    fn the_order_of_arrival_and_copies_make_no_difference(
        (clean, shuffled) in prop::collection::vec((0..5_u8, 0..60_i64, 0..20_u8), 0..15)
            .prop_flat_map(|readings| (Just(readings.clone()), Just(readings).prop_shuffle())),
    ) {
        let registers = |readings: &[(u8, i64, u8)]| {
            let mut registers = Registers::default();
            for (transaction, seconds, wh) in readings {
                let id = transaction.checked_sub(1).map(|id| id.to_string()).unwrap_or_default();
                read(&mut registers, if id == "0" { "9" } else { &id }, *seconds, f64::from(*wh));
            }
            registers
        };
        let twice = [shuffled.clone(), shuffled].concat();
        prop_assert_eq!(registers(&clean), registers(&twice));
    }
}
