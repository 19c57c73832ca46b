//! Observation of every request: a span, a log line, a measurement, and problems with path and
//! trace id.

use std::{
    cell::OnceCell,
    rc::Rc,
    sync::{Arc, OnceLock},
    time::Instant,
};

use actix_web::{
    Error, HttpMessage as _,
    body::{BoxBody, MessageBody},
    dev::{ResponseHead, ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    middleware::Next,
};
use opentelemetry::{KeyValue, global, metrics::Histogram};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::cors::{self, Cors};
use super::draining::Draining;
use super::{framework, headers, target};
use crate::auth::Allowance;
use crate::openapi::Deprecation;
use crate::telemetry::install_metrics;
use crate::{Problem, trace};

/// Upper bounds in seconds: from a cached read to the deadline.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The route label of requests that match no route, in metrics and logs.
const UNMATCHED: &str = "unmatched";
/// The label of unknown methods.
const OTHER: &str = "_OTHER";

/// The data of a request that is needed after the request was passed on.
struct Seen {
    method: Method,
    /// `None` if no route matches.
    route: Option<String>,
    path: String,
    caller: IdentifiedCaller,
    started: Instant,
}

/// The subject of the request's caller, for the access log; empty until the caller is identified.
#[derive(Clone, Default)]
pub(super) struct IdentifiedCaller(Rc<OnceCell<Arc<str>>>);

impl IdentifiedCaller {
    /// Records the caller of `request`, whether or not it may send it.
    pub(super) fn record(request: &ServiceRequest, subject: &Arc<str>) {
        if let Some(caller) = request.extensions().get::<Self>() {
            // A request has one caller.
            drop(caller.0.set(Arc::clone(subject)));
        }
    }
}

pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let seen = Seen {
        method: request.method().clone(),
        route: request.resource_map().match_pattern(request.path()),
        path: target::shown(request.path()).to_owned(),
        caller: IdentifiedCaller::default(),
        started: Instant::now(),
    };
    request.extensions_mut().insert(seen.caller.clone());
    let span = span(&seen, &request);
    let cors = request.app_data::<Cors>().cloned();
    let page = cors.as_ref().and_then(|cors| cors.admits(request.headers()));
    let draining = request.app_data::<Draining>().cloned();
    let varies = cors.is_some_and(|cors| cors.is_open_to_some());
    async move {
        let handled = if page.is_some() && cors::is_preflight(request.method(), request.headers()) {
            Ok(request.into_response(cors::preflight()))
        } else {
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        };
        let finish = |head: &mut ResponseHead| {
            if let Some(draining) = draining {
                draining.announce(head);
            }
            let headers = head.headers_mut();
            headers::protect(headers);
            if varies {
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
            }
            if let Some(page) = page {
                cors::let_read(page, headers);
            }
        };
        let outcome = match handled {
            Ok(response) => {
                let mut response = announcing(complete(response, &seen));
                finish(response.response_mut().head_mut());
                Ok(response)
            }
            Err(error) => Err(complete_error(&error, &seen, finish)),
        };
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        report(&seen, status);
        outcome
    }
    .instrument(span)
    .await
}

fn span(seen: &Seen, request: &ServiceRequest) -> Span {
    let method = method_label(&seen.method);
    let name = seen.route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = tracing::info_span!(
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method,
        http.route = seen.route,
    );
    // Fails only without an OpenTelemetry layer, as in tests.
    drop(span.set_parent(trace::extract(request.headers())));
    if trace::is_exported() {
        describe(&span, seen, request);
    }
    span
}

/// Adds attributes for a collector; the log line has the path already.
fn describe(span: &Span, seen: &Seen, request: &ServiceRequest) {
    span.set_attribute("url.path", seen.path.clone());
    span.set_attribute("url.scheme", request.connection_info().scheme().to_owned());
    if method_label(&seen.method) == OTHER {
        span.set_attribute("http.request.method_original", seen.method.to_string());
    }
}

/// Gives a failed response its final body; leaves successful ones unchanged.
fn complete(mut response: ServiceResponse<BoxBody>, seen: &Seen) -> ServiceResponse<BoxBody> {
    if !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    let own = response.response_mut().extensions_mut().remove::<Problem>();
    let problem = match own {
        Some(problem) => problem,
        None if is_problem(&response) => return response,
        None => framework::describe(&response),
    };
    let trace_id = trace::current_trace_id();
    response.into_response(problem.respond(Some(&seen.path), trace_id.as_deref()))
}

/// Adds the remaining allowance of a rate-limited caller, and the announcement of a deprecated
/// operation, also to a problem.
fn announcing(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (allowance, deprecation) = {
        let known = response.request().extensions();
        (known.get::<Allowance>().copied(), known.get::<Deprecation>().copied())
    };
    if let Some(allowance) = allowance {
        allowance.write_headers(response.headers_mut());
    }
    if let Some(deprecation) = deprecation {
        deprecation.announce(response.headers_mut());
    }
    response
}

fn complete_error(error: &Error, seen: &Seen, finish: impl FnOnce(&mut ResponseHead)) -> Error {
    let problem = error.as_error::<Problem>().cloned().unwrap_or_else(|| framework::describe_error(error));
    let trace_id = trace::current_trace_id();
    let mut response = problem.respond(Some(&seen.path), trace_id.as_deref());
    finish(response.head_mut());
    actix_web::error::InternalError::from_response(problem, response).into()
}

fn is_problem(response: &ServiceResponse<BoxBody>) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

fn report(seen: &Seen, status: StatusCode) {
    let elapsed = seen.started.elapsed();
    let status_code = i64::from(status.as_u16());
    if trace::is_exported() {
        // Not a field of the span: the log would format all of its fields again.
        Span::current().set_attribute("http.response.status_code", status_code);
    }
    duration_histogram().record(
        elapsed.as_secs_f64(),
        &[
            KeyValue::new("method", method_label(&seen.method)),
            KeyValue::new("route", seen.route.clone().unwrap_or_else(|| UNMATCHED.to_owned())),
            KeyValue::new("status", status_code),
        ],
    );
    let duration_ms = elapsed.as_secs_f64() * 1_000.0;
    if status.is_server_error() {
        // The status code is enough; client errors do not mark the span as failed.
        Span::current().set_attribute("error.type", status.as_str().to_owned());
        Span::current().set_status(opentelemetry::trace::Status::error(""));
    }
    // Absent from the line if the caller was not identified.
    let sub = seen.caller.0.get().map(AsRef::<str>::as_ref);
    // Method and route are fields of the span, and therefore of this line.
    match seen.route {
        Some(_) => tracing::info!(
            target: "access",
            { sub, http.response.status_code = status_code, url.path = seen.path, duration_ms },
            "request"
        ),
        None => tracing::info!(
            target: "access",
            { http.route = UNMATCHED, http.response.status_code = status_code, url.path = seen.path, duration_ms },
            "request"
        ),
    }
}

/// Clients can send any word as a method; the label's cardinality must stay bounded.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => OTHER,
    }
}

fn duration_histogram() -> &'static Histogram<f64> {
    static HISTOGRAM: OnceLock<Histogram<f64>> = OnceLock::new();
    HISTOGRAM.get_or_init(|| {
        // A service has done so long before; a test that serves a request may not have.
        install_metrics();
        global::meter("http")
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .with_description("Time from receiving the request head to sending the response head")
            .with_boundaries(BUCKETS.to_vec())
            .build()
    })
}
