use super::*;
use chrono::DateTime;
use domain::commands::{LastHeard, OpenSession, StartInFlight};
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, GatewayId};
use uuid::Uuid;

/// A device that charges on connector 1.
fn charging(online: Option<bool>) -> PileSnapshot {
    let connector_id = ConnectorId::parse(1).unwrap();
    let at = DateTime::UNIX_EPOCH;
    let transaction_id = TransactionId::parse("634").unwrap();
    PileSnapshot {
        pile_id: PileId(Uuid::from_u128(1)),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        online,
        confidence: Confidence::Live,
        heard: Some(LastHeard { gateway_id: GatewayId::parse("gateway-0").unwrap(), at }),
        connectors: vec![
            (connector_id, ConnectorStatus::Charging),
            (ConnectorId::WHOLE, ConnectorStatus::Available),
        ],
        open_sessions: vec![OpenSession {
            id: SessionId(Uuid::from_u128(2)),
            connector_id,
            transaction_id: Some(transaction_id.clone()),
        }],
        sighted: vec![transaction_id],
        starts_in_flight: vec![StartInFlight { command_id: None, connector_id: Some(connector_id) }],
        startable: None,
    }
}

/// What is loaded of `pile` with [`ContextScope::Device`].
fn without_the_rest(pile: PileSnapshot) -> PileSnapshot {
    PileSnapshot {
        connectors: Vec::new(),
        open_sessions: Vec::new(),
        sighted: Vec::new(),
        starts_in_flight: Vec::new(),
        startable: None,
        ..pile
    }
}

fn intents() -> Vec<Intent> {
    let connectors = || [ConnectorId::WHOLE, ConnectorId::parse(1).unwrap(), ConnectorId::parse(2).unwrap()];
    let mut intents = vec![
        Intent::Reset { kind: ResetKind::Soft },
        Intent::TriggerMessage { requested: TriggeredMessage::StatusNotification, connector_id: None },
        Intent::StopTransaction { transaction_id: None, connector_id: None, session_id: None },
        Intent::UnlockConnector { connector_id: ConnectorId::parse(1).unwrap() },
        Intent::StartTransaction {
            id_tag: IdTag::parse("TAG").unwrap(),
            connector_id: None,
            limits: SessionLimits::default(),
        },
    ];
    for connector_id in connectors() {
        let (requested, availability) = (TriggeredMessage::StatusNotification, Availability::Inoperative);
        intents.push(Intent::TriggerMessage { requested, connector_id: Some(connector_id) });
        intents.push(Intent::ChangeAvailability { availability, connector_id });
    }
    intents
}

#[test]
fn the_scope_contains_all_that_the_decision_looks_at() {
    let startable = [ConnectorStatus::Available];
    let mut of_device = 0;
    for intent in intents().into_iter().filter(|intent| intent.scope() == ContextScope::Device) {
        of_device += 1;
        for online in [None, Some(false), Some(true)] {
            let (all, reduced) = (charging(online), without_the_rest(charging(online)));
            let decided = intent.clone().decide(&all, &startable);
            if let Ok(Decision::Send(kind)) = &decided {
                assert_eq!(all.goal_of(kind), reduced.goal_of(kind), "{intent:?}");
            }
            assert_eq!(decided, intent.clone().decide(&reduced, &startable), "{intent:?}");
        }
    }
    assert_eq!(of_device, 4, "resets, messages and availability of the whole device");
}
