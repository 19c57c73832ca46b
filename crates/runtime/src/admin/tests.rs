//! The probes, asked over the routes they are served on.

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
async fn ready_when_every_check_passes() {
    let context = Context::new("test");
    context.health.add("database", || async { Ok(()) });
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, json!({"ready": true, "draining": false, "checks": {"database": "ok"}}));
}

#[actix_web::test]
async fn probes_and_metrics_answer_to_head() {
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
async fn names_what_is_wrong() {
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
async fn what_was_there_once_may_be_away() {
    let context = Context::new("test");
    let there = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&there);
    context.health.add_until_passed("redis", move || {
        let there = asked.load(Ordering::Relaxed);
        async move { if there { Ok(()) } else { Err("away".to_owned()) } }
    });
    for (is_there, expected, state) in [
        (false, StatusCode::SERVICE_UNAVAILABLE, "away"),
        (true, StatusCode::OK, "ok"),
        (false, StatusCode::OK, "away"),
    ] {
        there.store(is_there, Ordering::Relaxed);
        // Answers are given again for a while.
        testkit::eventually("the state to be told", || async {
            readyz(&context).await.1["checks"]["redis"] == state
        })
        .await;
        assert_eq!(readyz(&context).await.0, expected);
    }
}

#[actix_web::test]
async fn an_advisory_is_reported_and_leaves_readiness_alone() {
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
async fn a_check_that_hangs_is_given_one_second() {
    let context = Context::new("test");
    context.health.add("redis", std::future::pending);
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["checks"]["redis"], "no answer within 1 s");
}

#[actix_web::test]
async fn not_ready_while_draining_even_with_a_fresh_answer() {
    let context = Context::new("test");
    assert_eq!(readyz(&context).await.0, StatusCode::OK);
    context.shutdown.request();
    let (status, body) = readyz(&context).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["draining"], true);
}

#[actix_web::test]
async fn eager_probes_share_an_answer() {
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
