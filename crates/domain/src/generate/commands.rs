//! Commands that are sent to the device during a generated log.

use super::{at, device};
use crate::commands::{CommandKind, CommandLife, CommandRecord, Step};
use crate::ids::{CommandId, ConnectorId, GatewayId, IdTag, PileId, TransactionId};
use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

/// The maximum number of commands that are pending at once.
const MAX_COMMANDS: usize = 3;

fn kind() -> impl Strategy<Value = CommandKind> {
    let connector = proptest::option::of((1..=2_i64).prop_map(|id| ConnectorId::parse(id).unwrap()));
    let start = (0..2_u8, connector).prop_map(|(driver, connector_id)| CommandKind::StartTransaction {
        id_tag: IdTag::parse(&format!("TAG-{driver}")).unwrap(),
        connector_id,
    });
    let stop = prop_oneof![1..=4_u16, 700..=702_u16].prop_map(|id| CommandKind::StopTransaction {
        transaction_id: TransactionId::parse(&id.to_string()).unwrap(),
    });
    prop_oneof![3 => start, 1 => stop]
}

/// Published starts and stops, each with an id of its own, issued at instants of the generated
/// logs.
pub fn pending_commands() -> impl Strategy<Value = Vec<CommandRecord>> {
    let issued_at = (0..40_i64, prop_oneof![Just(1), Just(10_000), Just(45_000)]);
    let command = (kind(), issued_at.prop_map(|(gaps, unit)| gaps * unit));
    proptest::collection::vec(command, 0..=MAX_COMMANDS).prop_map(|commands| {
        let numbered = (1..).zip(commands);
        numbered.map(|(number, (kind, issued_at))| record(number, &kind, issued_at)).collect()
    })
}

fn record(number: u128, kind: &CommandKind, issued_at: i64) -> CommandRecord {
    let mut life = CommandLife::accepted(at(issued_at));
    life.apply(at(issued_at), Step::Published { offset: 1 });
    CommandRecord {
        id: CommandId(Uuid::from_u128(number)),
        pile_id: PileId(Uuid::from_u128(1)),
        charge_point_id: device(),
        name: kind.name().to_owned(),
        goal: kind.goal(None),
        gateway_id: GatewayId::parse("pod-0").unwrap(),
        route: None,
        issued_by: None,
        issued_at: at(issued_at),
        expires_at: at(issued_at) + TimeDelta::seconds(60),
        life,
    }
}
