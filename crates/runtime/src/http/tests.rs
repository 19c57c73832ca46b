//! Every kind of failure as a client sees it: status, headers and body.

mod bodies;
mod failures;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    body::{MessageBody, to_bytes},
    http::{StatusCode, header},
    test::{TestRequest, init_service},
    web,
};
use insta::assert_snapshot;
use serde::Deserialize;

use super::{BodyLimit, Deadline, JsonBody, PathParams, QueryParams, server::app};
use crate::{
    Problem,
    problem::FieldError,
    settings::{LogFormat, LogSettings},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    id_tag: String,
    connectors: Vec<Connector>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connector {
    connector_id: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: Option<u32>,
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/starts")
                .route(web::post().to(|body: JsonBody<Start>| async move {
                    HttpResponse::Ok()
                        .body(format!("{} {}", body.0.id_tag, body.0.connectors[0].connector_id))
                }))
                .route(web::get().to(|page: QueryParams<Page>| async move {
                    HttpResponse::Ok().body(format!("{:?}", page.0.limit))
                })),
        )
        .service(web::resource("/piles/{id}").route(
            web::get().to(|path: PathParams<uuid::Uuid>| async move {
                HttpResponse::Ok().body(path.0.to_string())
            }),
        ))
        .service(web::resource("/plain/{id}").route(
            web::get().to(|path: web::Path<u32>| async move { HttpResponse::Ok().body(path.to_string()) }),
        ))
        .route(
            "/offline",
            web::get().to(|| async {
                Err::<HttpResponse, _>(
                    Problem::conflict("PILE_OFFLINE", "Pile is offline")
                        .detail("CP-001 is not connected")
                        .field("pileId", "offline"),
                )
            }),
        )
        .route(
            "/away",
            web::get().to(|| async {
                Err::<HttpResponse, _>(Problem::unavailable(
                    "DATABASE_UNAVAILABLE",
                    "The database is not available",
                    2,
                ))
            }),
        )
        .route(
            "/broken",
            web::get().to(|| async {
                let error = std::io::Error::other("password=hunter2");
                Err::<HttpResponse, _>(Problem::internal(&error))
            }),
        )
        .route(
            "/leaky",
            web::get().to(|| async {
                Err::<HttpResponse, _>(actix_web::error::ErrorInternalServerError("password=hunter2"))
            }),
        )
        .route("/panic", web::get().to(panics))
        .route(
            "/slow",
            web::get().to(|| async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                HttpResponse::Ok().finish()
            }),
        )
        .route(
            "/patient",
            web::get().to(|request: HttpRequest| async move {
                Deadline::extend(&request, Duration::from_secs(60));
                tokio::time::sleep(Duration::from_secs(30)).await;
                HttpResponse::Ok().finish()
            }),
        );
}

async fn panics() -> HttpResponse {
    panic!("password=hunter2")
}

/// Status, selected headers and body of the response, with a fixed trace id.
async fn ask(request: TestRequest) -> String {
    let settings = LogSettings { format: LogFormat::Json, level: "off".to_owned() };
    crate::telemetry::init(&settings).unwrap();
    let limit = BodyLimit { bytes: 64, time: Duration::from_secs(5) };
    let service = init_service(app(limit, Duration::from_secs(10), routes)).await;
    let (status, headers, body) =
        match actix_web::test::try_call_service(&service, request.to_request()).await {
            Ok(response) => {
                let (_, response) = response.into_parts();
                (response.status(), response.headers().clone(), read(response.into_body()).await)
            }
            Err(error) => {
                let response = error.error_response();
                (response.status(), response.headers().clone(), read(response.into_body()).await)
            }
        };
    let mut seen = status.as_u16().to_string();
    for name in [header::ALLOW, header::RETRY_AFTER, header::CONTENT_TYPE] {
        if let Some(value) = headers.get(&name) {
            seen += &format!("\n{name}: {}", value.to_str().unwrap());
        }
    }
    seen + "\n" + &stable(&body)
}

async fn read(body: impl MessageBody) -> String {
    let bytes = to_bytes(body).await.unwrap_or_else(|_error| panic!("the body could not be read"));
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn stable(body: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(body) else {
        return body.to_owned();
    };
    if let Some(trace_id) = json.get_mut("traceId") {
        assert_eq!(trace_id.as_str().unwrap().len(), 32);
        *trace_id = "…".into();
    }
    serde_json::to_string_pretty(&json).unwrap()
}

fn post(body: &'static str) -> TestRequest {
    TestRequest::post()
        .uri("/starts")
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(body)
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

#[actix_web::test]
async fn accepts_valid_requests() {
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[{"connectorId":2}]}"#)).await, @r#"
    200
    A 2
    "#);
    assert_snapshot!(ask(get("/starts?limit=5")).await, @r#"
    200
    Some(5)
    "#);
}

#[actix_web::test]
async fn returns_the_problems_of_a_service() {
    assert_snapshot!(ask(get("/offline")).await, @r#"
    409
    content-type: application/problem+json
    {
      "code": "PILE_OFFLINE",
      "detail": "CP-001 is not connected",
      "errors": [
        {
          "field": "pileId",
          "message": "offline"
        }
      ],
      "instance": "/offline",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "…",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
    assert_snapshot!(ask(get("/away")).await, @r#"
    503
    retry-after: 2
    content-type: application/problem+json
    {
      "code": "DATABASE_UNAVAILABLE",
      "instance": "/away",
      "status": 503,
      "title": "The database is not available",
      "traceId": "…",
      "type": "https://charging.example/problems/database-unavailable"
    }
    "#);
}

#[actix_web::test]
async fn returns_the_router_s_refusals_as_problems() {
    assert_snapshot!(ask(get("/nowhere?secret=1")).await, @r#"
    404
    content-type: application/problem+json
    {
      "code": "NOT_FOUND",
      "instance": "/nowhere",
      "status": 404,
      "title": "No resource at this path",
      "traceId": "…",
      "type": "https://charging.example/problems/not-found"
    }
    "#);
    assert_snapshot!(ask(TestRequest::put().uri("/starts")).await, @r#"
    405
    allow: POST, GET
    content-type: application/problem+json
    {
      "code": "METHOD_NOT_ALLOWED",
      "instance": "/starts",
      "status": 405,
      "title": "Method is not allowed on this resource",
      "traceId": "…",
      "type": "https://charging.example/problems/method-not-allowed"
    }
    "#);
}
