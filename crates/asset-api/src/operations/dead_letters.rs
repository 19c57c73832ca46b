//! `/api/v1/dead-letters`: records that could not be applied, and their replay.

mod bulk;
mod problem;
mod replay;
pub mod routes;
mod view;

pub use bulk::replay_matching;

use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::error::{ApiError, IntoProblem as _};
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, text, whole};
use crate::http::paging;
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::ids::{Actor, ChargePointId};
use domain::text::Label;
use problem::DeadLetterRefusal;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::QueryParams;
use runtime::http::page::{Cursor, Page};
use runtime::http::{PathId, Resource};
use serde_json::Value;
use storage::ingest::dead_letters::{self, Filter, Heading, Run};
use uuid::Uuid;
use view::{HeadingView, LetterView, ReplayView};

/// A dead letter in a path.
pub struct DeadLetterResource;

impl Resource for DeadLetterResource {
    type Id = Uuid;

    fn not_found() -> Problem {
        DeadLetterRefusal::NotFound.into_problem()
    }
}

/// Parses `dryRun`.
fn run(value: &Value) -> Result<Run, String> {
    flag(value).map(|dry| if dry { Run::Dry } else { Run::Real })
}

/// Takes the filter for dead letters out of a query or body.
fn filter(fields: &mut Fields, partition: impl FnOnce(&Value) -> Result<i32, String>) -> Filter {
    let mut label = |name| fields.optional(name, text(Label::parse)).map(|label| label.as_str().to_owned());
    Filter {
        topic: label("topic"),
        reason: label("reason"),
        partition: fields.optional("partition", partition),
        charge_point_id: fields.optional("chargePointId", text(ChargePointId::parse)),
        replayed: None,
    }
}

/// The cursor of a dead letter.
const fn place(letter: &Heading) -> Cursor {
    Cursor { created_at: letter.created_at, id: letter.id }
}

/// `GET /api/v1/dead-letters`
pub async fn list(
    api: Data<Api>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let request = paging::take(&mut query)?;
    let filter = Filter {
        replayed: query.optional("replayed", in_query(flag)),
        ..filter(&mut query, in_query(whole(0..=i32::MAX)))
    };
    query.finish(Some(()))?;
    let after = request.after.map(|place| (place.created_at, place.id));
    let rows = api
        .run(move |mut connection| async move {
            Ok(dead_letters::list(&mut connection, &filter, after, request.rows()).await?)
        })
        .await?;
    let page = Page::cut(&request, rows, place);
    Ok(HttpResponse::Ok().json(page.show(HeadingView::of)))
}

/// `GET /api/v1/dead-letters/{id}`
pub async fn get(
    api: Data<Api>,
    PathId(id): PathId<DeadLetterResource>,
    id_tags: IdTags,
) -> Result<HttpResponse, ApiError> {
    let letter = api
        .run(move |mut connection| async move {
            Ok(dead_letters::find(&mut connection, id).await?.ok_or(DeadLetterRefusal::NotFound)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(LetterView::of(&letter, id_tags)))
}

/// `POST /api/v1/dead-letters/{id}/replay`
pub async fn replay_one(
    api: Data<Api>,
    PathId(id): PathId<DeadLetterResource>,
    Subject(by): Subject<Actor>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let run = query.required("dryRun", in_query(run));
    let run = query.finish(run)?;
    let attempt = replay::replay(&api, id, run, &by).await??;
    Ok(HttpResponse::Ok().json(ReplayView::of(run, &attempt)))
}
