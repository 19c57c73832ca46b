//! The operations on prices and quotes.

use super::body::QuoteRequest;
use super::view::{SessionQuoteView, TimetableView};
use super::{problem, session};
use crate::http::error::ApiError;
use crate::http::scopes::read_tariffs;
use crate::sessions::SessionNotFound;
use crate::tariffs::prices::price_target;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use domain::tariffs::{InvalidUsage, PriceAt, PriceBook, Quote, Unpriced, UnquotableSession};
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Value, json};

const TAG: &str = "Prices";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/tariffs/price", |on| on.get(price(), super::price))
        .resource("/api/v1/tariffs/timetable", |on| on.get(timetable(), super::timetable))
        .resource("/api/v1/tariffs/quote", |on| on.post(quote(), super::quote))
        .resource("/api/v1/sessions/{sessionId}/quote", |on| on.get(quote_session(), session::quote));
}

fn price() -> Operation {
    let example = json!({
        "at": "2026-11-23T12:00:00+08:00",
        "electricityPrice": "1.2345",
        "serviceFee": "0.80",
        "pricePerKwh": "2.0345",
        "tiers": [{ "aboveWh": 20_000.0, "electricityPrice": "1.4345", "serviceFee": "0.80" }],
        "chargingTime": { "pricePerMinute": "0.10", "basis": "energyFlow" },
        "taxPercent": "6",
        "currency": "CNY",
        "kind": "sharp",
        "tariffId": TARIFF,
        "version": 2,
        "schedule": 0,
        "band": 1,
        "considered": [
            { "bindingId": BINDING, "level": "pile", "tariffId": TARIFF, "outcome": "applies" },
            { "bindingId": WIDER, "level": "platform", "tariffId": "0192f0c4-7a11-7f00-8a00-000000000001",
              "outcome": "overridden", "by": BINDING },
        ],
    });
    read_tariffs(Reach::Operator, "getPrice", TAG, "Get the price of a kWh at an instant, and its reason")
        .describe(
            "Returns the version and the band that apply, and all bindings at that place with the reason why each applies or does \
             not.",
        )
        .with(price_target::parameters())
        .with([Parameter::query::<DateTime<Utc>>("at", "The instant; now when absent.")])
        .answers(Answer::json::<PriceAt>(StatusCode::OK, "The price", example))
        .refuses(refusals())
}

fn timetable() -> Operation {
    let row = |from: &str, to: &str, kind: &str, electricity: &str, all: &str| {
        json!({ "from": from, "to": to, "kind": kind, "electricityPrice": electricity, "serviceFee": "0.80",
                "pricePerKwh": all, "tiers": [], "chargingTime": null, "taxPercent": null, "currency": "CNY" })
    };
    let example = json!({
        "timeZone": "Asia/Shanghai",
        "first": "2026-11-23",
        "last": "2026-11-23",
        "rows": [
            row("2026-11-23T00:00:00+08:00", "2026-11-23T07:00:00+08:00", "valley", "0.3158", "1.1158"),
            row("2026-11-23T07:00:00+08:00", "2026-11-24T00:00:00+08:00", "sharp", "1.2345", "2.0345"),
        ],
        "unpriced": [],
    });
    let days = json_schema!({ "type": "integer", "minimum": 1, "maximum": PriceBook::MAX_DAYS });
    read_tariffs(Reach::Operator, "getTimetable", TAG, "Get the price of a kWh through a day, a week or more")
    .describe("For display to drivers: adjacent bands with the same price are merged. `unpriced` lists the times at which no tariff applies.")
        .with(price_target::parameters())
        .with([
            Parameter::query::<NaiveDate>(
                "date",
                "The first date, in the time zone of the prices; today when absent.",
            ),
            Parameter::query::<i64>("days", "The number of dates; 1 when absent.").like(days),
        ])
        .answers(Answer::json::<TimetableView>(StatusCode::OK, "The timetable", example))
        .refuses(refusals())
}

