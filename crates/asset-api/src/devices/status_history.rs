//! `/api/v1/piles/{pileId}/status-history`: the changes of status and connectivity of the
//! charge points of a pile.

pub mod routes;

use crate::assets::piles::PileResource;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, whole};
use crate::http::paging::{self, ByRecording};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::devices::history::Change;
use domain::devices::presence::Confidence;
use domain::ids::{ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use runtime::http::PathId;
use runtime::http::QueryParams;
use runtime::http::page::Page;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::assets::piles::{self, PileRefusal};
use storage::assets::placements;
use storage::devices::status_changes::{self, HistoryPosition, RecordedChange, Selection};

/// Number of assignments of charge points whose history is read; older ones are past the retention
/// period.
const MAX_ASSIGNMENTS: i64 = 100;

/// A change of status or connectivity. `notedAt` is when the platform recorded it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StatusChange")]
struct ChangeView<'a> {
    /// When the change happened, RFC 3339 in UTC: the device's time as far as it is believed, never
    /// before the previous change of the same connector. For silence it is the time-out, for doubt
    /// the time when it was noticed.
    at: DateTime<Utc>,
    /// When the platform recorded the change, RFC 3339 in UTC; the list is in this order.
    noted_at: DateTime<Utc>,
    #[serde(flatten)]
    change: KindView<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(rename = "StatusChangeKind")]
enum KindView<'a> {
    /// A connector has a new status or error.
    Status {
        /// The connector whose status changed; 0 is the device as a whole.
        connector_id: ConnectorId,
        /// The status that the connector has since this change.
        status: ConnectorStatus,
        /// The status in the previous change of the connector; null in the first.
        previous_status: Option<ConnectorStatus>,
        /// The OCPP 1.6 error code since this change; null for `NoError`.
        error_code: Option<&'a str>,
        /// The error code of the vendor since this change; null if none was reported.
        vendor_error_code: Option<&'a str>,
    },
    /// The device connected, disconnected or moved to another gateway, or its confidence changed.
    Connectivity {
        /// Whether the device is online since this change.
        online: bool,
        /// The gateway that last reported the device at this change. Null if no event named a
        /// gateway.
        gateway_id: Option<&'a GatewayId>,
        /// How far `online` can be trusted since this change.
        confidence: Confidence,
    },
}

impl<'a> ChangeView<'a> {
    fn of(recorded: &'a RecordedChange) -> Self {
        let change = match &recorded.change {
            Change::Status(change) => KindView::Status {
                connector_id: change.connector_id,
                status: change.status,
                previous_status: change.previous_status,
                error_code: change.error_code.as_deref(),
                vendor_error_code: change.vendor_error_code.as_deref(),
            },
            Change::Connectivity(change) => KindView::Connectivity {
                online: change.online,
                gateway_id: change.gateway_id.as_ref(),
                confidence: change.confidence,
            },
        };
        Self { at: recorded.at, noted_at: recorded.place.noted_at, change }
    }
}

fn connector(value: &Value) -> Result<ConnectorId, String> {
    let number = in_query(whole(0..=i64::from(ConnectorId::MAX)))(value)?;
    ConnectorId::parse(number).map_err(|error| error.to_string())
}

/// `GET /api/v1/piles/{pileId}/status-history`
pub async fn of_pile(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(pile): PathId<PileResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByRecording::decode)?;
    let connector = query.optional("connectorId", connector);
    let also_retired = query.optional("retired", in_query(flag)).unwrap_or(false);
    query.finish(Some(()))?;
    let after = after.map(|ByRecording { noted_at, number }| HistoryPosition { noted_at, number });
    let rows = api
        .run(move |mut connection| async move {
            let is_found = match also_retired {
                true => piles::is_known(&mut connection, &bound, pile).await?,
                false => piles::find(&mut connection, &bound, pile).await?.is_some(),
            };
            if !is_found {
                return Err(PileRefusal::NotFound.into());
            }
            let assignments = placements::list_of_pile(&mut connection, &bound, pile, None, MAX_ASSIGNMENTS);
            let assignments = assignments.await?;
            let (rows, now) = (request.rows(), runtime::clock::now());
            let selection = Selection { connector, after, ..Selection::default() };
            Ok(status_changes::list_of_pile(&mut connection, &assignments, selection, now, rows).await?)
        })
        .await?;
    let place =
        |last: &RecordedChange| ByRecording { noted_at: last.place.noted_at, number: last.place.number };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(ChangeView::of)))
}
