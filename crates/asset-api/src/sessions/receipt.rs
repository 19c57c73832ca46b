//! `GET /api/v1/sessions/{sessionId}/receipt` and `…/receipts`: what a session came to.

use super::{SessionNotFound, SessionResource};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::error::{ApiError, IntoProblem};
use crate::http::fields::Fields;
use crate::http::fields::parse::{in_query, whole};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{IdTag, SessionId};
use domain::tariffs::Receipt;
use runtime::Problem;
use runtime::http::{PathId, QueryParams};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::sessions::receipts::{self, StoredReceipt};
use storage::{Connection, StorageError};

/// When a client may ask again for a receipt that is not written yet, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// A receipt: it never changes. Later facts lead to another receipt, which replaces it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Receipt")]
pub struct ReceiptView {
    /// The number among the receipts of the session, from 1.
    number: u32,
    /// The number of the receipt that this one replaces; null for the first.
    replaces: Option<u32>,
    /// When it was written, RFC 3339 in UTC.
    issued_at: DateTime<Utc>,
    /// SHA-256 of the content as it was written, in hexadecimal, with the token of the driver unmasked.
    /// Equal facts have equal digests.
    digest: String,
    /// The content as it was written, except that `idTag` is masked for callers without the scope
    /// `drivers:read`; the list of receipts omits `readings`.
    #[serde(flatten)]
    #[schemars(with = "Receipt")]
    content: Value,
}

/// The receipts of a session.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipts {
    /// The receipts, the latest first, without `readings`; at most 100.
    items: Vec<ReceiptSummary>,
}

/// A receipt without its readings.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "Value")]
pub struct ReceiptSummary(ReceiptView);

/// Why there is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptRefusal {
    /// The session is open, or its facts have not settled.
    NotYet,
    /// The session has no receipt with that number.
    NoSuchNumber,
    /// The session ended before receipts were written, or its receipts were deleted.
    NotKept,
}

impl IntoProblem for ReceiptRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotYet => Problem::not_found("RECEIPT_NOT_YET", "The receipt is not written yet")
                .detail(
                    "It is written when the session has ended and has been unchanged for receipts.grace_s of event-ingestor.",
                )
                .retry_after(RETRY_AFTER_S),
            Self::NoSuchNumber => {
                Problem::not_found("RECEIPT_NOT_FOUND", "The session has no receipt with that number")
            }
            Self::NotKept => Problem::not_found("RECEIPT_NOT_KEPT", "The session has no receipt").detail(
                "It ended before this platform wrote receipts, or its receipts are older than receipts.retention_days.",
            ),
        }
    }
}

impl ReceiptView {
    fn of(stored: StoredReceipt, id_tags: IdTags) -> Self {
        let replaces = stored.replaces();
        let StoredReceipt { number, issued_at, digest, mut content } = stored;
        mask(&mut content, id_tags);
        Self { number, replaces, issued_at, digest, content }
    }
}

/// Masks the token of the driver for a caller that must not see it.
fn mask(content: &mut Value, id_tags: IdTags) {
    let Some(id_tag) = content.get_mut("idTag").filter(|_| id_tags == IdTags::Masked) else { return };
    let parsed = id_tag.as_str().and_then(|text| IdTag::parse(text).ok());
    *id_tag = parsed.map_or(Value::Null, |parsed| String::from(parsed.masked()).into());
}

impl ReceiptSummary {
    fn of(stored: StoredReceipt, id_tags: IdTags) -> Self {
        let mut view = ReceiptView::of(stored, id_tags);
        if let Some(content) = view.content.as_object_mut() {
            content.remove("readings");
        }
        Self(view)
    }
}

/// `GET /api/v1/sessions/{sessionId}/receipt`
pub async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<SessionResource>,
    id_tags: IdTags,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let number = query.optional("number", in_query(whole(1..=i64::from(i32::MAX))));
    query.finish(Some(()))?;
    let number = number.and_then(|number| u32::try_from(number).ok());
    let receipt = api
        .run(move |mut connection| async move {
            if let Some(receipt) = receipts::find(&mut connection, &bound, id, number).await? {
                return Ok(receipt);
            }
            let has_others =
                number.is_some() && receipts::find(&mut connection, &bound, id, None).await?.is_some();
            match has_others {
                true => Err(ReceiptRefusal::NoSuchNumber.into()),
                false => Err(absence(&mut connection, &bound, id).await?),
            }
        })
        .await?;
    Ok(HttpResponse::Ok().json(ReceiptView::of(receipt, id_tags)))
}

/// `GET /api/v1/sessions/{sessionId}/receipts`
pub async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<SessionResource>,
    id_tags: IdTags,
) -> Result<HttpResponse, ApiError> {
    let receipts = api
        .run(move |mut connection| async move {
            let receipts = receipts::list(&mut connection, &bound, id).await?;
            // A withdrawn session with receipts no longer exists.
            if receipts.is_empty() {
                storage::sessions::find(&mut connection, &bound, id).await?.ok_or(SessionNotFound)?;
            }
            Ok(receipts)
        })
        .await?;
    let items = receipts.into_iter().map(|stored| ReceiptSummary::of(stored, id_tags)).collect();
    Ok(HttpResponse::Ok().json(Receipts { items }))
}

/// Why the session `id` has no receipt.
async fn absence(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
) -> Result<ApiError, StorageError> {
    let Some(found) = storage::sessions::find(connection, bound, id).await? else {
        return Ok(SessionNotFound.into());
    };
    let will_be = found.session.is_open() || receipts::is_waiting(connection, id).await?;
    Ok(if will_be { ReceiptRefusal::NotYet } else { ReceiptRefusal::NotKept }.into())
}
