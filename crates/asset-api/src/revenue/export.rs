//! `GET /api/v1/revenue/export`: all sums that match, as CSV or NDJSON.

mod examples;

pub use examples::{CSV_EXAMPLE, NDJSON_EXAMPLE};

use super::view::RevenueView;
use super::{after, query};
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::export::{ExportList, ExportRequest};
use crate::http::paging::ByPeriod;
use actix_web::HttpResponse;
use domain::assets::OperatorBound;
use std::sync::Arc;
use storage::sessions::revenue::{PeriodRevenue, RevenueFilter};

/// `GET /api/v1/revenue/export`
pub async fn export(mut request: ExportRequest) -> Result<HttpResponse, ApiError> {
    let (cursor, filter) = request.read(ByPeriod::decode, query::take)?;
    let grouping = filter.grouping;
    let cursor = after(cursor, grouping)?.map(|position| ByPeriod { grouping, position });
    request.respond(|api, bound| Sums { api, bound, filter }, cursor).await
}

/// The sums that match a filter.
struct Sums {
    api: Arc<Api>,
    bound: OperatorBound,
    filter: RevenueFilter,
}

impl ExportList for Sums {
    type Row = PeriodRevenue;
    type Position = ByPeriod;
    type View<'a> = RevenueView<'a>;

    const WHAT: &'static str = "revenue";
    const KEY: &'static str = "period";
    const COLUMNS: &'static [&'static str] = &COLUMNS;
    const HEADER: &'static str = HEADER;

    async fn read(&self, after: Option<ByPeriod>, limit: i64) -> Result<Vec<PeriodRevenue>, ApiError> {
        let (bound, filter) = (self.bound.clone(), self.filter.clone());
        let read = self.api.run(move |mut connection| async move {
            let after = after.map(|cursor| cursor.position);
            Ok(storage::sessions::revenue::list(&mut connection, &bound, &filter, after, limit).await?)
        });
        read.await
    }

    fn position(&self, row: &PeriodRevenue) -> ByPeriod {
        ByPeriod { grouping: self.filter.grouping, position: row.position.clone() }
    }

    fn view<'a>(&self, row: &'a PeriodRevenue) -> RevenueView<'a> {
        RevenueView::of(row)
    }
}

/// The first row of CSV.
const HEADER: &str = "startsOn,operatorId,stationId,sessions,energyWh,revenue.currency,revenue.bands.sharp.energyWh,\
revenue.bands.sharp.electricity.amount,revenue.bands.sharp.service.amount,revenue.bands.peak.energyWh,\
revenue.bands.peak.electricity.amount,revenue.bands.peak.service.amount,revenue.bands.flat.energyWh,\
revenue.bands.flat.electricity.amount,revenue.bands.flat.service.amount,revenue.bands.valley.energyWh,\
revenue.bands.valley.electricity.amount,revenue.bands.valley.service.amount,revenue.electricity.amount,\
revenue.service.amount,revenue.sessionFee.amount,revenue.chargingTime.amount,revenue.occupancy.amount,\
revenue.total.amount,revenue.tax.amount,revenue.totalWithTax.amount,exportOutcome,nextCursor\r\n";

/// The columns of a period, in the order of [`HEADER`].
const COLUMNS: [&str; 26] = [
    "startsOn",
    "operatorId",
    "stationId",
    "sessions",
    "energyWh",
    "revenue.currency",
    "revenue.bands.sharp.energyWh",
    "revenue.bands.sharp.electricity.amount",
    "revenue.bands.sharp.service.amount",
    "revenue.bands.peak.energyWh",
    "revenue.bands.peak.electricity.amount",
    "revenue.bands.peak.service.amount",
    "revenue.bands.flat.energyWh",
    "revenue.bands.flat.electricity.amount",
    "revenue.bands.flat.service.amount",
    "revenue.bands.valley.energyWh",
    "revenue.bands.valley.electricity.amount",
    "revenue.bands.valley.service.amount",
    "revenue.electricity.amount",
    "revenue.service.amount",
    "revenue.sessionFee.amount",
    "revenue.chargingTime.amount",
    "revenue.occupancy.amount",
    "revenue.total.amount",
    "revenue.tax.amount",
    "revenue.totalWithTax.amount",
];

#[cfg(test)]
mod tests;
