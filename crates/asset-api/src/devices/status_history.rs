//! `/api/v1/piles/{pileId}/status-history`: the changes of status and connectivity of a pile's
//! charge point.

pub mod routes;

use crate::assets::piles;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{in_query, whole};
use crate::http::paging::{self, ByNote};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::devices::history::Change;
use domain::devices::presence::Confidence;
use domain::ids::{ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use runtime::http::page::Page;
use runtime::http::{PathParams, QueryParams};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::assets::piles::Refusal;
use storage::devices::status_changes::{self, NotedChange, Place};

/// A change of status or connectivity. `notedAt` is when the platform recorded it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StatusChange")]
struct ChangeView<'a> {
    at: DateTime<Utc>,
    noted_at: DateTime<Utc>,
    #[serde(flatten)]
    change: KindView<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(rename = "StatusChangeKind")]
enum KindView<'a> {
    Status {
        connector_id: ConnectorId,
        status: ConnectorStatus,
        previous_status: Option<ConnectorStatus>,
        error_code: Option<&'a str>,
        vendor_error_code: Option<&'a str>,
    },
    Connectivity {
        online: bool,
        gateway_id: Option<&'a GatewayId>,
        confidence: Confidence,
    },
}

impl<'a> ChangeView<'a> {
    fn of(recorded: &'a NotedChange) -> Self {
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
    PathParams(pile): PathParams<String>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let pile = piles::parse_id(&pile)?;
    let (after, request) = paging::take_after(&mut query, ByNote::decode)?;
    let connector = query.optional("connectorId", connector);
    query.finish(Some(()))?;
    let after = after.map(|ByNote { noted_at, number }| Place { noted_at, number });
    let rows = api
        .run(move |mut connection| async move {
            let pile = storage::assets::piles::find(&mut connection, pile).await?.ok_or(Refusal::NotFound)?;
            let device = &pile.details.charge_point_id;
            let (rows, now) = (request.rows(), runtime::clock::now());
            Ok(status_changes::list_of_device(&mut connection, device, connector, after, now, rows).await?)
        })
        .await?;
    let place = |last: &NotedChange| ByNote { noted_at: last.place.noted_at, number: last.place.number };
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(ChangeView::of)))
}
