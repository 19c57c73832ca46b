//! Failures of the service, and what is observed of a request.

use super::*;

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
    for process in
        ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_max_fds", "build_info{"]
    {
        assert!(metrics.contains(process), "{process} is missing");
    }
}

#[test]
fn formats_a_problem_as_one_line() {
    let problem =
        Problem::invalid(vec![FieldError::new("connectorId", "must be at least 1")]).detail("see errors");
    assert_eq!(problem.to_string(), "400 INVALID_REQUEST: Request is not valid (see errors)");
}
