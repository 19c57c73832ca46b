//! `GET …/versions/{number}/what-if`: what sessions of a station would have earned under a version.

use super::versions::parse_number;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{instant, uuid};
use crate::tariffs::TariffResource;
use crate::tariffs::problem::NotFound;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::ids::StationId;
use domain::tariffs::{Comparison, WhatIf};
use runtime::http::PathId;
use runtime::http::{PathParams, QueryParams};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Instant;
use storage::Connection;
use storage::assets::stations::{self, StationRefusal};
use storage::sessions::receipts::list_priced;
use storage::sessions::{self, Filter};
use storage::tariffs::versions::DraftRefusal;

/// The longest time from which sessions are compared: a month of 31 days, with the hour by which clocks are
/// set back within it.
const LONGEST: TimeDelta = TimeDelta::hours(31 * 24 + 1);
/// The most sessions that are compared.
const MAX_SESSIONS: usize = 5_000;
/// The number of sessions that are read at once.
const PAGE: i64 = 200;

/// What sessions earned, and what they would have earned under a version.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WhatIf")]
pub struct WhatIfView {
    /// Whether all ended sessions of the time were considered; otherwise only the latest ones.
    complete: bool,
    #[serde(flatten)]
    outcome: WhatIf,
}

/// `GET /api/v1/tariffs/{tariffId}/versions/{number}/what-if`
pub async fn what_if(
    api: Data<Api>,
    Bound(bound): Bound,
    PathParams((id, number)): PathParams<(String, String)>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (id, number) = (PathId::<TariffResource>::parse(&id)?, parse_number(&number));
    let station = query.required("stationId", uuid).map(StationId);
    let (from, until) = (query.required("from", instant), query.required("until", instant));
    if let Some((from, until)) = from.zip(until)
        && !(TimeDelta::zero()..=LONGEST).contains(&(until - from))
    {
        query.refuse("until", "must be from 0 to 31 days, and one hour, after from");
    }
    let (station, (from, until)) = query.finish(station.zip(from.zip(until)))?;
    let stop_at = api.half_time();
    let view = api
        .run(move |mut connection| async move {
            let tariff = storage::tariffs::find(&mut connection, &bound, id).await?;
            let tariff = tariff.ok_or(DraftRefusal::NotFound)?;
            let version = storage::tariffs::versions::find(&mut connection, id, number?).await?;
            let version = version.ok_or(NotFound::Version)?;
            // A retired station has sessions, too.
            if !stations::is_known(&mut connection, &bound, station).await? {
                return Err(StationRefusal::NotFound.into());
            }
            let comparison = Comparison::new(id, tariff.details, version.price_list, station);
            compare(&mut connection, &bound, comparison, (station, from, until), stop_at).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Adds the sessions page by page, the latest first, until `stop_at`.
async fn compare(
    connection: &mut Connection,
    bound: &OperatorBound,
    mut comparison: Comparison,
    (station, from, until): (StationId, DateTime<Utc>, DateTime<Utc>),
    stop_at: Instant,
) -> Result<WhatIfView, ApiError> {
    let filter = Filter {
        station_id: Some(station),
        open: Some(false),
        started_from: Some(from),
        started_until: Some(until),
        ..Filter::default()
    };
    let (mut after, mut count) = (None, 0);
    let complete = loop {
        let page = sessions::list(connection, bound, &filter, after, PAGE).await?;
        let ids: Vec<_> = page.iter().map(|placed| placed.session.id).collect();
        let priced = list_priced(connection, &ids).await?;
        priced.iter().for_each(|session| comparison.add(session.as_ref()));
        // The others have no receipt yet.
        (priced.len()..ids.len()).for_each(|_session| comparison.add(None));
        count += ids.len();
        after = page.last().map(|placed| (placed.session.started_at, placed.session.id));
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break true;
        }
        if count >= MAX_SESSIONS || Instant::now() >= stop_at {
            break false;
        }
    };
    Ok(WhatIfView { complete, outcome: comparison.finish() })
}
