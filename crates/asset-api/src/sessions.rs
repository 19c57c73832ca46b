//! `/api/v1/sessions` and `/api/v1/piles/{pileId}/sessions`: charging sessions with their times,
//! energy and meter samples.

pub mod routes;
mod view;

use crate::assets::piles::PileResource;
use crate::http::context::Api;
use crate::http::error::{ApiError, IntoProblem};
use crate::http::fields::Fields;
use crate::http::paging::{self, ByTime};
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::ids::SessionId;
use domain::measure::Dated;
use domain::sessions::session::ChargingSession;
use runtime::Problem;
use runtime::http::QueryParams;
use runtime::http::page::{Cursor, Page};
use runtime::http::{PathId, Resource};
use storage::assets::piles::PileRefusal;
use storage::devices::{connectors, meter_samples};
use view::{SampleView, SessionView};

/// No session has that id.
#[derive(Debug, Clone, Copy)]
pub struct SessionNotFound;

impl IntoProblem for SessionNotFound {
    fn into_problem(self) -> Problem {
        Problem::not_found("SESSION_NOT_FOUND", "There is no such session")
    }
}

/// A session in a path.
pub struct SessionResource;

impl Resource for SessionResource {
    type Id = SessionId;

    fn not_found() -> Problem {
        SessionNotFound.into_problem()
    }
}

/// `GET /api/v1/piles/{pileId}/sessions`
pub async fn list_of_pile(
    api: Data<Api>,
    PathId(pile): PathId<PileResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, SessionId(place.id)));
    let page = api
        .run(move |mut connection| async move {
            let pile =
                storage::assets::piles::find(&mut connection, pile).await?.ok_or(PileRefusal::NotFound)?;
            let device = &pile.details.charge_point_id;
            let mut rows =
                storage::sessions::list_of_device(&mut connection, device, after, request.rows()).await?;
            storage::sessions::fill_registers(&mut connection, &mut rows).await?;
            let registers = connectors::registers_of(&mut connection, &rows).await?;
            let place = |(last, _): &Metered| Cursor { created_at: last.started_at, id: last.id.0 };
            Ok(Page::cut(&request, rows.into_iter().zip(registers).collect(), place))
        })
        .await?;
    let shown = page.show(|(session, register)| SessionView::of(session, *register));
    Ok(HttpResponse::Ok().json(shown))
}

/// `GET /api/v1/sessions/{sessionId}`
pub async fn get(api: Data<Api>, PathId(id): PathId<SessionResource>) -> Result<HttpResponse, ApiError> {
    let (session, registers) = api
        .run(move |mut connection| async move {
            let found = storage::sessions::find(&mut connection, id).await?;
            let mut session = found.ok_or(SessionNotFound)?;
            let one = std::slice::from_mut(&mut session);
            storage::sessions::fill_registers(&mut connection, one).await?;
            let registers = connectors::registers_of(&mut connection, one).await?;
            Ok((session, registers))
        })
        .await?;
    Ok(HttpResponse::Ok().json(SessionView::of(&session, registers.into_iter().next().flatten())))
}

/// `GET /api/v1/sessions/{sessionId}/meter-samples`
pub async fn samples(
    api: Data<Api>,
    PathId(id): PathId<SessionResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByTime::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByTime(at)| at);
    let rows = api
        .run(move |mut connection| async move {
            let found = storage::sessions::find(&mut connection, id).await?;
            let session = found.ok_or(SessionNotFound)?;
            Ok(meter_samples::list_of_session(&mut connection, &session, before, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByTime(last.taken_at));
    Ok(HttpResponse::Ok().json(page.show(SampleView::of)))
}

/// A session, and the newest register of its connector while it is open.
type Metered = (ChargingSession, Option<Dated<f64>>);
