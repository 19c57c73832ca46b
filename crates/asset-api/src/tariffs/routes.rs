//! The operations on tariffs, and on their versions in the formats of other platforms.

use super::exchange::{self, TcecView};
use super::openapi::{ID, TAG, number};
use super::view::TariffView;
use super::what_if::WhatIfView;
use crate::http::creation::once;
use crate::http::edit::if_match;
use crate::http::error::ApiError;
use crate::http::scopes::{read_tariffs, write_tariffs};
use crate::tariffs::problem::NotFound;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{BindingId, StationId};
use domain::tariffs::ocpi::{Horizon, Inexpressible, Object};
use domain::tariffs::{TariffDetails, TariffStatus, tcec};
use domain::text::Label;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Value, json};
use storage::assets::stations::StationRefusal;
use storage::tariffs::TariffRefusal;
use uuid::Uuid;

pub fn set_up(routes: &mut Routes<'_>) {
    let of_version = "/api/v1/tariffs/{tariffId}/versions/{number}";
    routes
        .resource("/api/v1/tariffs", |on| on.post(create(), super::create).get(list(), super::list))
        .resource("/api/v1/tariffs/{tariffId}", |on| {
            on.get(get(), super::get)
                .put(replace(), super::replace)
                .patch(patch(), super::patch)
                .delete(retire(), super::retire)
        })
        .resource(&format!("{of_version}/ocpi"), |on| on.get(ocpi(), exchange::ocpi))
        .resource(&format!("{of_version}/tcec"), |on| on.get(tcec(), exchange::tcec))
        .resource(&format!("{of_version}/what-if"), |on| on.get(what_if(), super::what_if::what_if));
}

fn create() -> Operation {
    let operation = write_tariffs(Reach::Operator, "createTariff", TAG, "Create a tariff")
        .describe("A tariff has no prices at first: put a draft and publish it as a version.")
        .takes::<TariffDetails>(details());
    once(operation, shown(StatusCode::CREATED, "The new tariff"), "The path of the tariff.")
        .refuses([ApiError::from(TariffRefusal::NotFound)])
}

fn list() -> Operation {
    read_tariffs(Reach::Operator, "listTariffs", TAG, "List tariffs")
        .describe("The newest tariff first.")
        .with([
            Parameter::query::<Label>("operatorId", "Only tariffs of this operator."),
            Parameter::query::<TariffStatus>("status", "Only tariffs with this status."),
            Parameter::query::<bool>(
                "retired",
                "`true`: retired tariffs instead of active ones; `false` when absent.",
            ),
            Parameter::query::<bool>(
                "awaitsApproval",
                "`true`: only tariffs whose draft awaits the approval of its publication; `false`: only the others.",
            ),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<TariffView<'_>>>(
            StatusCode::OK,
            "A page of tariffs",
            json!({ "items": [tariff()], "nextCursor": null }),
        ))
        .refuses([InvalidCursor])
}

fn get() -> Operation {
    read_tariffs(Reach::Operator, "getTariff", TAG, "Get a tariff")
        .answers(shown(StatusCode::OK, "The tariff"))
        .refuses([ApiError::from(TariffRefusal::NotFound)])
}

fn replace() -> Operation {
    edit("replaceTariff", "Replace the details of a tariff")
        .describe("Fields that are absent from the body are cleared.")
        .takes::<TariffDetails>(details())
        .answers(shown(StatusCode::OK, "The tariff after the edit"))
        .refuses([ApiError::from(TariffRefusal::CurrencyFixed), bound()])
}

fn patch() -> Operation {
    edit("patchTariff", "Change some details of a tariff")
    .describe("JSON Merge Patch (RFC 7396): fields that are absent from the body keep their value, null clears a field.")
        .takes_patch::<TariffDetails>(json!({ "status": "Active", "operatorId": null }))
        .answers(shown(StatusCode::OK, "The tariff after the edit"))
        .refuses([ApiError::from(TariffRefusal::CurrencyFixed), bound()])
}

fn retire() -> Operation {
    edit("retireTariff", "Retire a tariff that is no longer bound")
        .describe("Its past bindings and versions continue to price past sessions.")
        .answers(Answer::empty(StatusCode::NO_CONTENT, "The tariff is retired"))
        .refuses([bound()])
}

/// An operation that edits a tariff.
fn edit(id: &'static str, summary: &'static str) -> Operation {
    write_tariffs(Reach::Operator, id, TAG, summary)
        .with(if_match())
        .refuses([ApiError::from(TariffRefusal::NotFound), TariffRefusal::OtherVersion { current: 4 }.into()])
}

fn bound() -> ApiError {
    let by = Some(BindingId(Uuid::from_u128(0x0192_f0c4_0b0d_7000_8000_0000_0000_0001)));
    TariffRefusal::Bound { by }.into()
}

