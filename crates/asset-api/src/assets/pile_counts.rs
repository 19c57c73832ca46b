//! `/api/v1/fleet`: the numbers of all piles, connectors and stations by status.

pub mod routes;

use crate::assets::station_map::{CurrentMap, Totals};
use crate::freshness::Confidence;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::assets::availability::Tally;
use storage::assets::stations::Filter;
use storage::assets::{connector_counts, pile_counts};
use tokio::sync::Mutex;

/// Largest age of a response. Counting takes long, above all without the map, so one count answers many
/// requests.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The number of bounds above which the counts of those without recent requests are dropped.
const REMEMBERED: usize = 100;

/// The last count for each bound of callers.
#[derive(Default)]
pub struct PileCounts(Mutex<HashMap<OperatorBound, LastCount>>);

/// The last count. A request that finds it too old counts again while the others wait for the
/// result.
type LastCount = Arc<Mutex<Option<(Instant, FleetView)>>>;

impl PileCounts {
    /// The last count for callers with `bound`.
    async fn of(&self, bound: &OperatorBound) -> LastCount {
        let mut all = self.0.lock().await;
        if all.len() > REMEMBERED {
            // One that is locked is being used.
            all.retain(|_, last| {
                last.try_lock()
                    .map_or(true, |last| last.as_ref().is_some_and(|(at, _)| at.elapsed() < MAX_AGE))
            });
        }
        Arc::clone(all.entry(bound.clone()).or_default())
    }
}

/// The numbers of piles, connectors and stations by status, and of piles by confidence.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Fleet")]
struct FleetView {
    /// The time at which counting began.
    counted_at: DateTime<Utc>,
    /// The number of piles for each pile status, retired piles not included. Statuses with a count
    /// of zero are absent.
    piles: BTreeMap<&'static str, i64>,
    /// The number of connectors, declared or reported, for each connector status. They count as
    /// `Offline` if their device is offline, as `Faulted` or `Unavailable` if it is out of service
    /// as a whole, and as `Unknown` if nothing was reported. Statuses with a count of zero are
    /// absent.
    connectors: BTreeMap<&'static str, i64>,
    /// The power of the connectors with the status `Charging`, by their latest readings, in W.
    /// Connectors without a reading count as zero.
    charging_power_w: f64,
    /// The number of stations for each station status (`Planned`, `Open`, `Closed`), retired
    /// stations not included. Statuses with a count of zero are absent.
    stations: BTreeMap<&'static str, i64>,
    /// The numbers of piles by confidence in their status.
    confidence: BTreeMap<Confidence, i64>,
}

/// `GET /api/v1/fleet`
pub async fn count(
    api: Data<Api>,
    fleet: Data<PileCounts>,
    Bound(bound): Bound,
) -> Result<HttpResponse, ApiError> {
    let last = fleet.of(&bound).await;
    let mut last = last.lock().await;
    if let Some((at, known)) = last.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE) {
        tracing::trace!(age = ?at.elapsed(), "responding with the last count of piles");
        return Ok(HttpResponse::Ok().json(known));
    }
    let begun = Instant::now();
    let counted = match count_in_map(&api, &bound).await {
        Some(counted) => with_power(&api, bound, counted).await?,
        None => count_in_database(&api, bound).await?,
    };
    let view = FleetView::of(counted);
    let answer = HttpResponse::Ok().json(&view);
    *last = Some((begun, view));
    Ok(answer)
}

/// What was counted.
struct Counted {
    at: DateTime<Utc>,
    totals: Totals,
    charging_power_w: f64,
}

/// Sums up the stations in memory; `None` if the map cannot be used.
async fn count_in_map(api: &Api, bound: &OperatorBound) -> Option<(DateTime<Utc>, Totals)> {
    let CurrentMap { map, counted_at } = api.station_map(&Filter::default()).await?;
    Some((counted_at, map.totals(bound, api.freshness_policy())))
}

/// Adds the power, which the map does not have: it changes with each reading.
async fn with_power(
    api: &Api,
    bound: OperatorBound,
    (at, totals): (DateTime<Utc>, Totals),
) -> Result<Counted, ApiError> {
    let charging_power_w = api
        .run(move |mut connection| async move {
            Ok::<_, ApiError>(connector_counts::charging_power_w(&mut connection, &bound).await?)
        })
        .await?;
    Ok(Counted { at, totals, charging_power_w })
}

/// Reads each pile and connector.
async fn count_in_database(api: &Api, bound: OperatorBound) -> Result<Counted, ApiError> {
    let at = runtime::clock::now();
    let silent_since = api.freshness_policy().silent_since;
    let (counted, outlets) = api
        .run(move |mut connection| async move {
            let piles = pile_counts::count(&mut connection, &bound, silent_since).await?;
            Ok::<_, ApiError>((piles, connector_counts::count(&mut connection, &bound).await?))
        })
        .await?;
    let trust = counted.trust.iter().map(|(trust, count)| (trust, *count));
    let totals = Totals {
        piles: counted.piles,
        connectors: outlets.connectors,
        stations: counted.stations,
        confidence: api.freshness_policy().count(trust),
    };
    Ok(Counted { at, totals, charging_power_w: outlets.charging_power_w })
}

impl FleetView {
    fn of(Counted { at, totals, charging_power_w }: Counted) -> Self {
        let by_word =
            |tally: Tally| tally.into_iter().map(|(status, count)| (status.as_str(), count)).collect();
        Self {
            counted_at: at,
            piles: by_word(totals.piles),
            connectors: by_word(totals.connectors),
            charging_power_w,
            stations: totals.stations,
            confidence: totals.confidence,
        }
    }
}
