//! `POST /api/v1/sessions/{sessionId}/end`: ends a session whose stop never arrived.

use super::view::SessionView;
use super::{SessionNotFound, SessionResource, complete_one};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::edit;
use crate::http::error::{ApiError, IntoProblem};
use crate::http::fields::Fields;
use crate::http::fields::parse::{number, text};
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::ids::Actor;
use domain::text::Label;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::{JsonBody, PathId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::sessions::SessionEndRefusal;

/// Why a session ends, and its energy register.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SessionEnd", extend("additionalProperties" = false))]
pub struct EndBody {
    /// Why an operator ends the session; part of the audit trail.
    reason: Label,
    /// The energy register of the connector at the end, in Wh, as read on site; unknown when absent.
    #[schemars(range(min = 0.0))]
    meter_stop_wh: Option<f64>,
}

impl IntoProblem for SessionEndRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => SessionNotFound.into_problem(),
            Self::Ended { .. } => Problem::conflict("SESSION_ENDED", "The session has ended").detail(detail),
            Self::RegisterBelowStart { .. } => {
                Problem::conflict("REGISTER_BELOW_START", "The register is below that of the start")
                    .detail(detail)
            }
        }
    }
}

fn read(mut body: Fields) -> Result<(Label, Option<f64>), ApiError> {
    let reason = body.required("reason", text(Label::parse));
    let meter_stop_wh = body.optional("meterStopWh", register);
    Ok(body.finish(reason.map(|reason| (reason, meter_stop_wh)))?)
}

fn register(value: &Value) -> Result<f64, String> {
    let register = number(value)?;
    if register.is_finite() && register >= 0.0 { Ok(register) } else { Err("must be at least 0".to_owned()) }
}

/// `POST /api/v1/sessions/{sessionId}/end`
pub async fn end(
    api: Data<Api>,
    PathId(id): PathId<SessionResource>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    id_tags: IdTags,
    JsonBody(body): JsonBody<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (reason, meter_stop_wh) = read(body)?;
    let stamp = edit::stamp(by);
    let session = api
        .run(move |mut connection| async move {
            let ended =
                storage::sessions::end(&mut connection, &bound, id, meter_stop_wh, &stamp, &reason).await??;
            complete_one(&mut connection, ended).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(SessionView::of(&session, id_tags)))
}
