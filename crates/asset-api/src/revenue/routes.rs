//! The operations that list and export what sessions came to, and sum up their energy.

use super::export::{self, CSV_EXAMPLE, NDJSON_EXAMPLE};
use super::query;
use super::view::{EnergyView, RevenueView};
use crate::http::error::ApiError;
use crate::http::export::{ExportRequest, TooManyExports};
use crate::http::scopes::{read, read_tariffs};
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation};
use serde_json::{Value, json};

const TAG: &str = "Revenue";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/revenue", |on| on.get(list(), super::list))
        .resource("/api/v1/revenue/export", |on| on.get(export(), export::export))
        .resource("/api/v1/energy", |on| on.get(energy(), super::energy));
}

fn list() -> Operation {
    let text = "Energy and money of sessions, from sums that each receipt changes when it is written: a session counts once it has a \
                receipt, by its latest one. A period without sessions is absent.";
    read_tariffs(Reach::Operator, "listRevenue", TAG, "List energy and revenue by day or month")
        .describe(text)
        .with(query::parameters())
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<RevenueView<'_>>>(
            StatusCode::OK,
            "A page of periods, the latest first; in each, in descending order of operator, station and currency",
            json!({ "items": [period()], "nextCursor": null }),
        ))
        .refuses([InvalidCursor])
}

fn export() -> Operation {
    let text = "All periods that match, with the parameters of the list. The last line states whether the export is complete, as in the \
                export of sessions.";
    let about = "The export; as many periods as there are, up to the limits of the service";
    read_tariffs(Reach::Operator, "exportRevenue", TAG, "Export energy and revenue by day or month")
        .describe(text)
        .with(query::parameters())
        .with(ExportRequest::parameters())
        .answers(
            Answer::text(StatusCode::OK, about, "text/csv", CSV_EXAMPLE)
                .or_text("application/x-ndjson", NDJSON_EXAMPLE),
        )
        .refuses([ApiError::from(TooManyExports), InvalidCursor.into()])
}

fn energy() -> Operation {
    let text = "For callers that may not read money, from the same sums as revenue: a session counts once it has a receipt, on the day on \
                which it ended by the clock of its price list; without a price, by UTC.";
    read(Reach::Operator, "sumEnergy", TAG, "Sum up the energy of sessions over days")
        .describe(text)
        .with(query::parameters_of_days())
        .answers(Answer::json::<EnergyView>(
            StatusCode::OK,
            "The sums",
            json!({ "sessions": 12, "energyWh": 264_000.0 }),
        ))
}

fn period() -> Value {
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let band = |wh: f64, electricity: &str, service: &str| json!({ "energyWh": wh, "electricity": money(electricity), "service": money(service) });
    json!({
        "startsOn": "2026-03-01",
        "operatorId": null,
        "stationId": null,
        "sessions": 12,
        "energyWh": 264_000.0,
        "revenue": {
            "currency": "CNY",
            "bands": {
                "sharp": band(0.0, "0.00", "0.00"),
                "peak": band(60_000.0, "65.95", "48.00"),
                "flat": band(180_000.0, "127.00", "144.00"),
                "valley": band(24_000.0, "7.40", "19.20"),
            },
            "electricity": money("200.35"),
            "service": money("211.20"),
            "sessionFee": money("12.00"),
            "chargingTime": money("0.00"),
            "occupancy": money("6.50"),
            "total": money("430.05"),
            "tax": money("0.00"),
            "totalWithTax": money("430.05"),
        },
    })
}
