//! The OpenAPI document and Swagger UI of a service with a single resource.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use reqwest::{Client, Response};
use runtime::auth::{AuthSettings, Reach, Scope};
use runtime::http::Routes;
use runtime::openapi::{About, Deprecation, Operation};
use runtime::settings::HttpSettings;
use runtime::{Context, settings};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

/// A service that requires tokens and has no keys.
struct App {
    context: Context,
    root: String,
}

impl App {
    async fn start() -> Self {
        let own = [
            ("http.listen", "127.0.0.1:0"),
            ("auth.mode", "jwt"),
            ("auth.issuer", "https://issuer.example"),
            ("auth.audience", "test"),
            ("auth.jwks_url", "http://127.0.0.1:1/keys"),
        ];
        let settings: Settings = settings::parse(include_str!("../examples/smallest.toml"), &own).unwrap();
        let context = Context::new("test");
        let about = About { title: "Things", description: "About things.", version: "1" };
        runtime::http::serve(&settings.http, &settings.auth, &context, about, routes).unwrap();
        let root = format!("http://{}", context.http_address().await);
        Self { context, root }
    }

    async fn get(&self, path: &str) -> Response {
        Client::new().get(format!("{}{path}", self.root)).send().await.unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

fn routes(routes: &mut Routes<'_>) {
    let operation =
        Operation::new("getThing", "Things", Scope::new("things:read"), Reach::Operator, "Get a thing");
    let old = Operation::new("getLamp", "Things", Scope::new("things:read"), Reach::Operator, "Get a lamp")
        .deprecated(Deprecation::new(1_798_761_600, 1_830_297_600, "https://docs.example/lamps"));
    routes
        .resource("/things/{thingId}", |on| on.get(operation, || async { "a thing" }))
        .resource("/lamps/{lampId}", |on| on.get(old, || async { "a lamp" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_the_document_without_authentication() {
    let app = App::start().await;
    let response = app.get("/openapi.json").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/things/{thingId}"]["get"]["operationId"], "getThing");
    assert_eq!(app.get("/things/1").await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn announces_the_deprecation_of_an_operation() {
    let app = App::start().await;
    let document: Value = app.get("/openapi.json").await.json().await.unwrap();
    assert_eq!(document["paths"]["/lamps/{lampId}"]["get"]["deprecated"], true);
    assert_eq!(document["paths"]["/things/{thingId}"]["get"]["deprecated"], Value::Null);
    // Refusals announce it, too.
    let response = app.get("/lamps/1").await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["deprecation"], "@1798761600");
    assert_eq!(response.headers()["sunset"], "Sat, 01 Jan 2028 00:00:00 GMT");
    let link = "<https://docs.example/lamps>; rel=\"deprecation\"; type=\"text/html\"";
    assert_eq!(response.headers()["link"], link);
    assert!(!app.get("/things/1").await.headers().contains_key("deprecation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_swagger_ui_without_external_content() {
    let app = App::start().await;
    let page = app.get("/docs").await;
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/docs/"));
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(!page.contains("//"), "{page}");
    // Every file that the page requests exists.
    let named = page
        .split(['"', '\''])
        .filter(|part| part.starts_with("./") || part.ends_with(".css") || part.ends_with(".js"));
    let named: Vec<_> = named.map(|part| part.trim_start_matches("./").to_owned()).collect();
    assert!(named.iter().any(|file| file == "swagger-ui-bundle.js"), "{named:?}");
    for file in named {
        let response = app.get(&format!("/docs/{file}")).await;
        assert_eq!(response.status(), 200, "{file}");
    }
    assert!(app.get("/docs/swagger-initializer.js").await.text().await.unwrap().contains("/openapi.json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_404_for_other_paths_below_docs() {
    let app = App::start().await;
    for path in ["/docs/nothing.js", "/docs/../etc/passwd", "/docs/..%2fopenapi.json"] {
        let response = app.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}
