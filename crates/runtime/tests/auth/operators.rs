//! The operators to which tokens are bound.

use crate::app::{App, claims_with, file, response_of};
use dev_issuer::Issuer;
use serde_json::{Value, json};

struct Bounded {
    issuer: Issuer,
    app: App,
}

impl Bounded {
    async fn start(own: &[(&str, &str)]) -> Self {
        let issuer = Issuer::generate().unwrap();
        let file = file(&issuer);
        let plain =
            [("auth.jwks_file", file.as_str()), ("auth.requests_per_s", "1000"), ("auth.burst", "1000")];
        let app = App::start(&[&plain, own].concat()).await;
        Self { issuer, app }
    }

    /// Status, code or operators, and detail of the response to a token with `claim`.
    async fn get(&self, path: &str, claim: Option<(&str, Value)>) -> (u16, String, String) {
        let mut claims = claims_with("assets:read");
        if let Some((name, value)) = claim {
            claims[name] = value;
        }
        let token = self.issuer.sign(&claims).unwrap();
        response_of(self.app.client.get(format!("{}{path}", self.app.root)).bearer_auth(token)).await
    }
}

fn ok(operators: &str) -> (u16, String, String) {
    (200, operators.to_owned(), String::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_binds_a_token_to_operators() {
    let bounded = Bounded::start(&[("auth.operators_claim", "https://issuer.test/operators")]).await;
    let name = "https://issuer.test/operators";
    assert_eq!(bounded.get("/operators", None).await, ok("all"));
    assert_eq!(bounded.get("/operators", Some(("operators", json!(["op-1"])))).await, ok("all"));
    assert_eq!(bounded.get("/operators", Some((name, json!(["op-2", "op-1"])))).await, ok("op-1 op-2"));
    assert_eq!(bounded.get("/operators", Some((name, json!("op-1")))).await, ok("op-1"));
    assert_eq!(bounded.get("/operators", Some((name, json!([])))).await, ok(""));
    for malformed in [json!(null), json!(7), json!([7]), json!({ "id": "op-1" }), json!([""])] {
        let (status, code, detail) = bounded.get("/operators", Some((name, malformed))).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"));
        assert!(detail.contains(name), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_the_platform_refuse_bounded_callers() {
    let bounded = Bounded::start(&[]).await;
    assert_eq!(bounded.get("/platform", None).await, ok("all"));
    for operators in [json!(["op-1"]), json!([])] {
        let (status, code, detail) = bounded.get("/platform", Some(("operators", operators.clone()))).await;
        assert_eq!((status, code.as_str()), (403, "FORBIDDEN"));
        assert!(detail.contains("bound to operators"), "{detail}");
        assert_eq!(bounded.get("/whoami", Some(("operators", operators))).await, ok("tester"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_refuses_tokens_without_the_claim() {
    let bounded = Bounded::start(&[("auth.require_operators", "true")]).await;
    let (status, _, detail) = bounded.get("/operators", None).await;
    assert_eq!((status, detail.as_str()), (401, "the token lacks the claim operators"));
    assert_eq!(bounded.get("/operators", Some(("operators", json!(["op-1"])))).await, ok("op-1"));
}
