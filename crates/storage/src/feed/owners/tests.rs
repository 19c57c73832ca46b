use super::*;
use domain::feed::{AssetAction, BindingAction, PileChanged, StationChanged, TariffBindingChanged};
use domain::ids::{BindingId, ChargePointId, PileId, StationId, TariffId};
use domain::text::Label;

fn change(kind: FeedKind) -> FeedChange {
    FeedChange { subject: FeedSubject::Tariff(TariffId(Uuid::nil())), at: DateTime::UNIX_EPOCH, kind }
}

fn station() -> FeedKind {
    FeedKind::StationChanged(StationChanged {
        station_id: StationId(Uuid::nil()),
        action: AssetAction::Created,
        version: 1,
    })
}

fn pile() -> FeedKind {
    FeedKind::PileChanged(PileChanged {
        pile_id: PileId(Uuid::max()),
        station_id: StationId(Uuid::nil()),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        action: AssetAction::Created,
        version: 1,
    })
}

fn binding(subject: Subject) -> FeedKind {
    FeedKind::TariffBindingChanged(TariffBindingChanged {
        binding_id: BindingId(Uuid::nil()),
        action: BindingAction::Made,
        tariff_id: TariffId(Uuid::nil()),
        subject,
        effective_from: DateTime::UNIX_EPOCH,
        effective_until: None,
    })
}

fn connectivity() -> FeedKind {
    FeedKind::ConnectivityChanged(domain::feed::ConnectivityChanged {
        online: true,
        gateway_id: None,
        confidence: domain::devices::presence::Confidence::Live,
    })
}

#[test]
fn chunks_of_events_store_no_operator() {
    assert_eq!(of_chunk(&[change(connectivity()), change(connectivity())]), None);
    let mixed = of_chunk(&[change(connectivity()), change(station())]).unwrap();
    assert_eq!(mixed, json!([null, { "station": Uuid::nil() }]));
}

#[test]
fn a_change_of_an_asset_belongs_to_the_operator_of_its_station() {
    let of_station = json!({ "station": Uuid::nil() });
    assert_eq!((source(&station()), source(&pile())), (Some(of_station.clone()), Some(of_station.clone())));
    let station_id = StationId(Uuid::nil());
    assert_eq!(source(&binding(Subject::Station { station_id })), Some(of_station));
    let pile_id = PileId(Uuid::max());
    assert_eq!(source(&binding(Subject::Pile { pile_id })), Some(json!({ "pile": Uuid::max() })));
    let operator_id = Label::parse("op-1").unwrap();
    assert_eq!(source(&binding(Subject::Operator { operator_id })), Some(json!({ "operator": "op-1" })));
    assert_eq!(source(&binding(Subject::Platform)), Some(json!({ "operator": "" })));
}

#[test]
fn changes_without_a_known_operator_are_for_unbound_callers_only() {
    let bound = OperatorBound::Only(["op-1".to_owned()].into());
    let stored = |stored| match owner(&change(station()), stored) {
        Found::Owner(owner) => owner,
        Found::At(..) | Found::Outage(_) => panic!("the operator of a station is stored"),
    };
    assert!(stored(Some("op-1")).is_within(&bound));
    assert!(!stored(Some("op-2")).is_within(&bound));
    assert!(stored(Some("")).is_within(&bound), "it concerns all operators");
    assert!(!stored(None).is_within(&bound) && stored(None).is_within(&OperatorBound::All));
}