fn quote() -> Operation {
    let body = json!({
        "pileId": "0192f0c2-3b4d-7e5f-8a6b-7c8d9e0f1a2b",
        "connectorId": 1,
        "readings": [
            { "at": "2026-11-23T06:30:00+08:00", "energyWh": 1_204_000.0 },
            { "at": "2026-11-23T07:00:00+08:00", "energyWh": 1_214_000.0 },
            { "at": "2026-11-23T07:30:00+08:00", "energyWh": 1_224_500.0 },
        ],
        "unpluggedAt": "2026-11-23T08:00:00+08:00",
    });
    read_tariffs(Reach::Operator, "quoteSession", TAG, "Quote a session, item by item")
        .describe(
            "The body has either `startedAt`, `endedAt` and `energyWh`, or `readings` of the meter. Energy is assumed to flow evenly \
             from start to end, or between two readings. Nothing is saved.",
        )
        .takes::<QuoteRequest>(body)
        .answers(Answer::json::<Quote>(StatusCode::OK, "The quote", quoted()))
        .refuses(refusals())
        .refuses([problem::currencies_mixed()])
}

fn quote_session() -> Operation {
    let mut example = json!({
        "sessionId": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b",
        "ended": true,
        "readings": 24,
        "unpluggedAt": "2026-11-23T00:00:00Z",
    });
    let fields = quoted().as_object().cloned().unwrap_or_default();
    example.as_object_mut().into_iter().for_each(|all| all.extend(fields.clone()));
    read_tariffs(Reach::Operator, "quoteRecordedSession", TAG, "Quote a recorded session by its own readings")
        .describe(
            "An open session is quoted up to its last reading. The prices are those of the pile in which the session began. \
             Occupancy lasts until the connector was free again, if that is known. The platform quotes; it does not bill.",
        )
        .answers(Answer::json::<SessionQuoteView>(StatusCode::OK, "The quote", example))
        .refuses(reasons())
        .refuses([
            ApiError::from(SessionNotFound),
            UnquotableSession::WithoutPile.into(),
            UnquotableSession::NotMetered(InvalidUsage::Count).into(),
        ])
        .refuses([problem::currencies_mixed()])
}

fn refusals() -> Vec<ApiError> {
    let places = [
        storage::assets::stations::StationRefusal::NotFound.into(),
        storage::assets::piles::PileRefusal::NotFound.into(),
    ];
    places.into_iter().chain(reasons()).collect()
}

/// The refusals when there is no price.
fn reasons() -> [ApiError; 2] {
    [
        Unpriced::NoTariff { at: DateTime::UNIX_EPOCH, considered: Vec::new() }.into(),
        Unpriced::OutOfReach.into(),
    ]
}

const TARIFF: &str = crate::tariffs::openapi::ID;
const BINDING: &str = "0192f0c4-9c55-7b3e-8000-2a2b2c2d2e2f";
const WIDER: &str = "0192f0c4-0b0d-7000-8000-000000000001";

fn quoted() -> Value {
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let item = |from: &str, to: &str, kind: &str, price: &str, wh: f64, electricity: &str, service: &str| {
        json!({ "from": from, "to": to, "tariffId": TARIFF, "version": 2, "kind": kind, "tier": 0, "electricityPrice": price,
                "serviceFee": "0.80", "taxPercent": "6", "energyWh": wh, "electricity": money(electricity), "service": money(service) })
    };
    let (start, seven, end) =
        ("2026-11-23T06:30:00+08:00", "2026-11-23T07:00:00+08:00", "2026-11-23T07:30:00+08:00");
    json!({
        "currency": "CNY",
        "changeRule": "FrozenAtStart",
        "items": [
            item(start, seven, "valley", "0.3158", 10_000.0, "3.16", "8.00"),
            item(seven, end, "sharp", "1.2345", 10_500.0, "12.96", "8.40"),
        ],
        "chargingTime": [{ "from": start, "to": end, "tariffId": TARIFF, "version": 2, "pricePerMinute": "0.10",
                           "basis": "energyFlow", "taxPercent": "6", "chargedSeconds": 3600, "amount": money("6.00") }],
        "sessionFee": money("1.00"),
        "occupancy": { "tariffId": TARIFF, "version": 2, "pricePerMinute": "0.5", "graceMinutes": 15, "chargedMinutes": 15,
                       "capped": false, "taxPercent": "6", "amount": money("7.50") },
        "energyWh": 20_500.0,
        "taxes": [{ "percent": "6", "net": money("47.02"), "tax": money("2.82") }],
        "totals": { "electricity": money("16.12"), "service": money("16.40"), "chargingTime": money("6.00"),
                    "sessionFee": money("1.00"), "occupancy": money("7.50"), "total": money("47.02"),
                    "tax": money("2.82"), "totalWithTax": money("49.84") },
    })
}
