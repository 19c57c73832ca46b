//! The operations on sessions.

use super::SessionNotFound;
use super::end::EndBody;
use super::export::{CSV_EXAMPLE, ESTIMATED_ROWS, NDJSON_EXAMPLE};
use super::filter;
use super::receipt::{self, ReceiptRefusal, ReceiptView, Receipts};
use super::view::{SampleView, SessionView};
use crate::http::error::ApiError;
use crate::http::export::{ExportRequest, TooManyExports};
use crate::http::scopes::{operate, read, read_tariffs};
use actix_web::http::StatusCode;
use chrono::DateTime;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Value, json};
use storage::assets::piles::PileRefusal;
use storage::sessions::SessionEndRefusal;

const TAG: &str = "Sessions";

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/piles/{pileId}/sessions", |on| on.get(list_of_pile(), super::list_of_pile))
        .resource("/api/v1/sessions", |on| on.get(list(), super::list))
        // Before the session: "export" would otherwise match the id in its path.
        .resource("/api/v1/sessions/export", |on| on.get(export(), super::export::export))
        .resource("/api/v1/sessions/{sessionId}", |on| on.get(get(), super::get))
        .resource("/api/v1/sessions/{sessionId}/end", |on| on.post(end(), super::end::end))
        .resource("/api/v1/sessions/{sessionId}/receipt", |on| on.get(get_receipt(), receipt::get))
        .resource("/api/v1/sessions/{sessionId}/receipts", |on| on.get(list_receipts(), receipt::list))
        .resource("/api/v1/sessions/{sessionId}/meter-samples", |on| on.get(samples(), super::samples));
}

fn list() -> Operation {
    read(Reach::Operator, "listSessions", TAG, "List sessions")
        .describe("Filters can be combined. A session belongs to the place where its charge point was when it began, whatever was edited since.")
        .with(filter::parameters())
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([InvalidCursor])
}

fn export() -> Operation {
    let text = "All sessions that match, the latest first, with the filters of the list. The last line states whether the export is \
                complete (`outcome` or `exportOutcome` is `complete`). Otherwise it has the cursor with which another export continues, and \
                why this one ended: `rowLimit`, `timeLimit`, `stopped` or `failed`. A response without that line was cut off. In CSV, a \
                text that a spreadsheet could take for a formula, or that begins with an apostrophe, has an apostrophe in front.";
    let about = "The export; as many sessions as there are, up to the limits of the service";
    read(Reach::Operator, "exportSessions", TAG, "Export sessions")
        .describe(text)
        .with(filter::parameters())
        .with(ExportRequest::parameters())
        .answers(
            Answer::text(StatusCode::OK, about, "text/csv", CSV_EXAMPLE)
                .or_text("application/x-ndjson", NDJSON_EXAMPLE)
                .header(
                    ESTIMATED_ROWS,
                    "Estimated number of sessions in this response, by statistics of the database; may be far off.",
                ),
        )
        .refuses([ApiError::from(TooManyExports), InvalidCursor.into()])
}

fn list_of_pile() -> Operation {
    read(Reach::Operator, "listSessionsOfPile", TAG, "List the sessions of a pile")
        .describe("The sessions that began at the pile, of all charge points that were in it.")
        .with(PageRequest::parameters())
        .answers(page())
        .refuses([ApiError::from(PileRefusal::NotFound), InvalidCursor.into()])
}

fn page() -> Answer {
    let example = json!({ "items": [session()], "nextCursor": null });
    Answer::json::<Page<SessionView<'_>>>(StatusCode::OK, "A page of sessions, the latest first", example)
}

