//! Arbitrary issues.

use crate::generate::{amount, charge_point_id, connector_id, gateway_id, text, time, uuid};
use domain::commands::CommandState;
use domain::feed::{AssetAction, IssueSnapshot, SessionPhase};
use domain::ids::{CommandId, IssueId, PileId, SessionId, StationId};
use domain::issues::{Cause, Fact, Seen, Severity};
use domain::status::ConnectorStatus;
use domain::tariffs::UnpricedCode;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub fn issue() -> impl Strategy<Value = Box<IssueSnapshot>> {
    let what = (uuid(), select(Cause::ALL.to_vec()), select(Severity::ALL.to_vec()));
    let place = (
        option::of(gateway_id()),
        option::of(uuid().prop_map(StationId)),
        option::of(uuid().prop_map(PileId)),
        option::of(charge_point_id()),
        option::of(connector_id()),
        option::of(text()),
    );
    let state = (time(), fact(), any::<u32>(), any::<i64>(), time(), option::of((time(), fact())));
    let edits = (option::of((time(), text())), option::of(text()), option::of(time()));
    (what, place, state, edits).prop_map(|((id, cause, severity), place, state, edits)| {
        let (gateway_id, station_id, pile_id, charge_point_id, connector_id, operator_id) = place;
        let (opened_at, fact, recurrences, version, changed_at, closed) = state;
        let (acknowledged, assignee, muted_until) = edits;
        let (closed_at, proof) = closed.unzip();
        let (acknowledged_at, acknowledged_by) = acknowledged.unzip();
        Box::new(IssueSnapshot {
            issue_id: IssueId(id),
            cause,
            severity,
            gateway_id,
            station_id,
            pile_id,
            charge_point_id,
            connector_id,
            operator_id,
            opened_at,
            fact,
            recurrences,
            version,
            changed_at,
            closed_at,
            proof,
            acknowledged_at,
            acknowledged_by,
            assignee,
            muted_until,
        })
    })
}

fn fact() -> impl Strategy<Value = Fact> {
    (time(), seen()).prop_map(|(at, seen)| Fact { at, seen })
}

fn seen() -> impl Strategy<Value = Seen> {
    let session = || uuid().prop_map(SessionId);
    let states = select(CommandState::ALL.to_vec());
    prop_oneof![
        (select(ConnectorStatus::ALL.to_vec()), option::of(text()), option::of(text())).prop_map(
            |(status, error_code, vendor_error_code)| Seen::Status { status, error_code, vendor_error_code }
        ),
        (any::<bool>(), option::of(gateway_id()))
            .prop_map(|(online, gateway_id)| Seen::Connectivity { online, gateway_id }),
        (session(), select(SessionPhase::ALL.to_vec()))
            .prop_map(|(session_id, phase)| Seen::Session { session_id, phase }),
        (session(), amount(0)).prop_map(|(session_id, energy_wh)| Seen::Energy { session_id, energy_wh }),
        (session(), option::of(select(UnpricedCode::ALL.to_vec())))
            .prop_map(|(session_id, unpriced)| Seen::Price { session_id, unpriced }),
        (uuid(), states).prop_map(|(id, state)| Seen::Command { command_id: CommandId(id), state }),
        any::<i64>().prop_map(|seconds| Seen::Lag { seconds }),
        any::<i64>().prop_map(|seconds| Seen::Quiet { seconds }),
        select(AssetAction::ALL.to_vec()).prop_map(|action| Seen::Removed { action }),
        uuid().prop_map(|id| Seen::PartOf { issue_id: IssueId(id) }),
        (any::<u32>(), any::<u32>()).prop_map(|(offline, devices)| Seen::Outage { offline, devices }),
        any::<u32>().prop_map(|offline| Seen::Recovered { offline }),
        Just(Seen::RuleOff),
    ]
}
