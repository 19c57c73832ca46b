//! A small OpenID provider for development: the console signs in at it, and the developer chooses
//! who to be, without a password. It listens on loopback only.

mod authorization;
mod grants;
mod users;

use crate::{Issuer, with};
use actix_web::http::header;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::Context as _;
use authorization::{AuthorizationRequest, CLIENT, Parameters, may_return_to, page};
use grants::{Grant, Grants, Requested};
use serde_json::{Value, json};
use std::future::ready;
use std::sync::{Mutex, PoisonError};
use users::User;

/// The name of the cookie with the user who is signed in.
const COOKIE: &str = "dev-issuer-user";
/// How long a token is valid, in seconds. Short, so that developers see renewals.
const LIFETIME_S: u64 = 300;

struct Provider {
    issuer: Issuer,
    /// The origins of the console.
    origins: Vec<String>,
    grants: Mutex<Grants>,
}

/// Serves the provider at [`Issuer::NAME`], for consoles at `origins`, until the future is dropped.
///
/// # Errors
/// When the address is in use, or the server fails.
pub async fn serve(issuer: Issuer, origins: Vec<String>) -> anyhow::Result<()> {
    let provider = Data::new(Provider { issuer, origins, grants: Mutex::default() });
    let address = Issuer::NAME.trim_start_matches("http://");
    let make = move || {
        App::new()
            .app_data(provider.clone())
            .route(
                "/.well-known/openid-configuration",
                web::get().to(|at: Data<Provider>, request| ready(at.readable(&request, &configuration()))),
            )
            .route("/jwks", web::get().to(|at: Data<Provider>| ready(at.issuer.jwks())))
            .route(
                "/authorize",
                web::get().to(|at: Data<Provider>, query: Query<Parameters>, request| {
                    ready(at.authorize(&query, &request))
                }),
            )
            .route(
                "/choose",
                web::get().to(|at: Data<Provider>, query: Query<Parameters>| ready(at.choose(&query))),
            )
            .route(
                "/token",
                web::post().to(|at: Data<Provider>, form: Form<Parameters>, request| {
                    ready(at.redeem(&form, &request))
                }),
            )
            .route(
                "/sign-out",
                web::get().to(|at: Data<Provider>, query: Query<Parameters>| ready(at.sign_out(&query))),
            )
    };
    let server = HttpServer::new(make).workers(1).disable_signals();
    let server = server.bind(address).with_context(|| format!("cannot bind {address}"))?;
    server.run().await.context("the provider failed")
}

impl Provider {
    /// A response that pages of the console may read.
    fn readable(&self, request: &HttpRequest, body: &Value) -> HttpResponse {
        let mut answer =
            if body.get("error").is_some() { HttpResponse::BadRequest() } else { HttpResponse::Ok() };
        let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        if let Some(origin) = origin.filter(|origin| self.origins.iter().any(|own| own == origin)) {
            answer.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
        }
        answer.insert_header((header::CACHE_CONTROL, "no-store")).json(body)
    }

    /// Sends the browser back with a code for `user`.
    fn code(&self, request: AuthorizationRequest, user: &User) -> HttpResponse {
        let AuthorizationRequest { redirect_uri, state, scopes, nonce, challenge, .. } = request;
        let grant = Grant { user: user.name.to_owned(), scopes: user.granted(&scopes), nonce };
        let requested = Requested { grant, challenge, redirect_uri: redirect_uri.clone() };
        let code = self.grants.lock().unwrap_or_else(PoisonError::into_inner).issue_code(requested);
        redirect(&format!("{redirect_uri}?code={code}&state={}", escaped(&state)))
    }

