use super::super::{BodyLimit, server::app};
use super::*;
use crate::Problem;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web;
use std::time::Duration;

const CONSOLE: &str = "https://console.example";

/// Status and headers of the response to `request` from a page of `origin`, with [`CONSOLE`]
/// allowed.
async fn ask(request: TestRequest, origin: &'static str) -> (StatusCode, HeaderMap) {
    let cors = Cors::new(&[CONSOLE.parse().unwrap()]);
    let routes = move |config: &mut web::ServiceConfig| {
        config
            .app_data(cors.clone())
            .service(web::resource("/good").route(web::get().to(HttpResponse::Ok)))
            .service(web::resource("/bad").route(web::get().to(|| async {
                Err::<HttpResponse, _>(Problem::conflict("PILE_OFFLINE", "Pile is offline"))
            })));
    };
    let limit = BodyLimit { bytes: 64, time: Duration::from_secs(5) };
    let service = init_service(app(limit, Duration::from_secs(10), routes)).await;
    let request = request.insert_header((header::ORIGIN, origin)).to_request();
    match try_call_service(&service, request).await {
        Ok(answer) => (answer.status(), answer.headers().clone()),
        Err(error) => {
            let answer = error.error_response();
            (answer.status(), answer.headers().clone())
        }
    }
}

fn preflight(path: &str) -> TestRequest {
    let method = (header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    TestRequest::with_uri(path).method(Method::OPTIONS).insert_header(method)
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|origin| origin.to_str().unwrap())
}

#[actix_web::test]
async fn a_page_of_an_allowed_origin_may_read_successes_and_failures() {
    let (status, headers) = ask(preflight("/good"), CONSOLE).await;
    assert_eq!((status, allowed(&headers)), (StatusCode::NO_CONTENT, Some(CONSOLE)));
    for name in [header::ACCESS_CONTROL_ALLOW_METHODS, header::ACCESS_CONTROL_ALLOW_HEADERS] {
        assert!(headers.contains_key(&name), "{name}");
    }
    for (path, expected) in
        [("/good", StatusCode::OK), ("/bad", StatusCode::CONFLICT), ("/none", StatusCode::NOT_FOUND)]
    {
        let (status, headers) = ask(TestRequest::with_uri(path), CONSOLE).await;
        assert_eq!((status, allowed(&headers)), (expected, Some(CONSOLE)), "{path}");
        assert_eq!(headers.get(header::VARY).unwrap(), "Origin", "{path}");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "{path}");
    }
}

#[actix_web::test]
async fn a_page_of_another_origin_is_not_allowed() {
    for origin in ["https://console.example.evil.example", "http://console.example", "null"] {
        let (status, headers) = ask(preflight("/good"), origin).await;
        assert_eq!((status, allowed(&headers)), (StatusCode::METHOD_NOT_ALLOWED, None), "{origin}");
        let (status, headers) = ask(TestRequest::with_uri("/good"), origin).await;
        assert_eq!((status, allowed(&headers)), (StatusCode::OK, None), "{origin}");
    }
}
