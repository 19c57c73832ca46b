//! Encodes changes as protobuf.

pub(super) mod issue;
mod metered;
mod settled;
pub(super) mod tariff;

use crate::proto::platform as proto;
use crate::value::time::to_timestamp;
use chrono::{DateTime, Utc};
use domain::commands::{CommandState, EffectKind};
use domain::devices::presence::Confidence;
use domain::feed::{
    AssetAction, CommandChanged, ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind,
    FeedSubject, PileChanged, SessionChanged, SessionPhase, StationChanged,
};
use domain::sessions::session::StartedBy;
use domain::status::ConnectorStatus;
use prost::Message;
use proto::feed_change::{Kind, Subject};

/// The value of the Kafka record that carries `change`.
#[must_use]
pub fn encode_change(change: &FeedChange) -> Vec<u8> {
    let subject = match &change.subject {
        FeedSubject::ChargePoint(id) => Subject::ChargePointId(id.to_string()),
        FeedSubject::Station(id) => Subject::StationId(id.to_string()),
        FeedSubject::Tariff(id) => Subject::TariffId(id.to_string()),
        FeedSubject::Issue(id) => Subject::IssueId(id.to_string()),
    };
    let message = proto::FeedChange {
        subject: Some(subject),
        time: Some(to_timestamp(change.at)),
        kind: Some(kind(&change.kind)),
    };
    message.encode_to_vec()
}

fn kind(kind: &FeedKind) -> Kind {
    match kind {
        FeedKind::ConnectorStatusChanged(body) => Kind::ConnectorStatus(connector_status(body)),
        FeedKind::ConnectivityChanged(body) => Kind::Connectivity(connectivity(body)),
        FeedKind::SessionChanged(body) => Kind::Session(session(body)),
        FeedKind::SessionMetered(body) => Kind::SessionMetered(metered::metered(body)),
        FeedKind::SessionSettled(body) => Kind::SessionSettled(settled::settled(body)),
        FeedKind::CommandChanged(body) => Kind::Command(command(body)),
        FeedKind::StationChanged(body) => Kind::Station(station(body)),
        FeedKind::PileChanged(body) => Kind::Pile(pile(body)),
        FeedKind::TariffChanged(body) => Kind::Tariff(tariff::changed(body)),
        FeedKind::TariffBindingChanged(body) => Kind::TariffBinding(tariff::binding(body)),
        FeedKind::IssueOpened(body) => Kind::IssueOpened(issue::issue(body)),
        FeedKind::IssueChanged(body) => Kind::IssueChanged(issue::issue(body)),
        FeedKind::IssueClosed(body) => Kind::IssueClosed(issue::issue(body)),
    }
}

fn connector_status(body: &ConnectorStatusChanged) -> proto::ConnectorStatusChanged {
    proto::ConnectorStatusChanged {
        connector_id: body.connector_id.number().into(),
        status: status(body.status).into(),
        previous_status: body.previous_status.map_or(proto::ConnectorStatus::Unspecified, status).into(),
        error_code: body.error_code.clone(),
        vendor_error_code: body.vendor_error_code.clone(),
        claimed_at: body.claimed_at.map(to_timestamp),
    }
}

fn connectivity(body: &ConnectivityChanged) -> proto::ConnectivityChanged {
    proto::ConnectivityChanged {
        online: body.online,
        gateway_id: body.gateway_id.as_ref().map(ToString::to_string),
        confidence: confidence(body.confidence).into(),
    }
}

pub(super) const fn confidence(confidence: Confidence) -> proto::Confidence {
    match confidence {
        Confidence::Live => proto::Confidence::Live,
        Confidence::Doubtful => proto::Confidence::Doubtful,
        Confidence::Unanswered => proto::Confidence::Unanswered,
    }
}

fn session(body: &SessionChanged) -> proto::SessionChanged {
    proto::SessionChanged {
        session_id: body.session_id.to_string(),
        phase: phase(body.phase).into(),
        connector_id: body.connector_id.number().into(),
        transaction_id: body.transaction_id.as_ref().map(ToString::to_string),
        id_tag: body.id_tag.as_ref().map(ToString::to_string),
        reservation_id: body.reservation_id,
        command_id: body.command_id.map(|id| id.to_string()),
        started_at: Some(to_timestamp(body.started_at)),
        started_by: evidence(body.started_by).into(),
        meter_start_wh: body.meter_start_wh,
        ended_at: body.ended_at.map(to_timestamp),
        end_reason: body.end_reason.clone(),
        meter_stop_wh: body.meter_stop_wh,
        pile_id: body.place.as_ref().map(|place| place.pile_id.to_string()),
        station_id: body.place.as_ref().map(|place| place.station_id.to_string()),
        operator_id: body.place.as_ref().and_then(|place| Some(place.operator_id.as_ref()?.to_string())),
    }
}

