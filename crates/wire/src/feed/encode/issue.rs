//! Encodes issues as protobuf.

use crate::proto::platform as proto;
use crate::value::time::to_timestamp;
use domain::feed::IssueSnapshot;
use domain::issues::{Cause, Fact, Seen, Severity};
use proto::issue_fact::Seen as WireSeen;

pub(super) fn issue(body: &IssueSnapshot) -> proto::Issue {
    proto::Issue {
        issue_id: body.issue_id.to_string(),
        cause: cause(body.cause).into(),
        severity: severity(body.severity).into(),
        gateway_id: body.gateway_id.as_ref().map(ToString::to_string),
        station_id: body.station_id.map(|id| id.to_string()),
        pile_id: body.pile_id.map(|id| id.to_string()),
        charge_point_id: body.charge_point_id.as_ref().map(ToString::to_string),
        connector_id: body.connector_id.map(|connector| connector.number().into()),
        operator_id: body.operator_id.clone(),
        opened_at: Some(to_timestamp(body.opened_at)),
        fact: Some(fact(&body.fact)),
        recurrences: body.recurrences,
        version: body.version,
        changed_at: Some(to_timestamp(body.changed_at)),
        closed_at: body.closed_at.map(to_timestamp),
        proof: body.proof.as_ref().map(fact),
        acknowledged_at: body.acknowledged_at.map(to_timestamp),
        acknowledged_by: body.acknowledged_by.clone(),
        assignee: body.assignee.clone(),
        muted_until: body.muted_until.map(to_timestamp),
    }
}

fn fact(fact: &Fact) -> proto::IssueFact {
    proto::IssueFact { time: Some(to_timestamp(fact.at)), seen: Some(seen(&fact.seen)) }
}

fn seen(seen: &Seen) -> WireSeen {
    match seen {
        Seen::Status { status, error_code, vendor_error_code } => WireSeen::Status(proto::IssueStatus {
            status: super::status(*status).into(),
            error_code: error_code.clone(),
            vendor_error_code: vendor_error_code.clone(),
        }),
        Seen::Connectivity { online, gateway_id } => WireSeen::Connectivity(proto::IssueConnectivity {
            online: *online,
            gateway_id: gateway_id.as_ref().map(ToString::to_string),
        }),
        Seen::Session { session_id, phase } => WireSeen::Session(proto::IssueSession {
            session_id: session_id.to_string(),
            phase: super::phase(*phase).into(),
        }),
        Seen::Energy { session_id, energy_wh } => {
            WireSeen::Energy(proto::IssueEnergy { session_id: session_id.to_string(), energy_wh: *energy_wh })
        }
        Seen::Price { session_id, unpriced } => WireSeen::Price(proto::IssuePrice {
            session_id: session_id.to_string(),
            unpriced: unpriced.map(|code| code.as_str().to_owned()),
        }),
        Seen::Command { command_id, state } => WireSeen::Command(proto::IssueCommand {
            command_id: command_id.to_string(),
            state: super::state(*state).into(),
        }),
        Seen::Lag { seconds } => WireSeen::LagS(*seconds),
        Seen::Quiet { seconds } => WireSeen::QuietS(*seconds),
        Seen::Removed { action } => WireSeen::Removed(super::action(*action).into()),
        Seen::PartOf { issue_id } => WireSeen::PartOf(issue_id.to_string()),
        Seen::Outage { offline, devices } => {
            WireSeen::Outage(proto::IssueOutage { offline: *offline, devices: *devices })
        }
        Seen::Recovered { offline } => WireSeen::RecoveredOffline(*offline),
        Seen::RuleOff => WireSeen::RuleOff(proto::IssueRuleOff {}),
    }
}

/// The wire form of a cause.
pub(crate) const fn cause(cause: Cause) -> proto::IssueCause {
    match cause {
        Cause::Fault => proto::IssueCause::Fault,
        Cause::Offline => proto::IssueCause::Offline,
        Cause::Flapping => proto::IssueCause::Flapping,
        Cause::StartWithoutCharge => proto::IssueCause::StartWithoutCharge,
        Cause::SessionWithoutEnergy => proto::IssueCause::SessionWithoutEnergy,
        Cause::ClockSkew => proto::IssueCause::ClockSkew,
        Cause::StuckSession => proto::IssueCause::StuckSession,
        Cause::PriceGap => proto::IssueCause::PriceGap,
    }
}

/// The wire form of a severity.
pub(crate) const fn severity(severity: Severity) -> proto::IssueSeverity {
    match severity {
        Severity::Critical => proto::IssueSeverity::Critical,
        Severity::Major => proto::IssueSeverity::Major,
        Severity::Minor => proto::IssueSeverity::Minor,
    }
}
