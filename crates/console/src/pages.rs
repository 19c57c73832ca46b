//! The routes of the console. They are public: they contain nothing that the repository does not,
//! and a page shows data only with the token of its user.

use crate::files::{self, File};
use crate::{LabelContent, MapTiles, SignIn, Surroundings};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use serde::Serialize;
use std::future::ready;

/// `Cache-Control` of assets, whose names change with their content: one year.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of the page: browsers revalidate it, so that a new release is visible at once.
const REVALIDATE: &str = "no-cache";

/// The path to which an OpenID provider returns. Only here the console may be in a frame of its own
/// pages, which renews tokens.
const SIGNED_IN: &str = "signed-in";

/// The pages with their settings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    policy: HeaderValue,
    /// The policy of the page [`SIGNED_IN`].
    framed_policy: HeaderValue,
    settings: Bytes,
}

/// The content of `settings.json`, which the page loads first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    dispatcher: Option<&'a str>,
    label_content: &'a LabelContent,
    asks_for_tokens: bool,
    operators_claim: &'a str,
    sign_in: Option<&'a SignIn>,
    map_tiles: Option<&'a MapTiles>,
    version: &'a str,
}

impl Console {
    /// Creates the pages for these surroundings.
    ///
    /// # Errors
    /// When the settings cannot be serialized, which is a bug.
    pub fn new(surroundings: &Surroundings) -> Result<Self, serde_json::Error> {
        let policy =
            |frames| HeaderValue::from_str(&policy(surroundings, frames)).map_err(serde::ser::Error::custom);
        let settings = Settings {
            dispatcher: surroundings.dispatcher.as_ref().map(|origin| origin.as_str()),
            label_content: &surroundings.label_content,
            asks_for_tokens: surroundings.asks_for_tokens,
            operators_claim: &surroundings.operators_claim,
            sign_in: surroundings.sign_in.as_ref(),
            map_tiles: surroundings.map_tiles.as_ref(),
            version: surroundings.version,
        };
        Ok(Self {
            policy: policy("'none'")?,
            framed_policy: policy("'self'")?,
            settings: serde_json::to_vec(&settings)?.into(),
        })
    }

    /// Adds the routes to an application.
    pub fn install(&self, config: &mut web::ServiceConfig) {
        let settings = self.settings.clone();
        let (policy, framed_policy) = (self.policy.clone(), self.framed_policy.clone());
        config
            .service(web::redirect("/console", "/console/"))
            .route("/console/settings.json", read().to(move || ready(settings_json(settings.clone()))))
            .route(
                "/console/assets/{name:.*}",
                read().to(|name: Path<String>, request| ready(asset(&name, &request))),
            )
            .route(
                &format!("/console/{SIGNED_IN}"),
                read().to(move |request| ready(page(&framed_policy, &request))),
            )
            .route("/console/{path:.*}", read().to(move |request| ready(page(&policy, &request))));
    }
}

/// A route for GET and HEAD.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The content security policy: no foreign content but the tiles of the map, nothing inline, only
/// the page's own script, and no markup from text. `frames` may show the page in a frame.
fn policy(surroundings: &Surroundings, frames: &str) -> String {
    let dispatcher = surroundings.dispatcher.as_ref().map_or("", |origin| origin.as_str());
    let provider = surroundings.sign_in.as_ref().map(SignIn::origins).unwrap_or_default();
    let tiles = surroundings.map_tiles.as_ref().map_or("", MapTiles::origin);
    let rules = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        &sources("img-src 'self' data:", &[tiles]),
        &sources("connect-src 'self'", &[dispatcher, &provider]),
        &sources("frame-src 'self'", &[&provider]),
        &format!("frame-ancestors {frames}"),
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ];
    rules.join("; ")
}

/// A rule with these further sources, of which some may be empty.
fn sources(rule: &str, further: &[&str]) -> String {
    let further = further.iter().filter(|source| !source.is_empty());
    std::iter::once(&rule).chain(further).copied().collect::<Vec<_>>().join(" ")
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
