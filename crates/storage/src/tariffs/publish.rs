//! Feed changes of tariffs. The tariff's row must be locked.

use chrono::{DateTime, Utc};
use domain::feed::{
    BindingAction, FeedChange, FeedKind, FeedSubject, PricesChanged, TariffAction, TariffBindingChanged,
    TariffChanged,
};
use domain::ids::TariffId;
use domain::tariffs::Binding;

/// The change for `action` on a tariff, whose new version is `version`.
pub(super) fn of_tariff(
    tariff_id: TariffId,
    version: i64,
    at: DateTime<Utc>,
    action: TariffAction,
) -> FeedChange {
    change(tariff_id, at, FeedKind::TariffChanged(TariffChanged { tariff_id, action, version, prices: None }))
}

/// The change for a price version that was published or came into force.
pub(super) fn of_prices(
    tariff_id: TariffId,
    version: i64,
    at: DateTime<Utc>,
    action: TariffAction,
    prices: PricesChanged,
) -> FeedChange {
    let body = TariffChanged { tariff_id, action, version, prices: Some(prices) };
    change(tariff_id, at, FeedKind::TariffChanged(body))
}

/// The change for `action` on a binding.
pub(super) fn of_binding(binding: &Binding, at: DateTime<Utc>, action: BindingAction) -> FeedChange {
    let body = TariffBindingChanged::of(binding, action);
    change(binding.tariff_id, at, FeedKind::TariffBindingChanged(body))
}

const fn change(tariff: TariffId, at: DateTime<Utc>, kind: FeedKind) -> FeedChange {
    FeedChange { subject: FeedSubject::Tariff(tariff), at, kind }
}
