//! Decodes changes of tariffs from protobuf.

use super::{Decoded, connector, instant, invalid, one_of, required, uuid};
use crate::feed::encode::tariff as encode;
use crate::proto::platform as proto;
use domain::feed::{BindingAction, PricesChanged, TariffAction, TariffBindingChanged, TariffChanged};
use domain::ids::{BindingId, PileId, StationId, TariffId};
use domain::tariffs::Subject;
use domain::text::Label;
use proto::tariff_binding_changed::Subject as WireSubject;

pub(super) fn changed(body: &proto::TariffChanged) -> Decoded<TariffChanged> {
    Ok(TariffChanged {
        tariff_id: TariffId(uuid(&body.tariff_id)?),
        action: one_of(&TariffAction::ALL, body.action(), encode::action)?,
        version: body.version,
        prices: body.prices.as_ref().map(prices).transpose()?,
    })
}

fn prices(body: &proto::TariffPrices) -> Decoded<PricesChanged> {
    Ok(PricesChanged { number: body.number, effective_from: required(body.effective_from.as_ref())? })
}

pub(super) fn binding(body: &proto::TariffBindingChanged) -> Decoded<TariffBindingChanged> {
    Ok(TariffBindingChanged {
        binding_id: BindingId(uuid(&body.binding_id)?),
        action: one_of(&BindingAction::ALL, body.action(), encode::binding_action)?,
        tariff_id: TariffId(uuid(&body.tariff_id)?),
        subject: subject(body.subject.as_ref().ok_or_else(|| invalid("no subject"))?)?,
        effective_from: required(body.effective_from.as_ref())?,
        effective_until: instant(body.effective_until.as_ref())?,
    })
}

fn subject(subject: &WireSubject) -> Decoded<Subject> {
    Ok(match subject {
        WireSubject::Platform(proto::PlatformSubject {}) => Subject::Platform,
        WireSubject::OperatorId(id) => Subject::Operator { operator_id: Label::parse(id).map_err(invalid)? },
        WireSubject::StationId(id) => Subject::Station { station_id: StationId(uuid(id)?) },
        WireSubject::PileId(id) => Subject::Pile { pile_id: PileId(uuid(id)?) },
        WireSubject::Connector(body) => Subject::Connector {
            pile_id: PileId(uuid(&body.pile_id)?),
            connector_id: connector(body.connector_id)?,
        },
    })
}
