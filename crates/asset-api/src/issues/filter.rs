//! The query parameters that select issues.

use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, one_of, text, uuid};
use domain::ids::{Actor, ChargePointId, GatewayId, PileId, StationId};
use domain::issues::{Cause, Severity};
use domain::text::Label;
use runtime::openapi::Parameter;
use schemars::JsonSchema;
use storage::issues::Filter;

/// Whether an issue is open.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "IssueState", rename_all = "camelCase")]
pub enum State {
    Open,
    Closed,
}

impl State {
    const ALL: [Self; 2] = [Self::Open, Self::Closed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Takes the filter out of a query; faults are recorded in `query`.
pub fn take(query: &mut Fields) -> Filter {
    let state = query.optional("state", one_of(&State::ALL, State::as_str));
    Filter { open: state.map(|state| state == State::Open), ..take_without_state(query) }
}

/// Likewise, for an operation that is about open issues alone.
pub fn take_without_state(query: &mut Fields) -> Filter {
    Filter {
        open: None,
        cause: query.optional("cause", one_of(&Cause::ALL, Cause::as_str)),
        severity: query.optional("severity", one_of(&Severity::ALL, Severity::as_str)),
        station_id: query.optional("stationId", uuid).map(StationId),
        pile_id: query.optional("pileId", uuid).map(PileId),
        charge_point_id: query.optional("chargePointId", text(ChargePointId::parse)),
        gateway_id: query.optional("gatewayId", text(GatewayId::parse)),
        operator_id: query.optional("operatorId", text(Label::parse)),
        assignee: query.optional("assignee", text(Actor::parse)),
        acknowledged: query.optional("acknowledged", in_query(flag)),
        muted: query.optional("muted", in_query(flag)),
    }
}

/// The parameter that selects open or closed issues, for the OpenAPI document.
pub fn state() -> [Parameter; 1] {
    [Parameter::query::<State>("state", "`open`: only open issues; `closed`: only closed ones.")]
}

/// The other parameters.
pub fn parameters() -> [Parameter; 10] {
    [
        Parameter::query::<Cause>("cause", "Only issues with this cause."),
        Parameter::query::<Severity>("severity", "Only issues with this severity."),
        Parameter::query::<StationId>("stationId", "Only issues of this station and its piles."),
        Parameter::query::<PileId>(
            "pileId",
            "Only issues of this pile, without outages of its station or gateway.",
        ),
        Parameter::query::<ChargePointId>("chargePointId", "Only issues of this charge point, likewise."),
        Parameter::query::<GatewayId>("gatewayId", "Only outages of this gateway."),
        Parameter::query::<Label>(
            "operatorId",
            "Only issues at stations of this operator, without outages of gateways.",
        ),
        Parameter::query::<Actor>("assignee", "Only issues with this assignee."),
        Parameter::query::<bool>("acknowledged", "`true`: only acknowledged issues; `false`: only others."),
        Parameter::query::<bool>("muted", "`true`: only issues that are muted now; `false`: only others."),
    ]
}
