//! A collector that receives spans over OTLP, so that tests can check them.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
pub use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

/// The largest export request, in bytes.
const BODY_MAX: usize = 16 * 1024 * 1024;

type ReceivedSpans = Arc<Mutex<Vec<ExportedSpan>>>;

/// A collector on its own port; it stops when it is dropped.
pub struct Collector {
    /// The value of `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: String,
    received: ReceivedSpans,
    server: ServerHandle,
}

/// An exported span. Ids are in hexadecimal.
#[derive(Debug, Clone)]
pub struct ExportedSpan {
    /// The `service.name` of the exporter.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// The id of its trace.
    pub trace_id: String,
    /// Its own id.
    pub id: String,
    /// The id of its parent span; empty if it has none.
    pub parent: String,
    /// The `tracestate` of other systems.
    pub trace_state: String,
    /// Its attributes as text, by name; only texts, numbers and booleans are included.
    pub attributes: Vec<(String, String)>,
    /// The spans to which it is linked: trace id and span id.
    pub links: Vec<(String, String)>,
    /// Its status.
    pub status: StatusCode,
}

impl Collector {
    /// Listens on a free port of this machine.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start() -> Self {
        let received = ReceivedSpans::default();
        let shared = Arc::clone(&received);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(Arc::clone(&shared)))
                .app_data(web::PayloadConfig::new(BODY_MAX))
                .route("/v1/traces", web::post().to(receive))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let endpoint = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        Self { endpoint, received, server: handle }
    }

    /// Every span that was received so far.
    ///
    /// # Panics
    /// When the collector has panicked.
    #[must_use]
    pub fn spans(&self) -> Vec<ExportedSpan> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Stopping is requested, not awaited.
        drop(self.server.stop(false));
    }
}

impl ExportedSpan {
    /// The attribute with this name; empty if there is none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether it is a child of `parent`, in the same trace.
    #[must_use]
    pub fn is_child_of(&self, parent: &Self) -> bool {
        self.trace_id == parent.trace_id && self.parent == parent.id
    }
}

async fn receive(received: web::Data<ReceivedSpans>, body: web::Bytes) -> HttpResponse {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return HttpResponse::BadRequest().finish();
    };
    let mut received = received.lock().unwrap();
    for of_service in request.resource_spans {
        let attributes = of_service.resource.map(|resource| texts(resource.attributes)).unwrap_or_default();
        let service = attributes.into_iter().find(|(name, _)| name == "service.name");
        let service = service.map(|(_, value)| value).unwrap_or_default();
        let spans = of_service.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
        received.extend(spans.map(|span| exported(&service, span)));
    }
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

fn exported(service: &str, span: Span) -> ExportedSpan {
    ExportedSpan {
        service: service.to_owned(),
        kind: span.kind(),
        status: span.status.as_ref().map(|status| status.code()).unwrap_or_default(),
        name: span.name,
        trace_id: hexadecimal(&span.trace_id),
        id: hexadecimal(&span.span_id),
        parent: hexadecimal(&span.parent_span_id),
        trace_state: span.trace_state,
        attributes: texts(span.attributes),
        links: span
            .links
            .iter()
            .map(|link| (hexadecimal(&link.trace_id), hexadecimal(&link.span_id)))
            .collect(),
    }
}

fn texts(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    attributes.into_iter().filter_map(|attribute| Some((attribute.key, text(attribute.value?)?))).collect()
}

fn text(value: AnyValue) -> Option<String> {
    match value.value? {
        Value::StringValue(text) => Some(text),
        Value::BoolValue(truth) => Some(truth.to_string()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::DoubleValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
