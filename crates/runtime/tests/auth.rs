//! Authentication: valid and invalid tokens, scopes, changes of the issuer's keys, and rate limits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use dev_issuer::Issuer;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, StatusCode};
use runtime::auth::{AuthSettings, Caller, Scope};
use runtime::http::Routes;
use runtime::openapi::{About, Operation};
use runtime::settings::HttpSettings;
use runtime::{Context, settings};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const READ: Scope = Scope::new("assets:read");
const ABOUT: About = About { title: "test", description: "A test.", version: "1" };
const OPERATE: Scope = Scope::new("operations");

#[derive(Deserialize)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

/// A service with one resource, stopped when dropped.
struct App {
    root: String,
    context: Context,
    client: reqwest::Client,
}

impl App {
    async fn start(own: &[(&str, &str)]) -> Self {
        Self::try_start(own).await.unwrap()
    }

    async fn try_start(own: &[(&str, &str)]) -> anyhow::Result<Self> {
        let plain = [
            ("http.listen", "127.0.0.1:0"),
            ("auth.mode", "jwt"),
            ("auth.issuer", Issuer::NAME),
            ("auth.audience", Issuer::AUDIENCE),
        ];
        let all = [&plain, own].concat();
        let settings: Settings = settings::parse(include_str!("../examples/smallest.toml"), &all)?;
        let context = Context::new("test");
        runtime::http::serve(&settings.http, &settings.auth, &context, ABOUT, routes)?;
        let root = format!("http://{}", context.http_address().await);
        Ok(Self { root, context, client: reqwest::Client::new() })
    }

    fn get(&self) -> RequestBuilder {
        self.client.get(format!("{}/whoami", self.root))
    }

    /// Status, code or subject, and detail of the response.
    async fn with(&self, token: &str) -> (u16, String, String) {
        response_of(self.get().bearer_auth(token)).await
    }

