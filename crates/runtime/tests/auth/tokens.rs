//! Valid and invalid tokens, and their scopes.

use crate::app::{app_of, claims_with, response_of, signed};
use dev_issuer::Issuer;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

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
        EncodingKey::from_secret(issuer.public().as_bytes()).unwrap(),
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
