//! `/api/v1/unregistered-charge-points`: devices that a gateway reports and that are assigned to no
//! pile.

pub mod routes;

use crate::freshness::{Confidence, FreshnessPolicy};
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query};
use crate::http::paging::{self, ByName};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use runtime::http::QueryParams;
use runtime::http::page::Page;
use schemars::JsonSchema;
use serde::Serialize;
use storage::assets::availability::Trust;
use storage::devices::charge_points::{self, Unregistered};

/// A charge point that is assigned to no pile. Null fields were never reported.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UnregisteredChargePoint")]
struct UnregisteredView<'a> {
    /// The serial number of the device, as the gateway uses it. Create a pile with it to register
    /// the device.
    charge_point_id: &'a str,
    /// Whether the device is connected to a gateway: an event was received, and neither a later
    /// disconnection nor silence ended that.
    online: bool,
    /// How far `online` can be trusted.
    confidence: Confidence,
    /// When the newest event of the device was sent to Kafka, RFC 3339 in UTC.
    last_seen_at: DateTime<Utc>,
    /// The gateway that last reported the device. Null if no event of the device named a gateway.
    gateway_id: Option<&'a str>,
    /// The model in the boot report; null if the device reported none.
    model: Option<&'a str>,
    /// The vendor in the boot report; null if the device reported none.
    vendor: Option<&'a str>,
    /// The serial number in the boot report; null if the device reported none.
    serial_number: Option<&'a str>,
    /// The firmware version in the boot report; null if the device reported none.
    firmware_version: Option<&'a str>,
    /// The time of the boot report from which these fields are, RFC 3339 in UTC; null if the device
    /// sent none.
    booted_at: Option<DateTime<Utc>>,
}

impl<'a> UnregisteredView<'a> {
    fn of(device: &'a Unregistered, policy: FreshnessPolicy<'_>) -> Self {
        let known = device.confidence.as_deref().and_then(domain::devices::presence::Confidence::parse);
        let trust = Trust {
            confidence: Some(known.unwrap_or_default()),
            partition: device.seen_partition,
            online: device.online,
            heard_at: Some(device.last_seen_at).max(device.written_at),
        };
        Self {
            charge_point_id: &device.charge_point_id,
            online: device.online,
            confidence: policy.confidence(&trust),
            last_seen_at: device.last_seen_at,
            gateway_id: device.gateway_id.as_deref(),
            model: device.model.as_deref(),
            vendor: device.vendor.as_deref(),
            serial_number: device.serial_number.as_deref(),
            firmware_version: device.firmware_version.as_deref(),
            booted_at: device.booted_at,
        }
    }
}

/// `GET /api/v1/unregistered-charge-points`
pub async fn list(
    api: Data<Api>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByName::decode)?;
    let online = query.optional("online", in_query(flag));
    query.finish(Some(()))?;
    let rows = api
        .run(move |mut connection| async move {
            let after = after.as_ref().map(|ByName(name)| name.as_str());
            Ok(charge_points::list_unregistered(&mut connection, online, after, request.rows()).await?)
        })
        .await?;
    let policy = api.freshness_policy();
    let page = Page::cut(&request, rows, |last| ByName(last.charge_point_id.clone()));
    Ok(HttpResponse::Ok().json(page.show(|device| UnregisteredView::of(device, policy))))
}
