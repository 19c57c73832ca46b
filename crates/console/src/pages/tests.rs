use super::*;
use actix_web::App;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};

async fn get(path: &str) -> ServiceResponse {
    ask(Method::GET, path).await
}

async fn ask(method: Method, path: &str) -> ServiceResponse {
    ask_in(&surroundings(), method, path).await
}

/// Surroundings without sign-in and tiles.
fn surroundings() -> Surroundings {
    Surroundings {
        dispatcher: "http://127.0.0.1:8081".parse().ok(),
        label_content: "{pileId}/{connectorId}".to_owned().try_into().unwrap(),
        asks_for_tokens: true,
        operators_claim: "operators".to_owned(),
        sign_in: None,
        map_tiles: None,
        version: "1.2.3",
    }
}

async fn ask_in(surroundings: &Surroundings, method: Method, path: &str) -> ServiceResponse {
    let console = Console::new(surroundings).unwrap();
    let app = init_service(App::new().configure(|config| console.install(config))).await;
    call_service(&app, TestRequest::with_uri(path).method(method).to_request()).await
}

#[actix_web::test]
async fn every_address_serves_the_page_with_a_strict_policy() {
    for path in ["/console/", "/console/piles/0192f0c1", "/console/%3Cscript%3E"] {
        let answer = get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name| answer.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header(header::CACHE_CONTROL), REVALIDATE);
        assert_eq!(
            header(header::CONTENT_SECURITY_POLICY),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self' http://127.0.0.1:8081; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
                 require-trusted-types-for 'script'; trusted-types 'none'"
        );
    }
}

#[actix_web::test]
async fn settings_json_contains_the_surroundings() {
    let body = read_body(get("/console/settings.json").await).await;
    assert_eq!(
        body,
        r#"{"dispatcher":"http://127.0.0.1:8081","labelContent":"{pileId}/{connectorId}","asksForTokens":true,"operatorsClaim":"operators","signIn":null,"mapTiles":null,"version":"1.2.3"}"#
    );
}

#[actix_web::test]
async fn the_policy_admits_the_provider_and_the_tiles_and_the_settings_name_them() {
    let sign_in = SignIn::new("https://id.example/realm", "console", "openid", "audience=x", &[])
        .unwrap()
        .with_tokens(true);
    let tiles = MapTiles::new("https://tiles.example/{z}/{x}/{y}.png", "© Tiles").unwrap();
    let surroundings = Surroundings { sign_in: Some(sign_in), map_tiles: Some(tiles), ..surroundings() };
    for (path, frames) in
        [("/console/", "frame-ancestors 'none'"), ("/console/signed-in?code=x", "frame-ancestors 'self'")]
    {
        let answer = ask_in(&surroundings, Method::GET, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        for rule in [
            "img-src 'self' data: https://tiles.example;",
            "connect-src 'self' http://127.0.0.1:8081 https://id.example;",
            "frame-src 'self' https://id.example;",
            frames,
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
    }
    let body = read_body(ask_in(&surroundings, Method::GET, "/console/settings.json").await).await;
    let settings: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        settings["signIn"],
        serde_json::json!({
            "issuer": "https://id.example/realm", "clientId": "console", "scopes": "openid", "parameters": "audience=x", "acceptsTokens": true,
        })
    );
    assert_eq!(
        settings["mapTiles"],
        serde_json::json!({ "url": "https://tiles.example/{z}/{x}/{y}.png", "attribution": "© Tiles" })
    );
}

#[actix_web::test]
async fn an_unknown_asset_is_not_found() {
    assert_eq!(get("/console/assets/no-such.js").await.status(), 404);
    assert_eq!(get("/console").await.status(), 307);
}

#[actix_web::test]
async fn pages_allow_only_get_and_head() {
    for path in ["/console/", "/console/settings.json"] {
        assert_eq!(ask(Method::HEAD, path).await.status(), 200, "{path}");
        assert_eq!(ask(Method::POST, path).await.status(), 404, "{path}");
    }
}