    /// Asks the developer who to be, or answers a silent request.
    fn authorize(&self, parameters: &Parameters, request: &HttpRequest) -> HttpResponse {
        let asked = match AuthorizationRequest::read(parameters, &self.origins) {
            Ok(asked) => asked,
            Err(reason) => return HttpResponse::BadRequest().body(reason),
        };
        if !asked.silent {
            return HttpResponse::Ok()
                .content_type("text/html; charset=utf-8")
                .body(page(request.query_string()));
        }
        match signed_in(request) {
            Some(user) => self.code(asked, user),
            None => redirect(&format!(
                "{}?error=login_required&state={}",
                asked.redirect_uri,
                escaped(&asked.state)
            )),
        }
    }

    /// Continues as the chosen user.
    fn choose(&self, parameters: &Parameters) -> HttpResponse {
        let user = parameters.get("user").and_then(|name| User::find(name));
        match (AuthorizationRequest::read(parameters, &self.origins), user) {
            (Ok(asked), Some(user)) => with_cookie(self.code(asked, user), user.name, LIFETIME_S * 100),
            (Err(reason), _) => HttpResponse::BadRequest().body(reason),
            (_, None) => HttpResponse::BadRequest().body("no user has that name"),
        }
    }

    /// The tokens for a code or a refresh token.
    fn redeem(&self, parameters: &Parameters, request: &HttpRequest) -> HttpResponse {
        let text = |name: &str| parameters.get(name).map_or("", String::as_str);
        let grant = {
            let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
            match text("grant_type") {
                "authorization_code" => {
                    grants.redeem_code(text("code"), text("code_verifier"), text("redirect_uri"))
                }
                "refresh_token" => grants.redeem_refresh_token(text("refresh_token")),
                _ => None,
            }
        };
        let tokens = grant.and_then(|grant| self.tokens(grant).ok());
        self.readable(request, &tokens.unwrap_or_else(|| json!({ "error": "invalid_grant" })))
    }

    fn sign_out(&self, parameters: &Parameters) -> HttpResponse {
        let back = parameters.get("post_logout_redirect_uri");
        let back = back.filter(|uri| may_return_to(uri, &self.origins));
        let answer = back.map_or_else(|| HttpResponse::Ok().body("signed out"), |uri| redirect(uri));
        with_cookie(answer, "", 0)
    }

    fn tokens(&self, grant: Grant) -> anyhow::Result<Value> {
        let user = User::find(&grant.user).context("no user has that name")?;
        let access = match user.operators {
            [] => Issuer::claims(user.name, &grant.scopes),
            bound => Issuer::claims_of(user.name, &grant.scopes, bound),
        };
        let now = jsonwebtoken::get_current_timestamp();
        let access = with(access, "exp", json!(now + LIFETIME_S));
        let identity = json!({
            "iss": Issuer::NAME, "aud": CLIENT, "sub": user.name, "name": user.name, "nonce": grant.nonce,
            "iat": now, "exp": now + LIFETIME_S,
        });
        let (access, identity) = (self.issuer.sign(&access)?, self.issuer.sign(&identity)?);
        let refresh = self.grants.lock().unwrap_or_else(PoisonError::into_inner).issue_refresh_token(grant);
        Ok(json!({
            "access_token": access, "token_type": "Bearer", "expires_in": LIFETIME_S, "id_token": identity, "refresh_token": refresh,
        }))
    }
}

/// The provider's endpoints, for discovery.
fn configuration() -> Value {
    let at = |path: &str| format!("{}{path}", Issuer::NAME);
    json!({
        "issuer": Issuer::NAME,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/sign-out"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
    })
}

/// The user of the cookie.
fn signed_in(request: &HttpRequest) -> Option<&'static User> {
    let cookies = request.headers().get(header::COOKIE)?.to_str().ok()?;
    let named = cookies.split("; ").find_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('='));
    named.and_then(User::find)
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, to)).finish()
}

fn with_cookie(mut answer: HttpResponse, user: &str, max_age_s: u64) -> HttpResponse {
    let cookie = format!("{COOKIE}={user}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = header::HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// A text for a query: everything but letters and digits is escaped.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
