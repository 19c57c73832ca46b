//! `GET /api/v1/reliability/export`: all totals that match, as CSV or NDJSON.

use super::after;
use super::extent;
use super::query::{self, Query};
use super::view::TotalView;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::export::{ExportList, ExportRequest};
use crate::http::paging::ByGroup;
use actix_web::HttpResponse;
use domain::assets::OperatorBound;
use std::sync::Arc;
use storage::reliability::{Total, list};

/// `GET /api/v1/reliability/export`
pub async fn export(mut request: ExportRequest) -> Result<HttpResponse, ApiError> {
    let (cursor, query) = request.read(ByGroup::decode, query::take)?;
    let cursor = after(cursor, query.grouping)?.map(ByGroup);
    let (within, checked) = (request.bound.clone(), query.clone());
    let api = &request.api;
    let at_once = api
        .run(move |mut connection| async move {
            extent::check(&mut connection, &within, &checked).await?;
            extent::groups_at_once(&mut connection, &checked.filter).await
        })
        .await?;
    let at_once = i64::try_from(at_once).unwrap_or(i64::MAX);
    request.respond(|api, bound| Totals { api, bound, query, at_once }, cursor).await
}

/// The totals that match a query.
struct Totals {
    api: Arc<Api>,
    bound: OperatorBound,
    query: Query,
    /// The most groups that a statement adds up.
    at_once: i64,
}

impl ExportList for Totals {
    type Row = Total;
    type Position = ByGroup;
    type View<'a> = TotalView<'a>;

    const WHAT: &'static str = "reliability";
    const KEY: &'static str = "total";
    const COLUMNS: &'static [&'static str] = &COLUMNS;
    const HEADER: &'static str = HEADER;

    async fn read(&self, after: Option<ByGroup>, limit: i64) -> Result<Vec<Total>, ApiError> {
        let (bound, query, at_once) = (self.bound.clone(), self.query.clone(), self.at_once);
        let read = self.api.run(move |mut connection| async move {
            let Query { grouping, filter, .. } = &query;
            let (mut rows, mut after): (Vec<Total>, _) = (Vec::new(), after.map(|ByGroup(key)| key));
            loop {
                let rest = limit - i64::try_from(rows.len()).unwrap_or(i64::MAX);
                let (asked, after_last) = (rest.min(at_once), after.as_ref());
                let found = list(&mut connection, &bound, *grouping, filter, after_last, asked).await?;
                let is_last = found.len() < usize::try_from(asked).unwrap_or_default();
                after = found.last().map(|last| last.key.clone());
                rows.extend(found);
                if is_last || asked == rest {
                    return Ok(rows);
                }
            }
        });
        read.await
    }

    fn position(&self, row: &Total) -> ByGroup {
        ByGroup(row.key.clone())
    }

    fn view<'a>(&self, row: &'a Total) -> TotalView<'a> {
        TotalView::of(row, self.query.profile)
    }
}

/// The first row of CSV.
const HEADER: &str = "stationId,pileId,connectorId,operatorId,firstDay,lastDay,profile,uptimePercent,uptimeS,countedS,upS,faultedS,unavailableS,offlineS,\
unknownS,excludedS.maintenance,excludedS.grid,excludedS.vandalism,excludedS.thirdParty,failures,repairs,meanTimeToRepairS,startsAccepted,\
startsCharging,startSuccessPercent,exportOutcome,nextCursor\r\n";

/// The columns of a total, in the order of [`HEADER`].
const COLUMNS: [&str; 25] = [
    "stationId",
    "pileId",
    "connectorId",
    "operatorId",
    "firstDay",
    "lastDay",
    "profile",
    "uptimePercent",
    "uptimeS",
    "countedS",
    "upS",
    "faultedS",
    "unavailableS",
    "offlineS",
    "unknownS",
    "excludedS.maintenance",
    "excludedS.grid",
    "excludedS.vandalism",
    "excludedS.thirdParty",
    "failures",
    "repairs",
    "meanTimeToRepairS",
    "startsAccepted",
    "startsCharging",
    "startSuccessPercent",
];

/// An export as CSV, for the OpenAPI document.
pub const CSV_EXAMPLE: &str = "stationId,pileId,connectorId,operatorId,firstDay,lastDay,profile,uptimePercent,uptimeS,countedS,upS,faultedS,unavailableS,offlineS,\
unknownS,excludedS.maintenance,excludedS.grid,excludedS.vandalism,excludedS.thirdParty,failures,repairs,meanTimeToRepairS,startsAccepted,\
startsCharging,startSuccessPercent,exportOutcome,nextCursor\r\n\
0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11,,,,2026-06-01,2026-06-30,nevi,98.8888,2563200,2592000,2520000,28800,0,0,0,14400,28800,0,0,1,1,28800,120,117,97.5,,\r\n\
,,,,,,,,,,,,,,,,,,,,,,,,,complete,\r\n";

/// An export as NDJSON, for the OpenAPI document.
pub const NDJSON_EXAMPLE: &str = concat!(
    r#"{"total":{"stationId":"0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11","pileId":null,"connectorId":null,"operatorId":null,"#,
    r#""firstDay":"2026-06-01","lastDay":"2026-06-30","profile":"nevi","uptimePercent":98.8888,"uptimeS":2563200,"#,
    r#""countedS":2592000,"upS":2520000,"faultedS":28800,"unavailableS":0,"offlineS":0,"unknownS":0,"#,
    r#""excludedS":{"maintenance":14400,"grid":28800,"vandalism":0,"thirdParty":0},"failures":1,"repairs":1,"#,
    r#""meanTimeToRepairS":28800,"startsAccepted":120,"startsCharging":117,"startSuccessPercent":97.5}}"#,
    "\n",
    r#"{"end":{"outcome":"complete","rows":1,"nextCursor":null}}"#,
    "\n"
);

#[cfg(test)]
mod tests {
    use super::{COLUMNS, CSV_EXAMPLE, HEADER, NDJSON_EXAMPLE};
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn has_a_column_for_each_field_of_a_total() {
        assert_eq!(HEADER, format!("{},exportOutcome,nextCursor\r\n", COLUMNS.join(",")));
        assert!(CSV_EXAMPLE.starts_with(HEADER));
        for row in CSV_EXAMPLE.trim_end().split("\r\n") {
            assert_eq!(row.split(',').count(), COLUMNS.len() + 2, "{row}");
        }
        let line: Value = serde_json::from_str(NDJSON_EXAMPLE.lines().next().unwrap()).unwrap();
        let mut fields = BTreeSet::new();
        for (name, value) in line["total"].as_object().unwrap() {
            match value.as_object() {
                None => drop(fields.insert(name.clone())),
                Some(parts) => fields.extend(parts.keys().map(|part| format!("{name}.{part}"))),
            }
        }
        assert_eq!(fields, COLUMNS.map(str::to_owned).into());
    }
}
