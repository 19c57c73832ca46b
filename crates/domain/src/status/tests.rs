use super::ConnectorStatus::*;
use super::*;

fn roll_up(connectors: &[(i64, ConnectorStatus)]) -> PileStatus {
    let connectors = connectors.iter().map(|(id, status)| (ConnectorId::parse(*id).unwrap(), *status));
    PileStatus::roll_up(true, connectors)
}

#[test]
fn a_pile_is_as_good_as_its_best_connector() {
    assert_eq!(roll_up(&[(1, Charging), (2, Available)]), PileStatus::Reported(Available));
    assert_eq!(roll_up(&[(1, Faulted), (2, SuspendedEV)]), PileStatus::Reported(SuspendedEV));
}

#[test]
fn connector_zero_overrules_only_when_out_of_service() {
    assert_eq!(roll_up(&[(0, Faulted), (1, Available)]), PileStatus::Reported(Faulted));
    assert_eq!(roll_up(&[(0, Unavailable), (1, Available)]), PileStatus::Reported(Unavailable));
    assert_eq!(roll_up(&[(0, Available), (1, Charging)]), PileStatus::Reported(Charging));
    assert_eq!(roll_up(&[(0, Available)]), PileStatus::Reported(Available));
}

#[test]
fn never_heard_and_offline_have_their_own_statuses() {
    assert_eq!(roll_up(&[]), PileStatus::Unknown);
    assert_eq!(PileStatus::roll_up(false, [(ConnectorId::WHOLE, Available)]), PileStatus::Offline);
    assert_eq!(PileStatus::of_connector(Some(false), Some(Available)), PileStatus::Offline);
    assert_eq!(PileStatus::of_connector(Some(true), Some(Available)), PileStatus::Reported(Available));
    assert_eq!(PileStatus::of_connector(Some(true), None), PileStatus::Unknown);
    assert_eq!(PileStatus::of_connector(None, None), PileStatus::Unknown);
}

#[test]
fn every_status_parses_back() {
    for status in ConnectorStatus::ALL {
        assert_eq!(ConnectorStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(ConnectorStatus::parse("charging"), None);
}
