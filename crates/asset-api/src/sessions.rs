//! `/api/v1/sessions` and `/api/v1/piles/{pileId}/sessions`: charging sessions with their places,
//! times, energy and meter samples; lists, and exports of whole lists.

mod end;
mod export;
mod filter;
mod limits_view;
mod receipt;
pub mod routes;
mod view;

use crate::assets::piles::PileResource;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::error::{ApiError, IntoProblem};
use crate::http::fields::Fields;
use crate::http::paging::{self, ByTime};
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::assets::OperatorBound;
use domain::ids::{CommandId, PileId, SessionId};
use domain::measure::Dated;
use domain::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SessionState};
use runtime::Problem;
use runtime::http::QueryParams;
use runtime::http::page::{Cursor, Page, PageRequest};
use runtime::http::{PathId, Resource};
use std::collections::HashMap;
use storage::assets::audit;
use storage::assets::piles::PileRefusal;
use storage::devices::{connectors, meter_samples};
use storage::sessions::limits::{self, RecordedLimits};
use storage::sessions::{Filter, PlacedSession};
use storage::{Connection, StorageError};
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

/// `GET /api/v1/sessions`
pub async fn list(
    api: Data<Api>,
    Bound(bound): Bound,
    id_tags: IdTags,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = filter::take(&mut query);
    query.finish(Some(()))?;
    filter::check(&filter, id_tags)?;
    page(&api, bound, request, filter, None, id_tags).await
}

/// `GET /api/v1/piles/{pileId}/sessions`
pub async fn list_of_pile(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(pile): PathId<PileResource>,
    id_tags: IdTags,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    query.finish(Some(()))?;
    let filter = Filter { pile_id: Some(pile), ..Filter::default() };
    page(&api, bound, request, filter, Some(pile), id_tags).await
}

/// `GET /api/v1/sessions/{sessionId}`
pub async fn get(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<SessionResource>,
    id_tags: IdTags,
) -> Result<HttpResponse, ApiError> {
    let session = api
        .run(move |mut connection| async move {
            let found = storage::sessions::find(&mut connection, &bound, id).await?;
            complete_one(&mut connection, found.ok_or(SessionNotFound)?).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(SessionView::of(&session, id_tags)))
}

/// Responds with the page `request` of the sessions that match `filter`. If `pile` is given, it must
/// exist.
async fn page(
    api: &Api,
    bound: OperatorBound,
    request: PageRequest,
    filter: Filter,
    pile: Option<PileId>,
    id_tags: IdTags,
) -> Result<HttpResponse, ApiError> {
    let after = request.after.map(|place| (place.created_at, SessionId(place.id)));
    let page = api
        .run(move |mut connection| async move {
            let limit = request.rows();
            let rows = storage::sessions::list(&mut connection, &bound, &filter, after, limit).await?;
            // A pile with sessions exists.
            if let Some(pile) = pile.filter(|_| rows.is_empty())
                && !storage::assets::piles::is_known(&mut connection, &bound, pile).await?
            {
                return Err(PileRefusal::NotFound.into());
            }
            let rows = complete(&mut connection, rows).await?;
            let place = |last: &CompleteSession| {
                let session = &last.placed.session;
                Cursor { created_at: session.started_at, id: session.id.0 }
            };
            Ok(Page::cut(&request, rows, place))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page.show(|session| SessionView::of(session, id_tags))))
}

/// The same as [`complete`] for one session.
async fn complete_one(
    connection: &mut Connection,
    session: PlacedSession,
) -> Result<CompleteSession, ApiError> {
    Ok(complete(connection, vec![session]).await?.pop().ok_or(SessionNotFound)?)
}

/// Fills in missing registers, and adds the newest register of the connector of open sessions and the
/// limits of their starts.
async fn complete(
    connection: &mut Connection,
    rows: Vec<PlacedSession>,
) -> Result<Vec<CompleteSession>, StorageError> {
    let (mut sessions, places): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|row| (row.session, row.place)).unzip();
    storage::sessions::fill_registers(connection, &mut sessions).await?;
    let registers = connectors::registers_of(connection, &sessions).await?;
    let starts: Vec<CommandId> = sessions.iter().filter_map(|session| session.command_id).collect();
    let mut limits = limits::find_many(connection, &starts).await?;
    let mut enders = enders_of(connection, &sessions).await?;
    let placed = sessions.into_iter().zip(places).map(|(session, place)| PlacedSession { session, place });
    let complete = placed.zip(registers).map(|(placed, register)| {
        let limits = placed.session.command_id.and_then(|start| limits.remove(&start));
        let end_issued_by = enders.remove(&placed.session.id);
        CompleteSession { placed, register, limits, end_issued_by }
    });
    Ok(complete.collect())
}

/// The callers that ended those of `sessions` whose end is that of an operator; such sessions are
/// rare.
async fn enders_of(
    connection: &mut Connection,
    sessions: &[ChargingSession],
) -> Result<HashMap<SessionId, String>, StorageError> {
    let is_of_operator = |session: &&ChargingSession| match &session.state {
        SessionState::Open => false,
        SessionState::Ended { reason, .. } => reason.as_deref() == Some(ENDED_BY_OPERATOR),
    };
    let ended: Vec<SessionId> = sessions.iter().filter(is_of_operator).map(|session| session.id).collect();
    if ended.is_empty() {
        return Ok(HashMap::new());
    }
    audit::enders_of(connection, ended).await
}

/// `GET /api/v1/sessions/{sessionId}/meter-samples`
pub async fn samples(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<SessionResource>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (after, request) = paging::take_after(&mut query, ByTime::decode)?;
    query.finish(Some(()))?;
    let before = after.map(|ByTime(at)| at);
    let rows = api
        .run(move |mut connection| async move {
            let found = storage::sessions::find(&mut connection, &bound, id).await?;
            let PlacedSession { session, .. } = found.ok_or(SessionNotFound)?;
            Ok(meter_samples::list_of_session(&mut connection, &session, before, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, |last| ByTime(last.taken_at));
    Ok(HttpResponse::Ok().json(page.show(SampleView::of)))
}

/// A session with all that its view shows.
struct CompleteSession {
    placed: PlacedSession,
    /// The newest register of its connector while it is open.
    register: Option<Dated<f64>>,
    /// The limits that its start command set.
    limits: Option<RecordedLimits>,
    /// The caller that ended it; `None` unless its end is that of an operator.
    end_issued_by: Option<String>,
}
