//! Decodes changes from protobuf, as a consumer in Rust does.

mod issue;
mod metered;
mod settled;
mod tariff;

use super::encode;
use crate::proto::platform as proto;
use crate::value::time::from_timestamp;
use chrono::{DateTime, Utc};
use domain::assets::Placement;
use domain::commands::{CommandState, EffectKind, RouteSource};
use domain::devices::presence::Confidence;
use domain::feed::{
    AssetAction, CommandAnswered, CommandChanged, CommandReachedStatus, CommandTookEffect,
    ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject, PileChanged,
    SessionChanged, SessionPhase, StationChanged,
};
use domain::ids::{
    Actor, ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, IssueId, PileId, SessionId, StationId,
    TariffId, TransactionId,
};
use domain::sessions::session::StartedBy;
use domain::status::ConnectorStatus;
use domain::text::Label;
use prost::Message;
use proto::feed_change::{Kind, Subject};
use uuid::Uuid;

/// The value is not a change that this release knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a change: {0}")]
pub struct InvalidChange(String);

type Decoded<T> = Result<T, InvalidChange>;

/// Decodes the value of a record.
///
/// # Errors
/// The value is not a change, or one of a later release.
pub fn decode_change(value: &[u8]) -> Decoded<FeedChange> {
    let message = proto::FeedChange::decode(value).map_err(invalid)?;
    let subject = match message.subject.ok_or_else(|| invalid("no subject"))? {
        Subject::ChargePointId(id) => FeedSubject::ChargePoint(charge_point(&id)?),
        Subject::StationId(id) => FeedSubject::Station(StationId(uuid(&id)?)),
        Subject::TariffId(id) => FeedSubject::Tariff(TariffId(uuid(&id)?)),
        Subject::IssueId(id) => FeedSubject::Issue(IssueId(uuid(&id)?)),
    };
    let kind = match message.kind.ok_or_else(|| invalid("no kind"))? {
        Kind::ConnectorStatus(body) => FeedKind::ConnectorStatusChanged(connector_status(body)?),
        Kind::Connectivity(body) => FeedKind::ConnectivityChanged(connectivity(&body)?),
        Kind::Session(body) => FeedKind::SessionChanged(session(body)?),
        Kind::SessionMetered(body) => FeedKind::SessionMetered(metered::metered(body)?),
        Kind::SessionSettled(body) => FeedKind::SessionSettled(settled::settled(body)?),
        Kind::Command(body) => FeedKind::CommandChanged(command(body)?),
        Kind::Station(body) => FeedKind::StationChanged(station(&body)?),
        Kind::Pile(body) => FeedKind::PileChanged(pile(&body)?),
        Kind::Tariff(body) => FeedKind::TariffChanged(tariff::changed(&body)?),
        Kind::TariffBinding(body) => FeedKind::TariffBindingChanged(tariff::binding(&body)?),
        Kind::IssueOpened(body) => FeedKind::IssueOpened(issue::issue(body)?),
        Kind::IssueChanged(body) => FeedKind::IssueChanged(issue::issue(body)?),
        Kind::IssueClosed(body) => FeedKind::IssueClosed(issue::issue(body)?),
    };
    Ok(FeedChange { subject, at: required(message.time.as_ref())?, kind })
}

fn connector_status(body: proto::ConnectorStatusChanged) -> Decoded<ConnectorStatusChanged> {
    let previous = Some(body.previous_status()).filter(|raw| *raw != proto::ConnectorStatus::Unspecified);
    Ok(ConnectorStatusChanged {
        connector_id: connector(body.connector_id)?,
        status: status(body.status())?,
        previous_status: previous.map(status).transpose()?,
        error_code: body.error_code,
        vendor_error_code: body.vendor_error_code,
        claimed_at: instant(body.claimed_at.as_ref())?,
    })
}

fn status(raw: proto::ConnectorStatus) -> Decoded<ConnectorStatus> {
    one_of(&ConnectorStatus::ALL, raw, encode::status)
}

fn connectivity(body: &proto::ConnectivityChanged) -> Decoded<ConnectivityChanged> {
    let gateway_id = body.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(invalid)?;
    // A change of a release without this field.
    let confidence = match body.confidence() {
        proto::Confidence::Unspecified => Confidence::Live,
        known => one_of(&Confidence::ALL, known, encode::confidence)?,
    };
    Ok(ConnectivityChanged { online: body.online, gateway_id, confidence })
}

fn session(body: proto::SessionChanged) -> Decoded<SessionChanged> {
    Ok(SessionChanged {
        session_id: SessionId(uuid(&body.session_id)?),
        phase: one_of(&SessionPhase::ALL, body.phase(), encode::phase)?,
        place: placement(&body)?,
        connector_id: connector(body.connector_id)?,
        transaction_id: body
            .transaction_id
            .as_deref()
            .map(TransactionId::parse)
            .transpose()
            .map_err(invalid)?,
        id_tag: body.id_tag.as_deref().map(IdTag::parse).transpose().map_err(invalid)?,
        reservation_id: body.reservation_id,
        command_id: body.command_id.as_deref().map(uuid).transpose()?.map(CommandId),
        started_at: required(body.started_at.as_ref())?,
        started_by: evidence(body.started_by())?,
        meter_start_wh: body.meter_start_wh,
        ended_at: instant(body.ended_at.as_ref())?,
        end_reason: body.end_reason,
        meter_stop_wh: body.meter_stop_wh,
    })
}

