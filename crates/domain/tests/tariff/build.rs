//! Short forms of price lists, tariffs and price books for tests.

use chrono::{DateTime, Utc};
use domain::ids::{BindingId, StationId, TariffId};
use domain::tariffs::{
    BandDraft, Binding, ChangeRule, Currency, Energy, PriceBook, PriceList, PriceListDraft, PricedPlace,
    Quote, ScheduleDraft, Subject, Tariff, TariffDetails, TariffStatus, TariffVersion, TierDraft,
};
use domain::text::Label;
use uuid::Uuid;

/// An instant, from RFC 3339 with any offset.
pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn wh(wh: &str) -> Energy {
    Energy::from_wh(wh.parse().unwrap()).unwrap()
}

/// A band such as `07:00-10:00 peak 0.8 0.6`: times, kind, electricity, service.
pub fn band(text: &str) -> BandDraft {
    let words: Vec<_> = text.split_whitespace().collect();
    let (from, to) = words[0].split_once('-').unwrap();
    BandDraft {
        from: from.to_owned(),
        to: to.to_owned(),
        kind: words[1].to_owned(),
        electricity_price: words[2].to_owned(),
        service_fee: words[3].to_owned(),
        tiers: None,
    }
}

/// A tier such as `20000 0.8 0.6`: threshold in Wh, electricity, service.
pub fn tier(text: &str) -> TierDraft {
    let words: Vec<_> = text.split_whitespace().collect();
    TierDraft {
        above_wh: words[0].parse().unwrap(),
        electricity_price: words[1].to_owned(),
        service_fee: words[2].to_owned(),
    }
}

/// A band with tiers.
pub fn tiered(text: &str, tiers: &[&str]) -> BandDraft {
    BandDraft { tiers: Some(tiers.iter().map(|text| tier(text)).collect()), ..band(text) }
}

/// A schedule for every date.
pub fn daily(bands: &[&str]) -> ScheduleDraft {
    let bands = bands.iter().map(|text| band(text)).collect();
    ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands }
}

pub fn draft(zone: &str, schedules: Vec<ScheduleDraft>) -> PriceListDraft {
    PriceListDraft {
        time_zone: zone.to_owned(),
        holidays: None,
        schedules,
        session_fee: None,
        charging_time: None,
        occupancy: None,
        tax_percent: None,
    }
}

pub fn list(zone: &str, bands: &[&str]) -> PriceList {
    PriceList::try_from(draft(zone, vec![daily(bands)])).unwrap()
}

pub fn version(number: u32, effective_from: &str, price_list: PriceList) -> TariffVersion {
    TariffVersion { number, effective_from: instant(effective_from), price_list }
}

pub fn tariff(id: u128, currency: &str, change_rule: ChangeRule, versions: Vec<TariffVersion>) -> Tariff {
    let details = TariffDetails {
        name: Label::parse("Test").unwrap(),
        operator_id: None,
        currency: Currency::parse(currency).unwrap(),
        status: TariffStatus::Active,
        change_rule,
    };
    Tariff { id: TariffId(Uuid::from_u128(id)), details, versions }
}

pub fn binding(id: u128, subject: Subject, tariff: u128, from: &str, until: Option<&str>) -> Binding {
    Binding {
        id: BindingId(Uuid::from_u128(id)),
        subject,
        tariff_id: TariffId(Uuid::from_u128(tariff)),
        effective_from: instant(from),
        effective_until: until.map(instant),
    }
}

/// A place at a station without an operator.
pub fn place() -> PricedPlace {
    PricedPlace {
        operator_id: None,
        station_id: StationId(Uuid::from_u128(1)),
        pile_id: None,
        connector_id: None,
    }
}

/// A price book with one tariff, as the platform's default.
pub fn book_of(tariff: Tariff) -> PriceBook {
    let mut binding = binding(1, Subject::Platform, 0, "1970-01-01T00:00:00Z", None);
    binding.tariff_id = tariff.id;
    PriceBook { bindings: vec![binding], tariffs: vec![tariff] }
}

/// A price book with one price list, for an unlimited time.
pub fn book(currency: &str, price_list: PriceList) -> PriceBook {
    let versions = vec![version(1, "1970-01-01T00:00:00Z", price_list)];
    book_of(tariff(1, currency, ChangeRule::default(), versions))
}

/// The items of a quote, each as `from/to kind Wh electricity service`, in local time and without
/// seconds.
pub fn lines(quote: &Quote) -> Vec<String> {
    let line = |item: &domain::tariffs::EnergyItem| {
        format!(
            "{}/{} {} {} {} {}",
            item.from.format("%d %H:%M%:z"),
            item.to.format("%d %H:%M%:z"),
            item.kind.as_str(),
            item.energy_wh.wh().normalize(),
            item.electricity.amount(),
            item.service.amount()
        )
    };
    quote.items.iter().map(line).collect()
}
