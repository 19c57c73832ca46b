//! `POST /api/v1/tariffs/validate`: checks a price list without saving it.

use crate::http::error::ApiError;
use crate::http::fields::parse::form;
use actix_web::HttpResponse;
use domain::tariffs::{Currency, Findings, PriceListDraft};
use runtime::http::JsonBody;
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A price list to check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PriceListToValidate")]
pub struct Validate {
    /// The currency of the prices.
    #[schemars(with = "Currency")]
    currency: Value,
    /// The price list.
    price_list: PriceListDraft,
}

/// The result of checking a price list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Validation")]
pub struct Validation {
    /// Whether the price list is valid.
    valid: bool,
    /// All faults of the price list, the same that saving it would report.
    findings: Vec<FieldError>,
}

/// `POST /api/v1/tariffs/validate`
pub async fn validate(JsonBody(request): JsonBody<Validate>) -> Result<HttpResponse, ApiError> {
    let currency: Currency = form(&request.currency)
        .map_err(|message| ApiError::Invalid(vec![FieldError::new("currency", message)]))?;
    let findings = request.price_list.check(currency).err().map(field_errors).unwrap_or_default();
    Ok(HttpResponse::Ok().json(Validation { valid: findings.is_empty(), findings }))
}

impl From<Findings> for ApiError {
    fn from(findings: Findings) -> Self {
        Self::Invalid(field_errors(findings))
    }
}

fn field_errors(Findings(findings): Findings) -> Vec<FieldError> {
    findings.into_iter().map(|finding| FieldError::new(finding.path, finding.message)).collect()
}
