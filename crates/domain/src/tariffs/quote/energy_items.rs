//! The energy of a session, split wherever its price changes.

use crate::ids::TariffId;
use crate::tariffs::band::{BandKind, Rate};
use crate::tariffs::book::VersionPeriod;
use crate::tariffs::currency::Currency;
use crate::tariffs::energy::Energy;
use crate::tariffs::money::{Money, Price};
use crate::tariffs::tax::TaxPercent;
use crate::tariffs::timetable::{Stay, Walk};
use crate::tariffs::usage::Usage;
use chrono::{DateTime, FixedOffset, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// Energy at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnergyItem {
    /// The start, in local time of the zone.
    pub from: DateTime<FixedOffset>,
    /// The end, exclusive, in local time of the zone.
    pub to: DateTime<FixedOffset>,
    /// The tariff that applied.
    pub tariff_id: TariffId,
    /// The number of the version that applied.
    pub version: u32,
    /// The kind of band.
    pub kind: BandKind,
    /// The tier of the band that applied: 0 for the price of the band itself, 1 for its first tier.
    pub tier: usize,
    /// The price of a kWh, in parts.
    #[serde(flatten)]
    pub rate: Rate,
    /// The rate of the tax on this item, in percent; null if the version names none.
    pub tax_percent: Option<TaxPercent>,
    /// The energy, in Wh.
    pub energy_wh: Energy,
    /// The cost of the electricity, rounded.
    pub electricity: Money,
    /// The cost of the service, rounded.
    pub service: Money,
}

/// A period with one price, and its energy.
struct Piece {
    from: DateTime<FixedOffset>,
    to: DateTime<FixedOffset>,
    tariff_id: TariffId,
    version: u32,
    kind: BandKind,
    tier: usize,
    rate: Rate,
    tax_percent: Option<TaxPercent>,
    /// The energy from the start of the session to the start of the period.
    drawn_before: Energy,
    /// The energy from the start of the session to the end of the period.
    drawn: Energy,
}

impl Piece {
    /// Whether both periods look the same to a driver, apart from their times.
    fn is_like(&self, other: &Self) -> bool {
        (self.tariff_id, self.version, self.kind, self.tier, self.rate)
            == (other.tariff_id, other.version, other.kind, other.tier, other.rate)
    }

    fn priced(self, currency: Currency) -> EnergyItem {
        let energy_wh = self.drawn.beyond(self.drawn_before);
        let cost = |price: Price| Money::rounded(energy_wh.kwh() * price.value(), currency);
        EnergyItem {
            from: self.from,
            to: self.to,
            tariff_id: self.tariff_id,
            version: self.version,
            kind: self.kind,
            tier: self.tier,
            rate: self.rate,
            tax_percent: self.tax_percent,
            energy_wh,
            electricity: cost(self.rate.electricity_price),
            service: cost(self.rate.service_fee),
        }
    }
}

/// The energy of a session, one item per period with one price, each as long as possible.
pub(super) fn energy_items(
    currency: Currency,
    version_periods: &[VersionPeriod<'_>],
    usage: &Usage,
) -> Vec<EnergyItem> {
    let mut pieces: Vec<Piece> = vec![];
    for period in version_periods {
        for stay in Walk::new(&period.applied.version.price_list, period.from, period.to) {
            let drawn_before = pieces.last().map_or(Energy::ZERO, |piece| piece.drawn);
            add_stay(&mut pieces, period, stay, drawn_before, usage);
        }
    }
    pieces.into_iter().map(|piece| piece.priced(currency)).collect()
}

/// Adds the period within a band, split where the energy of the session reaches a tier.
///
/// The energies are differences of one curve, so they add up to the total energy regardless of
/// rounding, and a tier begins at exactly its threshold.
fn add_stay(
    pieces: &mut Vec<Piece>,
    period: &VersionPeriod<'_>,
    stay: Stay<'_>,
    drawn_before: Energy,
    usage: &Usage,
) {
    let version = period.applied.version;
    let zone = version.price_list.zone();
    let drawn_at_end = usage.energy_until(stay.to);
    let (mut at, mut drawn_before) = (stay.from, drawn_before);
    loop {
        let tier = stay.found.band.tier_after(drawn_before);
        let threshold = tier.until.filter(|until| *until < drawn_at_end);
        let to = threshold.map_or(stay.to, |until| reached(usage, until, at, stay.to));
        let drawn = threshold.unwrap_or(drawn_at_end);
        let piece = Piece {
            from: zone.local(at),
            to: zone.local(to),
            tariff_id: period.applied.tariff.id,
            version: version.number,
            kind: stay.found.band.kind,
            tier: tier.number,
            rate: tier.rate,
            tax_percent: version.price_list.tax_percent(),
            drawn_before,
            drawn,
        };
        match pieces.last_mut() {
            Some(last) if last.is_like(&piece) => (last.to, last.drawn) = (piece.to, piece.drawn),
            _ => pieces.push(piece),
        }
        if threshold.is_none() {
            return;
        }
        (at, drawn_before) = (to, drawn);
    }
}

/// When the energy of a session reached `drawn`, within a period.
fn reached(usage: &Usage, drawn: Energy, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    usage.reached_at(drawn).clamp(from, to)
}
