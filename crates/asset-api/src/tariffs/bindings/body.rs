//! Parses the body of requests that create a binding, and the subject in queries.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, instant, uuid};
use chrono::{DateTime, Utc};
use domain::ids::{BindingId, TariffId};
use domain::tariffs::{Binding, Subject};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A binding to create.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewBinding", extend("additionalProperties" = false))]
pub struct NewBinding {
    /// The subject that is priced.
    subject: Subject,
    /// The tariff that prices it.
    tariff_id: TariffId,
    /// The beginning of the binding; now when absent.
    effective_from: Option<DateTime<Utc>>,
    /// The end of the binding, exclusive; open-ended when absent.
    effective_until: Option<DateTime<Utc>>,
}

/// Parses a binding that is created at `now`.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields, now: DateTime<Utc>) -> Result<Binding, ApiError> {
    let subject = body.required("subject", subject);
    let tariff_id = body.required("tariffId", uuid);
    let effective_from = body.optional("effectiveFrom", instant);
    let effective_until = body.optional("effectiveUntil", instant);
    let effective_from = effective_from.unwrap_or(now);
    if effective_until.is_some_and(|until| until <= effective_from) {
        body.refuse("effectiveUntil", "must be after effectiveFrom");
    }
    Ok(body.finish(subject.zip(tariff_id).map(|(subject, tariff_id)| Binding {
        id: BindingId(Uuid::now_v7()),
        subject,
        tariff_id: TariffId(tariff_id),
        effective_from,
        effective_until,
    }))?)
}

/// The fields of a subject, in queries as in bodies.
pub const OF_SUBJECT: [&str; 4] = ["operatorId", "stationId", "pileId", "connectorId"];

/// Takes the subject out of a query: `level` and the fields of that level. `None` if the query
/// names no subject.
pub fn subject_filter(query: &mut Fields) -> Option<Subject> {
    let mut given = Map::new();
    for name in OF_SUBJECT {
        if let Some(value) = query.optional(name, |value| Ok(value.clone())) {
            given.insert(name.to_owned(), number_if_any(name, value));
        }
    }
    if given.is_empty() && !query.has("level") {
        return None;
    }
    let level = query.required("level", |level| Ok(level.clone()))?;
    given.insert("level".to_owned(), level);
    subject(&Value::Object(given)).map_err(|message| query.refuse("level", message)).ok()
}

/// Parses a subject; refuses fields that do not belong to its level.
fn subject(given: &Value) -> Result<Subject, String> {
    let subject: Subject = form(given)?;
    // Serde ignores unknown fields of a tagged enum.
    let belongs = serde_json::to_value(&subject).map_err(|error| error.to_string())?;
    let stray = given.as_object().and_then(|given| given.keys().find(|name| belongs.get(name).is_none()));
    match stray {
        Some(name) => Err(format!("{name} does not belong to this level")),
        None => Ok(subject),
    }
}

/// Converts the connector id, which queries contain as text, to a number.
fn number_if_any(name: &str, value: Value) -> Value {
    let number = value.as_str().filter(|_| name == "connectorId").and_then(|text| text.parse::<i64>().ok());
    number.map_or(value, Value::from)
}