fn command(body: &CommandChanged) -> proto::CommandChanged {
    proto::CommandChanged {
        command_id: body.command_id.to_string(),
        pile_id: body.pile_id.to_string(),
        name: body.name.clone(),
        state: state(body.state).into(),
        gateway_id: body.gateway_id.to_string(),
        issued_at: Some(to_timestamp(body.issued_at)),
        expires_at: Some(to_timestamp(body.expires_at)),
        failure: body.failure.clone(),
        failure_code: body.failure_code.clone(),
        answer_status: body.answer.as_ref().map(|answer| answer.status.clone()),
        answer_reason: body.answer.as_ref().and_then(|answer| answer.reason.clone()),
        answered_at: body.answer.as_ref().map(|answer| to_timestamp(answer.at)),
        effect: match (&body.effect, &body.status_effect) {
            (Some(seen), _) => effect(seen.kind),
            (None, Some(_)) => proto::CommandEffect::Status,
            (None, None) => proto::CommandEffect::Unspecified,
        }
        .into(),
        effect_at: effect_at(body).map(to_timestamp),
        effect_status: body.status_effect.as_ref().map(|seen| status(seen.status).into()),
        session_id: body.session_id.map(|id| id.to_string()),
        route: body.route.map(|route| route.as_str().to_owned()),
        issued_by: body.issued_by.as_ref().map(ToString::to_string),
    }
}

fn effect_at(body: &CommandChanged) -> Option<DateTime<Utc>> {
    let reached = body.status_effect.as_ref().map(|seen| seen.at);
    body.effect.as_ref().map(|seen| seen.at).or(reached)
}

fn station(body: &StationChanged) -> proto::StationChanged {
    proto::StationChanged {
        station_id: body.station_id.to_string(),
        action: action(body.action).into(),
        version: body.version,
    }
}

fn pile(body: &PileChanged) -> proto::PileChanged {
    proto::PileChanged {
        pile_id: body.pile_id.to_string(),
        station_id: body.station_id.to_string(),
        charge_point_id: body.charge_point_id.to_string(),
        action: action(body.action).into(),
        version: body.version,
    }
}

/// The wire form of a status.
pub(super) const fn status(status: ConnectorStatus) -> proto::ConnectorStatus {
    match status {
        ConnectorStatus::Available => proto::ConnectorStatus::Available,
        ConnectorStatus::Preparing => proto::ConnectorStatus::Preparing,
        ConnectorStatus::Charging => proto::ConnectorStatus::Charging,
        ConnectorStatus::SuspendedEVSE => proto::ConnectorStatus::SuspendedEvse,
        ConnectorStatus::SuspendedEV => proto::ConnectorStatus::SuspendedEv,
        ConnectorStatus::Finishing => proto::ConnectorStatus::Finishing,
        ConnectorStatus::Reserved => proto::ConnectorStatus::Reserved,
        ConnectorStatus::Unavailable => proto::ConnectorStatus::Unavailable,
        ConnectorStatus::Faulted => proto::ConnectorStatus::Faulted,
    }
}

/// The wire form of a session's phase.
pub(super) const fn phase(phase: SessionPhase) -> proto::SessionPhase {
    match phase {
        SessionPhase::Open => proto::SessionPhase::Open,
        SessionPhase::Ended => proto::SessionPhase::Ended,
        SessionPhase::Withdrawn => proto::SessionPhase::Withdrawn,
    }
}

/// The wire form of a session's evidence.
pub(super) const fn evidence(evidence: StartedBy) -> proto::SessionEvidence {
    match evidence {
        StartedBy::Event => proto::SessionEvidence::Event,
        StartedBy::Readings => proto::SessionEvidence::Readings,
        StartedBy::Stop => proto::SessionEvidence::Stop,
    }
}

/// The wire form of a command's state.
pub(super) const fn state(state: CommandState) -> proto::CommandState {
    match state {
        CommandState::Waiting => proto::CommandState::Waiting,
        CommandState::Accepted => proto::CommandState::Accepted,
        CommandState::Published => proto::CommandState::Published,
        CommandState::Unknown => proto::CommandState::Unknown,
        CommandState::Failed => proto::CommandState::Failed,
        CommandState::Confirmed => proto::CommandState::Confirmed,
        CommandState::Rejected => proto::CommandState::Rejected,
        CommandState::Expired => proto::CommandState::Expired,
        CommandState::Cancelled => proto::CommandState::Cancelled,
    }
}

/// The wire form of a command's effect.
pub(super) const fn effect(kind: EffectKind) -> proto::CommandEffect {
    match kind {
        EffectKind::Charging => proto::CommandEffect::Charging,
        EffectKind::Stopped => proto::CommandEffect::Stopped,
        EffectKind::Restarted => proto::CommandEffect::Restarted,
        EffectKind::Status => proto::CommandEffect::Status,
    }
}

/// The wire form of an action on an asset.
pub(super) const fn action(action: AssetAction) -> proto::AssetAction {
    match action {
        AssetAction::Created => proto::AssetAction::Created,
        AssetAction::Updated => proto::AssetAction::Updated,
        AssetAction::Retired => proto::AssetAction::Retired,
        AssetAction::Restored => proto::AssetAction::Restored,
    }
}
