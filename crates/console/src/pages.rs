//! The addresses of the console. Everyone may read them: they tell nothing that the repository does not, and a page shows data only
//! with the token of whoever looks at it.

use crate::Surroundings;
use crate::files::{self, File};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use serde::Serialize;
use std::future::ready;

/// A year: the name of an asset changes with its content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Asked for each time, so that a new release is seen at once.
const ASK_AGAIN: &str = "no-cache";

/// The pages, ready to be served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    policy: HeaderValue,
    settings: Bytes,
}

/// What the page reads first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    dispatcher: Option<&'a str>,
    asks_for_tokens: bool,
    version: &'a str,
}

impl Console {
    /// Pages in these surroundings.
    ///
    /// # Errors
    /// When the settings cannot be written; a fault of the program.
    pub fn new(surroundings: &Surroundings) -> Result<Self, serde_json::Error> {
        let dispatcher = surroundings.dispatcher.as_ref().map(|origin| origin.as_str());
        let policy = HeaderValue::from_str(&policy(dispatcher.unwrap_or_default()))
            .map_err(serde::ser::Error::custom)?;
        let settings = Settings {
            dispatcher,
            asks_for_tokens: surroundings.asks_for_tokens,
            version: surroundings.version,
        };
        Ok(Self { policy, settings: serde_json::to_vec(&settings)?.into() })
    }

    /// Makes them part of an application.
    pub fn install(&self, config: &mut web::ServiceConfig) {
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        config
            .service(web::redirect("/console", "/console/"))
            .route("/console/settings.json", read().to(move || ready(told(settings.clone()))))
            .route(
                "/console/assets/{name:.*}",
                read().to(|name: Path<String>, request| ready(asset(&name, &request))),
            )
            .route("/console/{path:.*}", read().to(move |request| ready(page(&policy, &request))));
    }
}

/// GET, and HEAD, which is the same without its body.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Nothing from elsewhere, nothing inline, no script but the page's own, and no text made into markup.
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

fn told(settings: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(settings)
}

fn page(policy: &HeaderValue, request: &HttpRequest) -> HttpResponse {
    let mut answer = sent(files::page(), request, ASK_AGAIN);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn asset(name: &str, request: &HttpRequest) -> HttpResponse {
    files::asset(name).map_or_else(|| HttpResponse::NotFound().finish(), |file| sent(file, request, FOR_EVER))
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

/// Whether a client takes gzip; one that gives weights is sent what is plain, which everyone takes.
fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted
        .is_some_and(|accepted| accepted.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("gzip")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::App;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    async fn get(path: &str) -> ServiceResponse {
        ask(Method::GET, path).await
    }

    async fn ask(method: Method, path: &str) -> ServiceResponse {
        let dispatcher = "http://127.0.0.1:8081".parse().ok();
        let console =
            Console::new(&Surroundings { dispatcher, asks_for_tokens: true, version: "1.2.3" }).unwrap();
        let app = init_service(App::new().configure(|config| console.install(config))).await;
        call_service(&app, TestRequest::with_uri(path).method(method).to_request()).await
    }

    #[actix_web::test]
    async fn every_address_shows_the_page_under_a_strict_policy() {
        for path in ["/console/", "/console/piles/0192f0c1", "/console/%3Cscript%3E"] {
            let answer = get(path).await;
            assert_eq!(answer.status(), 200, "{path}");
            let header = |name| answer.headers().get(name).unwrap().to_str().unwrap();
            assert_eq!(header(header::CACHE_CONTROL), ASK_AGAIN);
            assert_eq!(
                header(header::CONTENT_SECURITY_POLICY),
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self' http://127.0.0.1:8081; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
                 require-trusted-types-for 'script'; trusted-types 'none'"
            );
        }
    }

    #[actix_web::test]
    async fn the_page_is_told_its_surroundings() {
        let body = read_body(get("/console/settings.json").await).await;
        assert_eq!(body, r#"{"dispatcher":"http://127.0.0.1:8081","asksForTokens":true,"version":"1.2.3"}"#);
    }

    #[actix_web::test]
    async fn an_asset_that_was_not_built_is_not_there() {
        assert_eq!(get("/console/assets/no-such.js").await.status(), 404);
        assert_eq!(get("/console").await.status(), 307);
    }

    #[actix_web::test]
    async fn pages_are_read_and_nothing_else() {
        for path in ["/console/", "/console/settings.json"] {
            assert_eq!(ask(Method::HEAD, path).await.status(), 200, "{path}");
            assert_eq!(ask(Method::POST, path).await.status(), 404, "{path}");
        }
    }
}