fn ocpi() -> Operation {
    let days = json_schema!({ "type": "integer", "minimum": 1, "maximum": Horizon::MAX_DAYS });
    let text = "OCPI has no recurring seasons and holidays: give the dates, `from` and `days`, for which they are expanded. \
                Electricity price and service fee become one price, their sum.";
    read_tariffs(Reach::Operator, "getTariffVersionAsOcpi", TAG, "Get a version as a Tariff of OCPI 2.2.1")
        .describe(text)
        .with([
            number(),
            Parameter::query::<String>(
                "countryCode",
                "The country of the party that owns the Tariff: two capital letters.",
            )
            .like(json_schema!({ "type": "string", "pattern": "^[A-Z]{2}$", "examples": ["CN"] }))
            .required(),
            Parameter::query::<String>("partyId", "The party that owns the Tariff: three letters or digits.")
                .like(json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9]{3}$", "examples": ["CPO"] }))
                .required(),
            Parameter::query::<String>(
                "id",
                "The id of the Tariff in OCPI; the id of the tariff when absent.",
            )
            .like(json_schema!({ "type": "string", "pattern": "^[!-~]{1,36}$" })),
            Parameter::query::<NaiveDate>("from", "The first of the dates."),
            Parameter::query::<u16>("days", "The number of dates; 400 when absent.").like(days),
        ])
        .answers(Answer::json::<Object>(StatusCode::OK, "The Tariff object", in_ocpi()))
        .refuses(of_version())
        .refuses([ApiError::from(Inexpressible::NeedsHorizon { schedule: 0 })])
}

fn tcec() -> Operation {
    let example = json!({
        "date": "2026-11-23",
        "document": { "SumPeriod": 2, "PolicyInfos": [
            { "StartTime": "000000", "ElecPrice": 0.3158, "SevicePrice": 0.8 },
            { "StartTime": "070000", "ElecPrice": 1.2345, "SevicePrice": 0.8 },
        ] },
        "names": ["谷", "尖"],
        "leftOut": ["occupancy"],
    });
    read_tariffs(
        Reach::Operator,
        "getTariffVersionAsTcec",
        TAG,
        "Get the price periods of a date for T/CEC 102",
    )
    .describe("With the names of the periods, and the charges of the version that T/CEC 102 cannot express.")
    .with([
        number(),
        Parameter::query::<NaiveDate>("date", "The date; today in the time zone of the prices when absent."),
    ])
    .answers(Answer::json::<TcecView>(StatusCode::OK, "The periods", example))
    .refuses(of_version())
    .refuses([ApiError::from(tcec::Inexpressible::TooManyPeriods)])
}

fn what_if() -> Operation {
    let sums = |electricity: &str, total: &str| {
        let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
        json!({ "electricity": money(electricity), "service": money("8200.00"), "chargingTime": money("0.00"),
                "sessionFee": money("0.00"), "occupancy": money("320.00"), "tax": money("0.00"), "total": money(total) })
    };
    let example = json!({
        "complete": true,
        "sessions": 412,
        "energyWh": 10_250_000.0,
        "earned": sums("9120.40", "17640.40"),
        "wouldEarn": sums("9801.15", "18321.15"),
        "unpriced": 3,
        "otherCurrency": 0,
    });
    read_tariffs(
        Reach::Operator,
        "whatIfTariffVersion",
        TAG,
        "Compare what sessions of a station earned with what they would have earned under a version",
    )
    .describe(
        "Prices the readings of the latest receipts of the ended sessions again, as if the version, which may be the draft, had \
         always been in force. At most 5,000 sessions, the latest first. Nothing is saved.",
    )
    .with([
        number(),
        Parameter::query::<StationId>("stationId", "The station, which may be retired.").required(),
        Parameter::query::<DateTime<Utc>>("from", "Only sessions that began at or after this instant.").required(),
        Parameter::query::<DateTime<Utc>>(
            "until",
            "Only sessions that began before this instant, at most 31 days and one hour after `from`: a month in \
             which clocks are set back.",
        )
        .required(),
    ])
    .answers(Answer::json::<WhatIfView>(StatusCode::OK, "The comparison", example))
    .refuses(of_version())
    .refuses([ApiError::from(StationRefusal::NotFound)])
}

fn of_version() -> [ApiError; 2] {
    [TariffRefusal::NotFound.into(), NotFound::Version.into()]
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<TariffView<'_>>(status, about, tariff())
        .header("ETag", "The version of the tariff, for `If-Match`.")
}

fn details() -> Value {
    json!({
        "name": "浦东分时电价",
        "operatorId": "op-east",
        "currency": "CNY",
        "status": "Active",
        "changeRule": "FrozenAtStart",
    })
}

fn tariff() -> Value {
    let mut tariff = details();
    let more = json!({
        "id": ID,
        "createdAt": "2026-01-05T08:00:00Z",
        "updatedAt": "2026-03-01T09:30:00Z",
        "retiredAt": null,
        "version": 3,
        "awaitsApproval": false,
    });
    let fields = more.as_object().cloned().unwrap_or_default();
    tariff.as_object_mut().into_iter().for_each(|all| all.extend(fields.clone()));
    tariff
}

fn in_ocpi() -> Value {
    let energy = |price: f64, from: &str, to: &str| {
        json!({ "price_components": [{ "type": "ENERGY", "price": price, "step_size": 1 }],
                "restrictions": { "start_time": from, "end_time": to } })
    };
    json!({
        "country_code": "CN",
        "party_id": "CPO",
        "id": ID,
        "currency": "CNY",
        "type": "REGULAR",
        "elements": [energy(1.1158, "00:00", "07:00"), energy(2.0345, "07:00", "00:00")],
        "start_date_time": "2026-04-01T00:00:00Z",
        "last_updated": "2026-03-01T09:30:00Z",
    })
}