    async fn detail(&self, token: &str) -> String {
        let (status, code, detail) = self.with(token).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{detail}");
        detail
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

fn routes(routes: &mut Routes<'_>) {
    let whoami = |caller: Caller| async move { caller.subject().to_owned() };
    let operation = |id, scope| Operation::new(id, "Tests", scope, "Return the caller");
    routes.resource("/whoami", |on| {
        on.get(operation("whoAmI", READ), whoami).post(operation("whoAmIReally", OPERATE), whoami)
    });
}

async fn response_of(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    let text = response.text().await.unwrap();
    match serde_json::from_str::<Value>(&text) {
        Ok(problem) => {
            let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            (status.as_u16(), text("code"), text("detail"))
        }
        Err(_) => (status.as_u16(), text, String::new()),
    }
}

/// A token of a caller with `scopes`, valid for an hour.
fn signed(issuer: &Issuer, scopes: &str) -> String {
    issuer.sign(&claims_with(scopes)).unwrap()
}

fn claims_with(scopes: &str) -> Value {
    Issuer::claims("tester", scopes)
}

/// A file with the keys of `issuer`.
fn file(issuer: &Issuer) -> String {
    testkit::jwks_file(issuer).to_str().unwrap().to_owned()
}

async fn app_of(issuer: &Issuer) -> App {
    App::start(&[("auth.jwks_file", &file(issuer)), ("auth.requests_per_s", "1000"), ("auth.burst", "1000")])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_token_names_the_caller_and_its_scopes() {
    let issuer = Issuer::generate().unwrap();
    let app = app_of(&issuer).await;
    let token = signed(&issuer, "assets:read something:else");
    assert_eq!(app.with(&token).await, (200, "tester".to_owned(), String::new()));
    let post = app.client.post(format!("{}/whoami", app.root)).bearer_auth(&token);
    let refused = (403, "FORBIDDEN".to_owned(), "the token lacks the scope operations".to_owned());
    assert_eq!(response_of(post).await, refused);
    assert_eq!(app.with(&signed(&issuer, "")).await.1, "FORBIDDEN");
    let mut claims = claims_with("");
    claims["scp"] = json!(["assets:read"]);
    assert_eq!(app.with(&issuer.sign(&claims).unwrap()).await.0, 200);
    claims["aud"] = json!(["another", Issuer::AUDIENCE]);
    assert_eq!(app.with(&issuer.sign(&claims).unwrap()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_requests_without_a_bearer_token() {
    let issuer = Issuer::generate().unwrap();
    let app = app_of(&issuer).await;
    let token = signed(&issuer, "assets:read");
    let bearer = format!("Bearer {token}");
    let detail = async |request: RequestBuilder| {
        let (status, code, detail) = response_of(request).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"));
        detail
    };
    assert_eq!(detail(app.get()).await, "the Authorization header is missing");
    let twice = app.get().header(AUTHORIZATION, &bearer).header(AUTHORIZATION, &bearer);
    assert_eq!(detail(twice).await, "the request has more than one Authorization header");
    let wrong = "the Authorization header must be `Bearer` followed by a token of at most 8192 bytes";
    for header in [token.as_str(), "Basic dGVzdDp0ZXN0", "Bearer ", "Bearer"] {
        assert_eq!(detail(app.get().header(AUTHORIZATION, header)).await, wrong, "{header}");
    }
    assert_eq!(detail(app.get().bearer_auth("a".repeat(9 * 1024))).await, wrong);
    let small = app.get().header(AUTHORIZATION, format!("bearer {token}"));
    assert_eq!(response_of(small).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_tokens() {
    let issuer = Issuer::generate().unwrap();
    let app = app_of(&issuer).await;
    let now = jsonwebtoken::get_current_timestamp();
    let but = |name: &str, value: Value| {
        let mut claims = claims_with("assets:read");
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        issuer.sign(&claims).unwrap()
    };
    let lacks = "the token lacks one of exp, iss, aud and sub";
    for (token, detail) in [
        (but("exp", json!(now - 120)), "the token has expired"),
        (but("nbf", json!(now + 120)), "the token is not valid yet"),
        (but("iss", json!("https://elsewhere.test")), "the token was issued by another issuer"),
        (but("aud", json!("another")), "the token is for another audience"),
        (but("exp", Value::Null), lacks),
        (but("iss", Value::Null), lacks),
        (but("aud", Value::Null), lacks),
        (but("sub", json!("")), "the token's subject must have 1 to 200 characters"),
        (but("sub", json!("s".repeat(201))), "the token's subject must have 1 to 200 characters"),
    ] {
        assert_eq!(app.detail(&token).await, detail);
    }
    assert_eq!(app.with(&but("sub", Value::Null)).await.0, 401);
    assert_eq!(app.with(&but("exp", json!(now - 10))).await.0, 200, "the leeway must apply");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_signatures_of_other_issuers() {
    let (issuer, forger) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
    let app = app_of(&issuer).await;
    let good = signed(&issuer, "assets:read");
    let [header, claims, signature] = <[&str; 3]>::try_from(good.split('.').collect::<Vec<_>>()).unwrap();
    let wrong = "the token's signature is invalid";
    let unknown = "the issuer has no key with the token's key id";
    let forbidden = "the token's algorithm is not allowed";

    let mut under_its_name = forger;
    assert_eq!(app.detail(&signed(&under_its_name, "assets:read")).await, unknown);
    under_its_name.key_id.clone_from(&issuer.key_id);
    assert_eq!(app.detail(&signed(&under_its_name, "assets:read")).await, wrong);

    let more = signed(&issuer, "assets:read operations");
    let others_claims = more.split('.').nth(1).unwrap();
    assert_eq!(app.detail(&format!("{header}.{others_claims}.{signature}")).await, wrong);
    assert_eq!(app.detail(&format!("{header}.{claims}.")).await, wrong);
    assert_eq!(app.detail(&format!("{header}.{claims}")).await, "the token is not a valid JWT");

    // The public key as a shared secret: a verifier that confuses the two would admit everyone.
    let confused = Header { kid: Some(issuer.key_id.clone()), ..Header::new(Algorithm::HS256) };
    for secret in [
        EncodingKey::from_secret(issuer.public().as_bytes()),
        EncodingKey::from_base64_secret("AAAA").unwrap(),
    ] {
        let token = encode(&confused, &claims_with("assets:read"), &secret).unwrap();
        assert_eq!(app.detail(&token).await, forbidden);
    }
    let none = format!("{}.{claims}.", base64(&json!({"alg": "none", "typ": "JWT"})));
    assert_eq!(app.detail(&none).await, "the token is not a valid JWT");
    // An allowed algorithm that is not the key's.
    let other = format!("{}.{claims}.{signature}", base64(&json!({"alg": "ES256", "kid": issuer.key_id})));
    assert_eq!(app.detail(&other).await, unknown);
}

fn base64(header: &Value) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(header.to_string())
}

/// Serves an issuer's keys; the response can be changed.
struct KeyServer {
    url: String,
    document: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(document: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (document, asked) = (Arc::new(Mutex::new(document)), Arc::new(AtomicUsize::new(0)));
        let (current, count) = (Arc::clone(&document), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let body = current.lock().unwrap().clone();
                let status = if body.is_empty() { "500 Internal Server Error" } else { "200 OK" };
                let mut head = [0; 4096];
                let _read = client.read(&mut head).await;
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _gone = client.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, document, asked }
    }

    fn answer(&self, document: String) {
        *self.document.lock().unwrap() = document;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetches_keys_on_demand_and_caches_them() {
    let (old, new) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
    let server = KeyServer::start(old.jwks()).await;
    let app = App::start(&[
        ("auth.jwks_url", &server.url),
        ("auth.requests_per_s", "1000"),
        ("auth.burst", "1000"),
    ])
    .await;
    assert_eq!(server.asked(), 0);
    for _ in 0..20 {
        assert_eq!(app.with(&signed(&old, "assets:read")).await.0, 200);
    }
    assert_eq!(server.asked(), 1);
    // The issuer changes its key; tokens of the old key become invalid once the keys are read
    // again.
    server.answer(new.jwks());
    testkit::eventually("the new key to be fetched", || async {
        app.with(&signed(&new, "assets:read")).await.0 == 200
    })
    .await;
    assert_eq!(app.with(&signed(&old, "assets:read")).await.0, 401);
    // An unavailable issuer, or an invalid response, does not invalidate the cached keys.
    let asked = server.asked();
    server.answer(String::new());
    for _ in 0..20 {
        assert_eq!(app.with(&signed(&Issuer::generate().unwrap(), "assets:read")).await.0, 401);
    }
    assert!(server.asked() <= asked + 2, "unknown keys caused too many requests to the issuer");
    assert_eq!(app.with(&signed(&new, "assets:read")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_503_while_no_keys_are_available() {
    let issuer = Issuer::generate().unwrap();
    let large = format!("{{\"keys\": [], \"fill\": \"{}\"}}", "x".repeat(600 * 1024));
    for document in [String::new(), "no json".to_owned(), json!({"keys": []}).to_string(), large] {
        let server = KeyServer::start(document).await;
        let app = App::start(&[("auth.jwks_url", &server.url)]).await;
        let (status, code, _) = app.with(&signed(&issuer, "assets:read")).await;
        assert_eq!((status, code.as_str()), (503, "TOKEN_KEYS_UNAVAILABLE"));
        server.answer(issuer.jwks());
        testkit::eventually("the keys to be fetched", || async {
            app.with(&signed(&issuer, "assets:read")).await.0 == 200
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_insecure_settings() {
    let issuer = Issuer::generate().unwrap();
    let file = file(&issuer);
    let why = async |own: &[(&str, &str)]| match App::try_start(own).await {
        Ok(_) => panic!("the service started"),
        Err(error) => format!("{error:#}"),
    };
    let open = why(&[("auth.mode", "none"), ("http.listen", "0.0.0.0:0")]).await;
    assert!(open.starts_with("auth.mode = \"none\" is allowed on loopback only"), "{open}");
    for (own, expected) in [
        (vec![], "one of auth.jwks_url and auth.jwks_file"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.issuer", "")], "auth.issuer"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.audience", "")], "auth.audience"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.algorithms", "")], "auth.algorithms"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.algorithms", "HS256")], "HS256"),
        (
            vec![("auth.jwks_file", file.as_str()), ("auth.jwks_url", "https://a.test/k")],
            "exclude each other",
        ),
        (vec![("auth.jwks_file", "/nowhere/jwks.json")], "/nowhere/jwks.json"),
        (vec![("auth.jwks_url", "http://issuer.test/keys")], "https"),
    ] {
        let error = why(&own).await;
        assert!(error.contains(expected), "{error}");
    }
    let app = App::start(&[("auth.mode", "none")]).await;
    assert_eq!(response_of(app.get()).await, (200, "anonymous".to_owned(), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_the_request_rate_per_caller() {
    let issuer = Issuer::generate().unwrap();
    let slow = [("auth.requests_per_s", "1"), ("auth.burst", "3")];
    let app = App::start(&[&[("auth.jwks_file", file(&issuer).as_str())], slow.as_slice()].concat()).await;
    let token = signed(&issuer, "assets:read");
    let first = app.get().bearer_auth(&token).send().await.unwrap();
    assert_eq!(first.headers()["ratelimit-policy"], "\"caller\";q=3;w=3");
    assert_eq!(first.headers()["ratelimit"], "\"caller\";r=2;t=0");
    testkit::eventually("the caller to be limited", || async {
        let response = app.get().bearer_auth(&token).send().await.unwrap();
        let limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
        if limited {
            assert!(response.headers().contains_key("retry-after"));
            assert!(response.headers()["ratelimit"].to_str().unwrap().starts_with("\"caller\";r=0;t="));
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["code"], "RATE_LIMITED");
        }
        limited
    })
    .await;
    let mut other = claims_with("assets:read");
    other["sub"] = json!("another");
    assert_eq!(app.with(&issuer.sign(&other).unwrap()).await.0, 200);
}

#[test]
fn arbitrary_header_values_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let issuer = Issuer::generate().unwrap();
    let app = runtime.block_on(app_of(&issuer));
    let good = signed(&issuer, "assets:read");
    proptest!(ProptestConfig::with_cases(200), |(at in 0..200_usize, with in "[A-Za-z0-9._=-]{0,3}", other in "[ -~]{0,80}")| {
        let mut token = good.clone();
        let at = at.min(token.len() - 4);
        token.replace_range(at..at + 1, &with);
        prop_assume!(token != good);
        let status = runtime.block_on(app.with(&token)).0;
        prop_assert_eq!(status, 401);
        let status = runtime.block_on(response_of(app.get().header(AUTHORIZATION, &other))).0;
        prop_assert_eq!(status, 401);
    });
}
