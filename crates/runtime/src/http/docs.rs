//! The API documentation: the OpenAPI document and Swagger UI. Open to everyone, since it contains
//! nothing that the repository does not.

use super::routes::read;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Path};
use anyhow::Context as _;
use serde_json::Value;
use std::future::ready;
use std::sync::Arc;
use utoipa_swagger_ui::Config;

/// No external content, and no scripts but those of the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The OpenAPI document of a service, serialized. Cheap to clone.
#[derive(Clone)]
pub(super) struct Docs {
    document: Bytes,
    page: Arc<Config<'static>>,
}

impl Docs {
    /// Prepares `document` for serving.
    ///
    /// # Errors
    /// If it cannot be serialized as JSON, which is a programming error.
    pub(super) fn new(document: &Value) -> anyhow::Result<Self> {
        let document = serde_json::to_vec(document).context("cannot serialize the OpenAPI document")?;
        let page = Config::new(["/openapi.json"]).try_it_out_enabled(true).display_request_duration(true);
        Ok(Self { document: document.into(), page: Arc::new(page) })
    }

    /// Adds the documentation's routes to an application.
    pub(super) fn install(&self, config: &mut web::ServiceConfig) {
        let document = self.document.clone();
        let page = Arc::clone(&self.page);
        config
            .route("/openapi.json", read().to(move || ready(shown(document.clone()))))
            .service(web::redirect("/docs", "/docs/"))
            .route("/docs/{file:.*}", read().to(move |file: Path<String>| ready(part(&file, &page))));
    }
}

fn shown(document: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document)
}

/// A file of Swagger UI.
fn part(file: &str, page: &Arc<Config<'static>>) -> HttpResponse {
    match utoipa_swagger_ui::serve(file, Arc::clone(page)) {
        Ok(Some(file)) => HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
            .body(file.bytes.into_owned()),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => {
            tracing::error!(%error, "cannot read a file of Swagger UI; the request is answered with 500");
            HttpResponse::InternalServerError().finish()
        }
    }
}
