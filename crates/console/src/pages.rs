//! The routes of the console. They are public: they contain nothing that the repository does not,
//! and a page shows data only with the token of its user.

use crate::files::{self, File};
use crate::{LabelContent, Surroundings};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use serde::Serialize;
use std::future::ready;

/// `Cache-Control` of assets, whose names change with their content: one year.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of the page: browsers revalidate it, so that a new release is visible at once.
const REVALIDATE: &str = "no-cache";

/// The pages with their settings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    policy: HeaderValue,
    settings: Bytes,
}

/// The content of `settings.json`, which the page loads first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    dispatcher: Option<&'a str>,
    label_content: &'a LabelContent,
    asks_for_tokens: bool,
    version: &'a str,
}

impl Console {
    /// Creates the pages for these surroundings.
    ///
    /// # Errors
    /// When the settings cannot be serialized, which is a bug.
    pub fn new(surroundings: &Surroundings) -> Result<Self, serde_json::Error> {
        let dispatcher = surroundings.dispatcher.as_ref().map(|origin| origin.as_str());
        let policy = HeaderValue::from_str(&policy(dispatcher.unwrap_or_default()))
            .map_err(serde::ser::Error::custom)?;
        let settings = Settings {
            dispatcher,
            label_content: &surroundings.label_content,
            asks_for_tokens: surroundings.asks_for_tokens,
            version: surroundings.version,
        };
        Ok(Self { policy, settings: serde_json::to_vec(&settings)?.into() })
    }

    /// Adds the routes to an application.
    pub fn install(&self, config: &mut web::ServiceConfig) {
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        config
            .service(web::redirect("/console", "/console/"))
            .route("/console/settings.json", read().to(move || ready(settings_json(settings.clone()))))
            .route(
                "/console/assets/{name:.*}",
                read().to(|name: Path<String>, request| ready(asset(&name, &request))),
            )
            .route("/console/{path:.*}", read().to(move |request| ready(page(&policy, &request))));
    }
}

/// A route for GET and HEAD.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The content security policy: no foreign content, nothing inline, only the page's own script, and
/// no markup from text.
fn policy(dispatcher: &str) -> String {
    let rules = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        &format!("connect-src 'self' {dispatcher}"),
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ];
    rules.map(str::trim).join("; ")
}

fn settings_json(settings: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(settings)
}

fn page(policy: &HeaderValue, request: &HttpRequest) -> HttpResponse {
    let mut answer = sent(files::page(), request, REVALIDATE);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn asset(name: &str, request: &HttpRequest) -> HttpResponse {
    files::asset(name)
        .map_or_else(|| HttpResponse::NotFound().finish(), |file| sent(file, request, IMMUTABLE))
}

fn sent(file: File, request: &HttpRequest, keep: &'static str) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.content_type(file.media).insert_header((header::CACHE_CONTROL, keep));
    answer.insert_header((header::VARY, "Accept-Encoding"));
    match file.packed.filter(|_| takes_gzip(request)) {
        Some(packed) => answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(packed),
        None => answer.body(file.bytes),
    }
}

/// Whether a client accepts gzip. A client that lists weights receives the uncompressed form, which
/// every client accepts.
fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted
        .is_some_and(|accepted| accepted.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("gzip")))
}

#[cfg(test)]
mod tests;
