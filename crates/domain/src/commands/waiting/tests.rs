use super::*;
use crate::ids::{ChargePointId, ConnectorId, SessionId};
use crate::sessions::session::{SessionState, StartedBy};
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn session(transaction: Option<&str>, ended: Option<i64>) -> ChargingSession {
    ChargingSession {
        id: SessionId(Uuid::from_u128(7)),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        connector_id: ConnectorId::parse(1).unwrap(),
        transaction_id: transaction.map(|raw| TransactionId::parse(raw).unwrap()),
        id_tag: None,
        reservation_id: None,
        started_at: at(0),
        meter_start_wh: None,
        command_id: None,
        started_by: StartedBy::Event,
        state: ended.map_or(SessionState::Open, |seconds| SessionState::Ended {
            at: at(seconds),
            reason: None,
            meter_stop_wh: None,
        }),
    }
}

#[test]
fn a_stop_is_sent_once_the_transaction_id_is_known() {
    let outcome = |session: &ChargingSession| WaitOutcome::of(Some(session), at(60), at(10));
    assert_eq!(outcome(&session(None, None)), WaitOutcome::Wait);
    let id = TransactionId::parse("634").unwrap();
    assert_eq!(outcome(&session(Some("634"), None)), WaitOutcome::Release(id));
}

#[test]
fn the_end_of_the_session_ends_the_wait() {
    for (transaction, now) in [(None, 10), (Some("634"), 10), (None, 70)] {
        let ended = session(transaction, Some(9));
        assert_eq!(WaitOutcome::of(Some(&ended), at(60), at(now)), WaitOutcome::End(WaitEnd::SessionEnded));
    }
    assert_eq!(WaitOutcome::of(None, at(60), at(10)), WaitOutcome::End(WaitEnd::SessionWithdrawn));
}

#[test]
fn an_expired_stop_is_not_sent() {
    for transaction in [None, Some("634")] {
        let open = session(transaction, None);
        let outcome = |now| WaitOutcome::of(Some(&open), at(60), at(now));
        assert_eq!(outcome(60), WaitOutcome::End(WaitEnd::TimedOut));
        assert_ne!(outcome(59), WaitOutcome::End(WaitEnd::TimedOut));
    }
}
