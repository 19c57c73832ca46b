//! Pages of other origins: those that are named in the settings may call, and read the answers (Fetch standard, CORS).

use super::WebOrigin;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// What a page may send beside what every page may.
const HEADERS: &str = "authorization, content-type, idempotency-key, if-match, last-event-id, traceparent";
/// What a page may read of an answer beside what every page may.
const EXPOSED: &str =
    "etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// How long a browser may remember that a page may call, in seconds.
const MAX_AGE_S: &str = "600";

/// The origins whose pages are let in. Cheap to clone.
#[derive(Clone)]
pub(super) struct Cors(Arc<[WebOrigin]>);

impl Cors {
    pub(super) fn new(origins: &[WebOrigin]) -> Self {
        Self(origins.into())
    }

    /// The origin of the page that asks, if it is let in.
    pub(super) fn admits(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_str().as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether answers differ by who asks.
    pub(super) fn is_open_to_some(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a browser asks if a page may call, before it lets the page do so.
pub(super) fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// It may.
pub(super) fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S))
        .finish()
}

/// Lets a page of `origin` read the answer.
pub(super) fn let_read(origin: HeaderValue, answer: &mut HeaderMap) {
    let said: [(HeaderName, HeaderValue); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED)),
    ];
    for (name, value) in said {
        answer.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyLimit, server::app};
    use super::*;
    use crate::Problem;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::web;
    use std::time::Duration;

    const CONSOLE: &str = "https://console.example";

    /// Status and headers of the answer to `request` of a page of `origin`, where pages of [`CONSOLE`] are let in.
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
    async fn a_page_that_is_named_may_ask_and_read_answers_good_and_bad() {
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
    async fn no_other_page_may() {
        for origin in ["https://console.example.evil.example", "http://console.example", "null"] {
            let (status, headers) = ask(preflight("/good"), origin).await;
            assert_eq!((status, allowed(&headers)), (StatusCode::METHOD_NOT_ALLOWED, None), "{origin}");
            let (status, headers) = ask(TestRequest::with_uri("/good"), origin).await;
            assert_eq!((status, allowed(&headers)), (StatusCode::OK, None), "{origin}");
        }
    }
}
