//! Tests of the admin routes, over HTTP.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use actix_web::{
    App,
    http::{Method, StatusCode},
    test::{TestRequest, call_service, init_service, read_body_json},
    web,
};
use serde_json::{Value, json};

use super::routes;
use crate::Context;

async fn readyz(context: &Context) -> (StatusCode, Value) {
    let app = App::new().app_data(web::Data::new(context.health.clone())).configure(routes);
    let service = init_service(app).await;
    let response = call_service(&service, TestRequest::get().uri("/readyz").to_request()).await;
    (response.status(), read_body_json(response).await)
}

#[actix_web::test]
async fn is_ready_when_every_check_passes() {
    let context = Context::new("test");
    context.health.add("database", || async { Ok(()) });
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, json!({"ready": true, "draining": false, "checks": {"database": "ok"}}));
}

#[actix_web::test]
async fn serves_probes_and_metrics_to_head_requests() {
    let context = Context::new("test");
    let app = App::new().app_data(web::Data::new(context.health.clone())).configure(routes);
    let service = init_service(app).await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let head = TestRequest::default().method(Method::HEAD).uri(path).to_request();
        let expected = call_service(&service, TestRequest::get().uri(path).to_request()).await.status();
        assert_eq!(call_service(&service, head).await.status(), expected, "{path}");
    }
}

#[actix_web::test]
async fn reports_the_reason_of_each_failed_check() {
    let context = Context::new("test");
    context.health.add("database", || async { Ok(()) });
    context.health.add("kafka", || async { Err("no broker answers".to_owned()) });
    context.health.add("buggy", || async { panic!("hunter2") });
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        body["checks"],
        json!({"buggy": "the check itself failed", "database": "ok", "kafka": "no broker answers"})
    );
}

#[actix_web::test]
async fn stays_ready_without_a_dependency_that_passed_once() {
    let context = Context::new("test");
    let available = Arc::new(AtomicBool::new(false));
    let checked = Arc::clone(&available);
    context.health.add_until_passed("redis", move || {
        let available = checked.load(Ordering::Relaxed);
        async move { if available { Ok(()) } else { Err("away".to_owned()) } }
    });
    for (is_available, expected, state) in [
        (false, StatusCode::SERVICE_UNAVAILABLE, "away"),
        (true, StatusCode::OK, "ok"),
        (false, StatusCode::OK, "away"),
    ] {
        available.store(is_available, Ordering::Relaxed);
        // The report is cached for a moment.
        testkit::eventually("the state to be reported", || async {
            readyz(&context).await.1["checks"]["redis"] == state
        })
        .await;
        assert_eq!(readyz(&context).await.0, expected);
    }
}

#[actix_web::test]
async fn an_advisory_is_reported_without_affecting_readiness() {
    let context = Context::new("test");
    context.health.add("database", || async { Ok(()) });
    context.health.add_advisory("retention", || Err("7 d".to_owned()));
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({"ready": true, "draining": false, "checks": {"database": "ok", "retention": "7 d"}})
    );
}

#[actix_web::test]
async fn an_advisory_without_objection_is_ok() {
    let context = Context::new("test");
    context.health.add_advisory("retention", || Ok(()));
    assert_eq!(readyz(&context).await.1["checks"]["retention"], "ok");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_check_fails_after_one_second() {
    let context = Context::new("test");
    context.health.add("redis", std::future::pending);
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["checks"]["redis"], "no answer within 1 s");
}

#[actix_web::test]
async fn is_not_ready_while_draining_even_with_a_cached_report() {
    let context = Context::new("test");
    assert_eq!(readyz(&context).await.0, StatusCode::OK);
    context.shutdown.request();
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["draining"], true);
}

#[actix_web::test]
async fn frequent_probes_share_a_report() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let context = Context::new("test");
    context.health.add("counted", || async {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    for _ in 0..10 {
        let _ = context.health.report().await;
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}
