//! Decodes issues from protobuf.

use super::{Decoded, charge_point, connector, instant, invalid, one_of, required, status, uuid};
use crate::feed::encode;
use crate::proto::platform as proto;
use domain::commands::CommandState;
use domain::feed::{AssetAction, IssueSnapshot, SessionPhase};
use domain::ids::{CommandId, GatewayId, IssueId, PileId, SessionId, StationId};
use domain::issues::{Cause, Fact, Seen, Severity};
use domain::tariffs::UnpricedCode;
use proto::issue_fact::Seen as WireSeen;

pub(super) fn issue(body: proto::Issue) -> Decoded<Box<IssueSnapshot>> {
    Ok(Box::new(IssueSnapshot {
        issue_id: IssueId(uuid(&body.issue_id)?),
        cause: one_of(&Cause::ALL, body.cause(), encode::issue::cause)?,
        severity: one_of(&Severity::ALL, body.severity(), encode::issue::severity)?,
        gateway_id: gateway(body.gateway_id.as_deref())?,
        station_id: body.station_id.as_deref().map(uuid).transpose()?.map(StationId),
        pile_id: body.pile_id.as_deref().map(uuid).transpose()?.map(PileId),
        charge_point_id: body.charge_point_id.as_deref().map(charge_point).transpose()?,
        connector_id: body.connector_id.map(connector).transpose()?,
        opened_at: required(body.opened_at.as_ref())?,
        fact: fact(body.fact.as_ref().ok_or_else(|| invalid("no fact"))?)?,
        changed_at: required(body.changed_at.as_ref())?,
        closed_at: instant(body.closed_at.as_ref())?,
        proof: body.proof.as_ref().map(fact).transpose()?,
        acknowledged_at: instant(body.acknowledged_at.as_ref())?,
        muted_until: instant(body.muted_until.as_ref())?,
        operator_id: body.operator_id,
        recurrences: body.recurrences,
        version: body.version,
        acknowledged_by: body.acknowledged_by,
        assignee: body.assignee,
    }))
}

fn fact(body: &proto::IssueFact) -> Decoded<Fact> {
    let session = |id: &str| Ok(SessionId(uuid(id)?));
    let seen = match body.seen.as_ref().ok_or_else(|| invalid("no fact"))? {
        WireSeen::Status(body) => Seen::Status {
            status: status(body.status())?,
            error_code: body.error_code.clone(),
            vendor_error_code: body.vendor_error_code.clone(),
        },
        WireSeen::Connectivity(body) => {
            Seen::Connectivity { online: body.online, gateway_id: gateway(body.gateway_id.as_deref())? }
        }
        WireSeen::Session(body) => Seen::Session {
            session_id: session(&body.session_id)?,
            phase: one_of(&SessionPhase::ALL, body.phase(), encode::phase)?,
        },
        WireSeen::Energy(body) => {
            Seen::Energy { session_id: session(&body.session_id)?, energy_wh: body.energy_wh }
        }
        WireSeen::Price(body) => {
            let code = body.unpriced.as_deref();
            let known = |code| UnpricedCode::parse(code).ok_or_else(|| invalid("a code is unknown"));
            Seen::Price { session_id: session(&body.session_id)?, unpriced: code.map(known).transpose()? }
        }
        WireSeen::Command(body) => Seen::Command {
            command_id: CommandId(uuid(&body.command_id)?),
            state: one_of(&CommandState::ALL, body.state(), encode::state)?,
        },
        WireSeen::LagS(seconds) => Seen::Lag { seconds: *seconds },
        WireSeen::QuietS(seconds) => Seen::Quiet { seconds: *seconds },
        WireSeen::Removed(action) => {
            let action = proto::AssetAction::try_from(*action).map_err(invalid)?;
            Seen::Removed { action: one_of(&AssetAction::ALL, action, encode::action)? }
        }
        WireSeen::PartOf(id) => Seen::PartOf { issue_id: IssueId(uuid(id)?) },
        WireSeen::Outage(body) => Seen::Outage { offline: body.offline, devices: body.devices },
        WireSeen::RecoveredOffline(offline) => Seen::Recovered { offline: *offline },
        WireSeen::RuleOff(proto::IssueRuleOff {}) => Seen::RuleOff,
    };
    Ok(Fact { at: required(body.time.as_ref())?, seen })
}

fn gateway(raw: Option<&str>) -> Decoded<Option<GatewayId>> {
    raw.map(GatewayId::parse).transpose().map_err(invalid)
}
