//! The operations on bindings of tariffs.

use super::body::NewBinding;
use super::view::BindingView;
use crate::http::creation::once;
use crate::http::error::ApiError;
use crate::http::scopes::{read_tariffs, write_tariffs};
use crate::tariffs::openapi::{ID as TARIFF, TAG};
use crate::tariffs::problem::NotFound;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::{BindingId, ConnectorId, PileId, StationId, TariffId};
use domain::tariffs::{Binding, Level, Subject};
use domain::text::Label;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use storage::tariffs::bindings::{BindingEndRefusal, BindingRefusal};
use uuid::Uuid;

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/tariffs/bindings", |on| on.post(create(), super::create).get(list(), super::list))
        .resource("/api/v1/tariffs/bindings/{bindingId}", |on| on.get(get(), super::get))
        .resource("/api/v1/tariffs/bindings/{bindingId}/end", |on| on.post(end(), super::end));
}

fn create() -> Operation {
    let body = json!({
        "subject": { "level": "pile", "pileId": PILE },
        "tariffId": TARIFF,
        "effectiveFrom": "2026-04-01T00:00:00+08:00",
        "effectiveUntil": null,
    });
    let operation = write_tariffs(
        Reach::Operator,
        "bindTariff",
        TAG,
        "Bind a tariff to the platform, an operator, a station, a pile or a connector",
    )
    .describe(
        "The binding with the narrowest level applies. Two bindings of one subject must not overlap in time.",
    )
    .takes::<NewBinding>(body);
    let answer = shown(StatusCode::CREATED, "The new binding");
    once(operation, answer, "The path of the binding.").refuses([
        ApiError::from(BindingRefusal::TariffNotFound),
        BindingRefusal::TariffNotActive.into(),
        BindingRefusal::SubjectNotFound.into(),
        BindingRefusal::InPast.into(),
        BindingRefusal::Clash(Box::new(other())).into(),
    ])
}

/// The overlapping binding in the example of a refusal.
fn other() -> Binding {
    Binding {
        id: BindingId(Uuid::from_u128(0x0192_f0c4_0b0d_7000_8000_0000_0000_0001)),
        subject: Subject::Platform,
        tariff_id: TariffId(Uuid::from_u128(0x0192_f0c4_7a11_7f00_8a00_0000_0000_0001)),
        effective_from: DateTime::UNIX_EPOCH,
        effective_until: None,
    }
}

fn list() -> Operation {
    read_tariffs(Reach::Operator, "listBindings", TAG, "List bindings")
        .describe("The newest binding first, including those that have ended. With `level`, only bindings of one subject, which the other parameters name as in bodies.")
        .with([
            Parameter::query::<TariffId>("tariffId", "Only bindings of this tariff."),
            Parameter::query::<Level>("level", "The level of the subject."),
            Parameter::query::<Label>("operatorId", "The operator, for level `operator`."),
            Parameter::query::<StationId>("stationId", "The station, for level `station`."),
            Parameter::query::<PileId>("pileId", "The pile, for levels `pile` and `connector`."),
            Parameter::query::<ConnectorId>("connectorId", "The connector, for level `connector`."),
        ])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<BindingView<'_>>>(
            StatusCode::OK,
            "A page of bindings",
            json!({ "items": [binding()], "nextCursor": null }),
        ))
        .refuses([InvalidCursor])
}

fn get() -> Operation {
    read_tariffs(Reach::Operator, "getBinding", TAG, "Get a binding")
        .answers(shown(StatusCode::OK, "The binding"))
        .refuses([ApiError::from(NotFound::Binding)])
}

/// The end of a binding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EndOfBinding", extend("additionalProperties" = false))]
struct EndOfBinding {
    /// The end, exclusive; now when absent.
    effective_until: Option<DateTime<Utc>>,
}

fn end() -> Operation {
    write_tariffs(Reach::Operator, "endBinding", TAG, "End a binding")
        .describe(
            "The end may be now or later, but not later than the current end. A binding that has not begun by then never applies.",
        )
        .takes::<EndOfBinding>(json!({ "effectiveUntil": "2026-07-01T00:00:00+08:00" }))
        .answers(shown(StatusCode::OK, "The binding after the edit"))
        .refuses([
            ApiError::from(BindingEndRefusal::NotFound),
            BindingEndRefusal::InPast.into(),
            BindingEndRefusal::EndsEarlier { current: DateTime::UNIX_EPOCH }.into(),
        ])
}

fn shown(status: StatusCode, about: &'static str) -> Answer {
    Answer::json::<BindingView<'_>>(status, about, binding())
}

const PILE: &str = "0192f0c2-3b4d-7e5f-8a6b-7c8d9e0f1a2b";

fn binding() -> Value {
    json!({
        "id": "0192f0c4-9c55-7b3e-8000-2a2b2c2d2e2f",
        "subject": { "level": "pile", "pileId": PILE },
        "tariffId": TARIFF,
        "effectiveFrom": "2026-03-31T16:00:00Z",
        "effectiveUntil": null,
        "createdAt": "2026-03-01T09:30:00Z",
        "createdBy": "pricing-desk",
        "endedAt": null,
        "endedBy": null,
    })
}
