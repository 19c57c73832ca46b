use super::{COLUMNS, CSV_EXAMPLE, HEADER, NDJSON_EXAMPLE, RevenueView};
use crate::http::export::csv;
use domain::tariffs::{BandRevenue, Currency, Energy, Fees, Money, Revenue, RevenueByBand};
use serde_json::Value;
use storage::sessions::revenue::{PeriodRevenue, RevenuePosition};

/// The sums of the examples.
fn sums() -> PeriodRevenue {
    let cny = Currency::parse("CNY").unwrap();
    let money = |text| Money::parse(text, cny).unwrap();
    let wh = |text| Energy::parse_sum(text).unwrap();
    let band = |energy, electricity, service| BandRevenue {
        energy_wh: wh(energy),
        electricity: money(electricity),
        service: money(service),
    };
    let bands = RevenueByBand {
        sharp: band("0", "0", "0"),
        peak: band("60000", "65.95", "48"),
        flat: band("180000", "127", "144"),
        valley: band("24000", "7.40", "19.20"),
    };
    let fees = Fees {
        session_fee: money("12"),
        charging_time: money("0"),
        occupancy: money("6.5"),
        tax: money("0"),
    };
    let position = RevenuePosition {
        starts_on: "2026-03-01".parse().unwrap(),
        operator_id: "op-7".to_owned(),
        station_id: uuid::Uuid::nil(),
        currency: "CNY".to_owned(),
    };
    let revenue = Some(Revenue::of(cny, bands, fees));
    PeriodRevenue { position, sessions: 12, energy_wh: wh("264000"), revenue }
}

#[test]
fn has_a_column_for_each_field_of_a_period() {
    assert_eq!(HEADER, format!("{},exportOutcome,nextCursor\r\n", COLUMNS.join(",")));
    assert!(CSV_EXAMPLE.starts_with(HEADER));
    let sums = sums();
    let mut row = String::new();
    csv::write_row(&mut row, &RevenueView::of(&sums), &COLUMNS);
    assert_eq!(CSV_EXAMPLE.split_inclusive("\r\n").nth(1), Some(row.as_str()));
    let mut fields = Vec::new();
    leaves(&serde_json::to_value(RevenueView::of(&sums)).unwrap(), "", &mut fields);
    // The currency of each amount is that of the period.
    fields.retain(|field| field == "revenue.currency" || !field.ends_with(".currency"));
    fields.sort_unstable();
    let mut columns = COLUMNS.to_vec();
    columns.sort_unstable();
    assert_eq!(fields, columns);
}

#[test]
fn shows_the_same_period_as_json() {
    let line: Value = serde_json::from_str(NDJSON_EXAMPLE.lines().next().unwrap()).unwrap();
    assert_eq!(line["period"], serde_json::to_value(RevenueView::of(&sums())).unwrap());
}

/// The paths of all values in `value` that are neither objects nor lists.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(fields) = value.as_object() else { return found.push(path.to_owned()) };
    for (name, field) in fields {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(field, &path, found);
    }
}
