use super::*;
use crate::tariffs::{ChangeRule, PriceListDraft};
use crate::text::Label;
use serde_json::json;

fn prices(price: &str) -> PriceList {
    let band = json!({ "from": "00:00", "to": "24:00", "kind": "flat", "electricityPrice": price, "serviceFee": "0.50" });
    let draft = json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": [band] }], "sessionFee": "1", "taxPercent": "10" });
    let draft: PriceListDraft = serde_json::from_value(draft).unwrap();
    PriceList::try_from(draft).unwrap()
}

fn comparison(price: &str, currency: &str) -> Comparison {
    let details = TariffDetails {
        name: Label::parse("Day").unwrap(),
        operator_id: None,
        currency: Currency::parse(currency).unwrap(),
        status: TariffStatus::Draft,
        change_rule: ChangeRule::ByConsumption,
    };
    Comparison::new(TariffId(Uuid::nil()), details, prices(price), StationId(Uuid::nil()))
}

fn usage(kwh: &str) -> Usage {
    let at = |hour: u32| format!("2026-11-01T{hour:02}:00:00Z").parse().unwrap();
    Usage::even(at(1), at(2), Energy::parse(&format!("{kwh}000")).unwrap()).unwrap()
}

/// The session as it was priced with this price.
fn earned(kwh: &str, price: &str, currency: &str) -> PricedSession {
    let comparison = comparison(price, currency);
    let usage = usage(kwh);
    let totals = comparison.book.quote(&comparison.place, &usage).unwrap().totals;
    PricedSession { usage, totals }
}

#[test]
fn sums_what_sessions_earned_and_would_have_earned() {
    let mut comparison = comparison("2.00", "CNY");
    for session in [earned("10", "1.00", "CNY"), earned("20", "1.50", "CNY")] {
        comparison.add(Some(&session));
    }
    comparison.add(None);
    comparison.add(Some(&earned("10", "1.00", "EUR")));
    let outcome = comparison.finish();
    assert_eq!((outcome.sessions, outcome.unpriced, outcome.other_currency), (2, 1, 1));
    assert_eq!(outcome.energy_wh, Energy::parse("30000").unwrap());
    let shown = |earnings: Earnings| {
        [earnings.electricity, earnings.service, earnings.session_fee, earnings.tax, earnings.total]
            .map(|money| money.amount().to_string())
    };
    assert_eq!(shown(outcome.earned), ["40.00", "15.00", "2.00", "5.70", "62.70"]);
    assert_eq!(shown(outcome.would_earn), ["60.00", "15.00", "2.00", "7.70", "84.70"]);
}

#[test]
fn the_version_by_which_sessions_were_priced_earns_the_same() {
    let mut comparison = comparison("1.2345", "CNY");
    for kwh in ["1", "7", "33"] {
        comparison.add(Some(&earned(kwh, "1.2345", "CNY")));
    }
    let outcome = comparison.finish();
    assert_eq!(outcome.earned, outcome.would_earn);
}
