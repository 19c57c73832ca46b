//! Encodes changes of tariffs as protobuf.

use crate::proto::platform as proto;
use crate::value::time::to_timestamp;
use domain::feed::{BindingAction, TariffAction, TariffBindingChanged, TariffChanged};
use domain::tariffs::Subject;
use proto::tariff_binding_changed::Subject as WireSubject;

pub(super) fn changed(body: &TariffChanged) -> proto::TariffChanged {
    proto::TariffChanged {
        tariff_id: body.tariff_id.to_string(),
        action: action(body.action).into(),
        version: body.version,
        prices: body.prices.map(|prices| proto::TariffPrices {
            number: prices.number,
            effective_from: Some(to_timestamp(prices.effective_from)),
        }),
    }
}

pub(super) fn binding(body: &TariffBindingChanged) -> proto::TariffBindingChanged {
    proto::TariffBindingChanged {
        binding_id: body.binding_id.to_string(),
        action: binding_action(body.action).into(),
        tariff_id: body.tariff_id.to_string(),
        subject: Some(subject(&body.subject)),
        effective_from: Some(to_timestamp(body.effective_from)),
        effective_until: body.effective_until.map(to_timestamp),
    }
}

fn subject(subject: &Subject) -> WireSubject {
    match subject {
        Subject::Platform => WireSubject::Platform(proto::PlatformSubject {}),
        Subject::Operator { operator_id } => WireSubject::OperatorId(operator_id.to_string()),
        Subject::Station { station_id } => WireSubject::StationId(station_id.to_string()),
        Subject::Pile { pile_id } => WireSubject::PileId(pile_id.to_string()),
        Subject::Connector { pile_id, connector_id } => WireSubject::Connector(proto::ConnectorSubject {
            pile_id: pile_id.to_string(),
            connector_id: connector_id.number().into(),
        }),
    }
}

/// The wire form of an action on a tariff.
pub(crate) const fn action(action: TariffAction) -> proto::TariffAction {
    match action {
        TariffAction::Created => proto::TariffAction::Created,
        TariffAction::Updated => proto::TariffAction::Updated,
        TariffAction::Published => proto::TariffAction::Published,
        TariffAction::Activated => proto::TariffAction::Activated,
        TariffAction::Retired => proto::TariffAction::Retired,
    }
}

/// The wire form of an action on a binding.
pub(crate) const fn binding_action(action: BindingAction) -> proto::BindingAction {
    match action {
        BindingAction::Made => proto::BindingAction::Made,
        BindingAction::Ended => proto::BindingAction::Ended,
    }
}