fn get() -> Operation {
    read(Reach::Operator, "getSession", TAG, "Get a session")
        .answers(Answer::json::<SessionView<'_>>(StatusCode::OK, "The session", session()))
        .refuses([ApiError::from(SessionNotFound)])
}

fn end() -> Operation {
    let text = "For a session whose stop never arrived, so that its pile can be retired and its driver billed. A stop that arrives later \
                replaces this end and its register; the feed publishes both.";
    operate(Reach::Operator, "endSession", TAG, "End an open session")
        .describe(text)
        .takes::<EndBody>(json!({ "reason": "设备烧毁, 现场抄表", "meterStopWh": 1_204_550.0 }))
        .answers(Answer::json::<SessionView<'_>>(StatusCode::OK, "The ended session", session()))
        .refuses([
            ApiError::from(SessionEndRefusal::NotFound),
            SessionEndRefusal::Ended { at: DateTime::UNIX_EPOCH }.into(),
            SessionEndRefusal::RegisterBelowStart { start_wh: 1_182_400.0 }.into(),
        ])
}

fn get_receipt() -> Operation {
    let text = "A receipt is written when the session has ended and has been unchanged for a grace time, 15 minutes by default, and it never \
                changes. Facts that arrive later lead to another receipt, which names the one that it replaces. It has the readings \
                that it rests on, so it stays complete after the samples have been deleted.";
    read_tariffs(Reach::Operator, "getReceipt", TAG, "Get a receipt of a session")
        .describe(text)
        .with([Parameter::query::<u32>("number", "The number of the receipt; the latest one when absent.")
            .like(json_schema!({ "type": "integer", "minimum": 1, "maximum": i32::MAX }))])
        .answers(Answer::json::<ReceiptView>(StatusCode::OK, "The receipt", receipt_example()))
        .refuses([
            ApiError::from(SessionNotFound),
            ReceiptRefusal::NotYet.into(),
            ReceiptRefusal::NoSuchNumber.into(),
            ReceiptRefusal::NotKept.into(),
        ])
}

fn list_receipts() -> Operation {
    let mut summary = receipt_example();
    summary.as_object_mut().map(|fields| fields.remove("readings"));
    read_tariffs(Reach::Operator, "listReceipts", TAG, "List the receipts of a session")
        .describe("Without the readings. The first one is valid; each replaces the next one. Empty while there is none.")
        .answers(Answer::json::<Receipts>(StatusCode::OK, "The receipts, the latest first", json!({ "items": [summary] })))
        .refuses([ApiError::from(SessionNotFound)])
}

fn receipt_example() -> Value {
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let (tariff, binding) = ("0192f0c4-7a11-7f00-8a00-000000000002", "0192f0c4-9c55-7b3e-8000-2a2b2c2d2e2f");
    let (start, end) = ("2026-03-01T09:12:30Z", "2026-03-01T09:40:00Z");
    let item = json!({
        "from": "2026-03-01T17:12:30+08:00", "to": "2026-03-01T17:40:00+08:00", "tariffId": tariff, "version": 2, "kind": "flat",
        "tier": 0, "taxPercent": null, "electricityPrice": "0.7055", "serviceFee": "0.80", "energyWh": 22_150.0, "electricity": money("15.63"),
        "service": money("17.72"),
    });
    let totals = json!({ "electricity": money("15.63"), "service": money("17.72"), "chargingTime": money("0.00"),
                         "sessionFee": money("0.00"), "occupancy": money("0.00"), "total": money("33.35"), "tax": null,
                         "totalWithTax": null });
    let price = json!({ "currency": "CNY", "changeRule": "FrozenAtStart", "items": [item], "chargingTime": [], "sessionFee": null,
                        "occupancy": null, "energyWh": 22_150.0, "taxes": [], "totals": totals });
    let mut example = json!({
        "number": 2, "replaces": 1, "issuedAt": "2026-03-01T11:02:08Z",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "sessionId": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b", "withdrawn": false, "unpluggedAt": "2026-03-01T09:52:10Z",
        "energyByBand": [{ "kind": "flat", "energyWh": 22_150.0 }],
        "tariffs": [{ "from": start, "to": end, "bindingId": binding, "level": "pile", "tariffId": tariff, "version": 2 }],
        "price": price, "unpriced": null, "readingCount": 2,
        "readingsDigest": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        "readings": [{ "at": start, "energyWh": 1_182_400.0 }, { "at": end, "energyWh": 1_204_550.0 }],
    });
    let mut fields = session();
    let ended =
        json!({ "endedAt": end, "endReason": "Local", "meterStopWh": 1_204_550.0, "energyWh": 22_150.0 });
    for part in [&mut fields, &mut example] {
        part.as_object_mut().map(|part| part.remove("id"));
    }
    for part in [ended, fields] {
        if let (Some(all), Value::Object(part)) = (example.as_object_mut(), part) {
            for (name, value) in part {
                all.entry(name).or_insert(value);
            }
        }
    }
    example
}

fn samples() -> Operation {
    let sample = json!({ "takenAt": "2026-03-01T09:29:55Z", "energyWh": 1_204_550.0, "powerW": 84_300.0, "voltageV": 401.2,
                         "currentA": 210.1, "socPercent": 46.0, "temperatureC": 31.5 });
    let example = json!({ "items": [sample], "nextCursor": "BQAGTC4Y3UIA" });
    read(Reach::Operator, "listMeterSamples", TAG, "List the meter samples of a session")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<SampleView>>(
            StatusCode::OK,
            "A page of meter samples, the latest first",
            example,
        ))
        .refuses([ApiError::from(SessionNotFound), InvalidCursor.into()])
}

fn session() -> Value {
    json!({
        "id": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b",
        "pileId": "0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02",
        "stationId": "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11",
        "operatorId": "op-7",
        "chargePointId": "CP-3101-0007",
        "connectorId": 1,
        "transactionId": "634",
        "idTag": "A1B2C3D4",
        "reservationId": null,
        "commandId": "0192f0c3-5140-7e6a-a2a1-1c2d3e4f5061",
        "startedAt": "2026-03-01T09:12:30Z",
        "startedBy": "event",
        "endedAt": null,
        "endReason": null,
        "endIssuedBy": null,
        "meterStartWh": 1_182_400.0,
        "meterStopWh": null,
        "energyWh": 22_150.0,
        "limits": { "maxEnergyWh": 22_000, "maxDurationS": null, "maxAmount": null, "currency": null },
        "limitReached": {
            "limit": "energy",
            "at": "2026-03-01T09:29:55Z",
            "value": "22150",
            "stopCommandId": "0192f0c3-5140-7d21-9b0e-5c4d3e2f1a0b",
            "finalValue": null,
            "overshoot": null,
        },
    })
}
