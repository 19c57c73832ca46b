//! Every kind of failure as a client sees it: status, headers and body.

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

#[actix_web::test]
async fn refuses_invalid_bodies() {
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[{"connectorId":"x"}]}"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "connectors[0].connectorId",
          "message": "invalid type: string \"x\", expected u32 at line 1 column 45"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[],"oops":1}"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "oops",
          "message": "unknown field `oops`, expected `idTag` or `connectors` at line 1 column 35"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "idTag",
          "message": "EOF while parsing a value at line 1 column 9"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[]} x"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "trailing characters at line 1 column 31"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post("")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "must not be empty"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[actix_web::test]
async fn refuses_bodies_of_the_wrong_size_or_type() {
    let long = r#"{"idTag":"0123456789012345678901234567890123456789","connectors":[]}"#;
    assert_snapshot!(ask(post(long)).await, @r#"
    413
    content-type: application/problem+json
    {
      "code": "BODY_TOO_LARGE",
      "detail": "at most 64 bytes are accepted",
      "instance": "/starts",
      "status": 413,
      "title": "Request body is too large",
      "traceId": "…",
      "type": "https://charging.example/problems/body-too-large"
    }
    "#);
    let text = TestRequest::post()
        .uri("/starts")
        .insert_header((header::CONTENT_TYPE, "text/plain"))
        .set_payload("{}");
    assert_snapshot!(ask(text).await, @r#"
    415
    content-type: application/problem+json
    {
      "code": "UNSUPPORTED_MEDIA_TYPE",
      "detail": "send application/json",
      "instance": "/starts",
      "status": 415,
      "title": "Content type is not supported",
      "traceId": "…",
      "type": "https://charging.example/problems/unsupported-media-type"
    }
    "#);
    assert_snapshot!(ask(TestRequest::post().uri("/starts").set_payload("{}")).await, @r#"
    415
    content-type: application/problem+json
    {
      "code": "UNSUPPORTED_MEDIA_TYPE",
      "detail": "send application/json",
      "instance": "/starts",
      "status": 415,
      "title": "Content type is not supported",
      "traceId": "…",
      "type": "https://charging.example/problems/unsupported-media-type"
    }
    "#);
}

#[actix_web::test]
async fn refuses_invalid_parameters() {
    assert_snapshot!(ask(get("/piles/nonsense")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "path",
          "message": "UUID parsing failed: invalid character: found `n` at 0"
        }
      ],
      "instance": "/piles/nonsense",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/plain/nonsense")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "path",
          "message": "can not parse \"nonsense\" to a u32"
        }
      ],
      "instance": "/plain/nonsense",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/starts?limit=many")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limit",
          "message": "invalid digit found in string"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/starts?limt=5")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limt",
          "message": "unknown field `limt`, expected `limit`"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[actix_web::test]
async fn internal_errors_do_not_expose_details() {
    let bodies = [ask(get("/broken")).await, ask(get("/leaky")).await, ask(get("/panic")).await];
    assert!(bodies.iter().all(|body| !body.contains("hunter2")));
    let [broken, leaky, panicked] = bodies;
    assert_snapshot!(broken, @r#"
    500
    content-type: application/problem+json
    {
      "code": "INTERNAL",
      "instance": "/broken",
      "status": 500,
      "title": "Something went wrong on our side",
      "traceId": "…",
      "type": "https://charging.example/problems/internal"
    }
    "#);
    assert_snapshot!(leaky, @r#"
    500
    content-type: application/problem+json
    {
      "code": "INTERNAL",
      "instance": "/leaky",
      "status": 500,
      "title": "Something went wrong on our side",
      "traceId": "…",
      "type": "https://charging.example/problems/internal"
    }
    "#);
    assert_snapshot!(panicked, @r#"
    500
    content-type: application/problem+json
    {
      "code": "INTERNAL",
      "instance": "/panic",
      "status": 500,
      "title": "Something went wrong on our side",
      "traceId": "…",
      "type": "https://charging.example/problems/internal"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn aborts_a_request_at_its_deadline_which_a_handler_may_extend() {
    assert_snapshot!(ask(get("/slow")).await, @r#"
    503
    retry-after: 1
    content-type: application/problem+json
    {
      "code": "REQUEST_DEADLINE_EXCEEDED",
      "instance": "/slow",
      "status": 503,
      "title": "The request did not finish in time",
      "traceId": "…",
      "type": "https://charging.example/problems/request-deadline-exceeded"
    }
    "#);
    assert_snapshot!(ask(get("/patient")).await, @"200");
}

#[actix_web::test]
async fn continues_the_trace_of_the_caller() {
    let settings = LogSettings { format: LogFormat::Json, level: "off".to_owned() };
    crate::telemetry::init(&settings).unwrap();
    let service = init_service(app(BodyLimit::default(), Duration::from_secs(1), routes)).await;
    let request = get("/offline")
        .insert_header(("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        .to_request();
    let response = actix_web::test::call_service(&service, request).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let body: serde_json::Value = serde_json::from_str(&read(response.into_body()).await).unwrap();
    assert_eq!(body["traceId"], "0af7651916cd43dd8448eb211c80319c");
}

#[actix_web::test]
async fn measures_requests_by_route() {
    let _ = ask(get("/piles/0192f0c1-0000-7000-8000-000000000000")).await;
    let metrics = crate::telemetry::render_metrics().unwrap();
    let expected =
        r#"http_server_request_duration_seconds_count{method="GET",route="/piles/{id}",status="200"}"#;
    assert!(metrics.contains(expected), "{metrics}");
    for process in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
        assert!(metrics.contains(process), "{process} is missing");
    }
}

#[test]
fn formats_a_problem_as_one_line() {
    let problem =
        Problem::invalid(vec![FieldError::new("connectorId", "must be at least 1")]).detail("see errors");
    assert_eq!(problem.to_string(), "400 INVALID_REQUEST: Request is not valid (see errors)");
}
