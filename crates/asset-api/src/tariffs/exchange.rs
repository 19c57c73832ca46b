//! `…/versions/{number}/ocpi` and `…/tcec`: a version in the formats of other platforms.

use super::versions::parse_number;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{date, in_query, string, whole};
use crate::tariffs::TariffResource;
use crate::tariffs::problem::NotFound;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::NaiveDate;
use domain::assets::OperatorBound;
use domain::tariffs::ocpi::{self, Header, Horizon};
use domain::tariffs::tcec::{self, Document, LeftOut};
use domain::tariffs::{Tariff, TariffVersion};
use runtime::http::PathId;
use runtime::http::{PathParams, QueryParams};
use schemars::JsonSchema;
use serde::Serialize;
use storage::tariffs::versions::{DraftRefusal, Publication};

/// `GET /api/v1/tariffs/{tariffId}/versions/{number}/ocpi`
pub async fn ocpi(
    api: Data<Api>,
    Bound(bound): Bound,
    PathParams(path): PathParams<(String, String)>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let country = query.required("countryCode", string);
    let party = query.required("partyId", string);
    let id = query.optional("id", string).unwrap_or_else(|| path.0.clone());
    let horizon = horizon(&mut query);
    let (country, party) = query.finish(country.zip(party))?;
    let published = find(&api, bound, path).await?;
    let updated = published.publication.published.at;
    let header = Header::parse(&country, &party, &id, updated)?;
    let Published { tariff, version, publication } = &published;
    let object = ocpi::object(&header, tariff, version, publication.superseded_from, horizon);
    Ok(HttpResponse::Ok().json(object?))
}

/// Takes `from` and `days` out of the query: the dates for which seasons and holidays are expanded.
fn horizon(query: &mut Fields) -> Option<Horizon> {
    if !query.has("from") && query.has("days") {
        query.refuse("from", "is required with days");
    }
    let days = query.optional("days", in_query(whole(1..=Horizon::MAX_DAYS)));
    let first = query.optional("from", date)?;
    let horizon = Horizon::parse(first, days.unwrap_or(Horizon::MAX_DAYS));
    if horizon.is_none() {
        query.refuse("from", "must be a date from 1970 to 2099, and so must the last of the days");
    }
    horizon
}

/// The prices of a date for T/CEC 102, and the prices that it cannot express.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TcecPrices")]
pub struct TcecView {
    /// The date, in the time zone of the prices.
    date: NaiveDate,
    /// The price fields of `query_equip_business_policy`.
    document: Document,
    /// The name of each period: 尖, 峰, 平 or 谷.
    names: Vec<&'static str>,
    /// The charges in addition to energy, which the document cannot express.
    left_out: Vec<LeftOut>,
}

/// `GET /api/v1/tariffs/{tariffId}/versions/{number}/tcec`
pub async fn tcec(
    api: Data<Api>,
    Bound(bound): Bound,
    PathParams(path): PathParams<(String, String)>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let date = query.optional("date", date);
    query.finish(Some(()))?;
    let Published { tariff, version, .. } = find(&api, bound, path).await?;
    let list = &version.price_list;
    let date = date.unwrap_or_else(|| list.zone().local(runtime::clock::now()).date_naive());
    let periods = tcec::periods(&tariff, list, date)?;
    let tcec::Periods { document, names, left_out } = periods;
    Ok(HttpResponse::Ok().json(TcecView { date, document, names, left_out }))
}

/// A published version with its tariff.
struct Published {
    tariff: Tariff,
    version: TariffVersion,
    publication: Publication,
}

async fn find(
    api: &Api,
    bound: OperatorBound,
    (id, number): (String, String),
) -> Result<Published, ApiError> {
    let (id, number) = (PathId::<TariffResource>::parse(&id)?, parse_number(&number));
    api.run(move |mut connection| async move {
        let tariff = storage::tariffs::find(&mut connection, &bound, id).await?;
        let tariff = tariff.ok_or(DraftRefusal::NotFound)?;
        let found = storage::tariffs::versions::find(&mut connection, id, number?).await?;
        let found = found.and_then(|found| found.publication.clone().zip(Some(found)));
        let (publication, found) = found.ok_or(NotFound::Version)?;
        let effective_from = publication.effective_from;
        let version = TariffVersion { number: found.number, effective_from, price_list: found.price_list };
        let tariff = Tariff { id, details: tariff.details, versions: Vec::new() };
        Ok(Published { tariff, version, publication })
    })
    .await
}
