//! `/api/v1/tariffs/price`, `…/timetable` and `…/quote`, and the quote of a session: the cost of
//! charging and its reasons.

mod body;
pub(crate) mod price_target;
pub mod problem;
pub mod routes;
mod session;
mod view;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{date, in_query, instant, whole};
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::tariffs::{PriceBook, PricedPlace};
use runtime::http::{JsonBody, QueryParams};
use storage::tariffs::{PriceTarget, load_book};
use view::TimetableView;

/// `GET /api/v1/tariffs/price`
async fn price(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let target = price_target::in_query(&mut query);
    let at = query.optional("at", instant);
    let target = query.finish(target)?;
    let at = at.unwrap_or_else(runtime::clock::now);
    let (place, book) = load(&api, bound, target, at, at).await?;
    Ok(HttpResponse::Ok().json(book.price_at(&place, at)?))
}

/// `GET /api/v1/tariffs/timetable`
async fn timetable(
    api: Data<Api>,
    Bound(bound): Bound,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let target = price_target::in_query(&mut query);
    let first = query.optional("date", date);
    let days = query.optional("days", in_query(whole(1..=PriceBook::MAX_DAYS))).unwrap_or(1);
    let target = query.finish(target)?;
    let now = runtime::clock::now();
    let noon = first.map_or(now, noon);
    // The local date depends on the time zone, which is loaded with the prices. Zones differ from
    // UTC by at most 14 hours; so load from 24 + 14 hours before noon to as long after the last
    // day.
    let (from, to) = (noon - TimeDelta::hours(38), noon + TimeDelta::hours(38) + TimeDelta::days(days));
    let (place, book) = load(&api, bound, target, from, to).await?;
    let zone = book.zone(&place, noon, to).or_else(|_later| book.zone(&place, from, noon));
    let zone = zone?;
    let first = first.unwrap_or_else(|| zone.local(now).date_naive());
    let timetable = book.timetable_of_days(&place, zone, first, days.unsigned_abs());
    let timetable = timetable?;
    let last = first.checked_add_days(Days::new(days.unsigned_abs() - 1)).unwrap_or(first);
    Ok(HttpResponse::Ok().json(TimetableView { time_zone: zone, first, last, timetable }))
}

/// Noon of a date, in UTC.
fn noon(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(12)
}

/// `POST /api/v1/tariffs/quote`
async fn quote(
    api: Data<Api>,
    Bound(bound): Bound,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (target, usage) = body::read(body)?;
    let until = usage.unplugged_at().unwrap_or_else(|| usage.ended_at());
    let (place, book) = load(&api, bound, target, usage.started_at(), until).await?;
    Ok(HttpResponse::Ok().json(book.quote(&place, &usage)?))
}

/// Loads the place of `target` and the prices that may apply there between `from` and `to`.
async fn load(
    api: &Api,
    bound: OperatorBound,
    target: PriceTarget,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(PricedPlace, PriceBook), ApiError> {
    api.run(move |mut connection| async move {
        let found = load_book(&mut connection, &bound, target, from, to).await?;
        found.ok_or_else(|| price_target::not_found(target))
    })
    .await
}