fn placement(body: &proto::SessionChanged) -> Decoded<Option<Placement>> {
    let (Some(pile), Some(station)) = (&body.pile_id, &body.station_id) else { return Ok(None) };
    Ok(Some(Placement {
        pile_id: PileId(uuid(pile)?),
        station_id: StationId(uuid(station)?),
        operator_id: body.operator_id.as_deref().map(Label::parse).transpose().map_err(invalid)?,
    }))
}

fn command(body: proto::CommandChanged) -> Decoded<CommandChanged> {
    Ok(CommandChanged {
        command_id: CommandId(uuid(&body.command_id)?),
        pile_id: PileId(uuid(&body.pile_id)?),
        state: one_of(&CommandState::ALL, body.state(), encode::state)?,
        gateway_id: GatewayId::parse(&body.gateway_id).map_err(invalid)?,
        issued_at: required(body.issued_at.as_ref())?,
        expires_at: required(body.expires_at.as_ref())?,
        answer: answer(&body)?,
        effect: effect(&body)?,
        status_effect: status_effect(&body)?,
        session_id: body.session_id.as_deref().map(uuid).transpose()?.map(SessionId),
        // A name that only a newer release knows counts as absent.
        route: body.route.as_deref().and_then(RouteSource::parse),
        issued_by: body.issued_by.as_deref().map(Actor::parse).transpose().map_err(invalid)?,
        name: body.name,
        failure_code: body.failure_code,
        failure: body.failure,
    })
}

fn answer(body: &proto::CommandChanged) -> Decoded<Option<CommandAnswered>> {
    let Some(status) = body.answer_status.clone() else { return Ok(None) };
    let at = required(body.answered_at.as_ref())?;
    Ok(Some(CommandAnswered { at, status, reason: body.answer_reason.clone() }))
}

fn effect(body: &proto::CommandChanged) -> Decoded<Option<CommandTookEffect>> {
    let is_told = |raw: &proto::CommandEffect| {
        !matches!(raw, proto::CommandEffect::Unspecified | proto::CommandEffect::Status)
    };
    let Some(seen) = Some(body.effect()).filter(is_told) else { return Ok(None) };
    let kind = one_of(&EffectKind::ALL, seen, encode::effect)?;
    Ok(Some(CommandTookEffect { at: required(body.effect_at.as_ref())?, kind }))
}

fn status_effect(body: &proto::CommandChanged) -> Decoded<Option<CommandReachedStatus>> {
    if body.effect() != proto::CommandEffect::Status {
        return Ok(None);
    }
    let (at, status) = (required(body.effect_at.as_ref())?, status(body.effect_status())?);
    Ok(Some(CommandReachedStatus { at, status }))
}

/// Releases that knew no other evidence omitted it.
fn evidence(raw: proto::SessionEvidence) -> Decoded<StartedBy> {
    match raw {
        proto::SessionEvidence::Unspecified => Ok(StartedBy::Event),
        known => one_of(&StartedBy::ALL, known, encode::evidence),
    }
}

fn station(body: &proto::StationChanged) -> Decoded<StationChanged> {
    Ok(StationChanged {
        station_id: StationId(uuid(&body.station_id)?),
        action: one_of(&AssetAction::ALL, body.action(), encode::action)?,
        version: body.version,
    })
}

fn pile(body: &proto::PileChanged) -> Decoded<PileChanged> {
    Ok(PileChanged {
        pile_id: PileId(uuid(&body.pile_id)?),
        station_id: StationId(uuid(&body.station_id)?),
        charge_point_id: charge_point(&body.charge_point_id)?,
        action: one_of(&AssetAction::ALL, body.action(), encode::action)?,
        version: body.version,
    })
}

fn charge_point(raw: &str) -> Decoded<ChargePointId> {
    ChargePointId::parse(raw).map_err(invalid)
}

fn uuid(raw: &str) -> Decoded<Uuid> {
    Uuid::try_parse(raw).map_err(invalid)
}

fn connector(raw: i32) -> Decoded<ConnectorId> {
    ConnectorId::parse(raw.into()).map_err(invalid)
}

fn instant(raw: Option<&prost_types::Timestamp>) -> Decoded<Option<DateTime<Utc>>> {
    let instant = raw.map(from_timestamp).transpose().map_err(|_unusable| invalid("not a time"))?;
    Ok(instant.flatten())
}

fn required(raw: Option<&prost_types::Timestamp>) -> Decoded<DateTime<Utc>> {
    instant(raw)?.ok_or_else(|| invalid("a time is missing"))
}

/// The value that `to_wire` maps to `raw`.
fn one_of<T: Copy, W: Copy + PartialEq>(all: &[T], raw: W, to_wire: fn(T) -> W) -> Decoded<T> {
    let meant = all.iter().copied().find(|word| to_wire(*word) == raw);
    meant.ok_or_else(|| invalid("an enum value is unknown"))
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed directly to map_err")]
fn invalid(what: impl ToString) -> InvalidChange {
    InvalidChange(what.to_string())
}
