//! The request rate of each caller.

use crate::app::{App, claims_with, file, signed};
use dev_issuer::Issuer;
use reqwest::StatusCode;
use serde_json::{Value, json};

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
