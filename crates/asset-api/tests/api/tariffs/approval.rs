//! Publications that a second person approves, `tariffs.publish_approval`.

use super::lists::flat;
use crate::access::protected_with;
use crate::answer::Answer;
use crate::app::TestApp;
use dev_issuer::Issuer;
use reqwest::Method;
use serde_json::{Value, json};

const LATER: &str = "2098-01-01T00:00:00Z";

struct Team {
    app: TestApp,
    issuer: Issuer,
}

impl Team {
    async fn start() -> Self {
        let issuer = Issuer::generate().unwrap();
        let app = protected_with(&issuer, |settings| settings.tariffs.publish_approval = true).await;
        Self { app, issuer }
    }

    async fn send(&self, who: &str, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.issuer.sign(&Issuer::claims(who, "tariffs:read tariffs:write audit:read")).unwrap();
        Answer::to(self.app.request(method, path).bearer_auth(token).json(body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_publishes_what_the_first_requested() {
    let team = Team::start().await;
    let details = json!({ "name": "Day", "currency": "CNY", "status": "Active" });
    let made = team.send("one", Method::POST, "/api/v1/tariffs", &details).await;
    let draft = format!("{}/draft", made.header("location").unwrap());
    let (proposal, publish) = (format!("{draft}/proposal"), format!("{draft}/publish"));
    assert_eq!(team.send("one", Method::PUT, &draft, &flat("0.7")).await.json()["approvalRequired"], true);
    let refused = async |who: &str, body: Value| {
        let answer = team.send(who, Method::POST, &publish, &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["code"]),
            (409, &json!("TARIFF_APPROVAL_REQUIRED"))
        );
    };
    refused("other", json!({})).await;

    // Whether the list shows the tariff as one that awaits an approval, and both answers of the filter agree.
    let awaits = async || {
        let listed = async |query: &str| {
            team.send("other", Method::GET, &format!("/api/v1/tariffs?{query}"), &json!({})).await.json()["items"].clone()
        };
        let shown = listed("limit=1").await[0]["awaitsApproval"].as_bool().unwrap();
        assert_eq!(listed("awaitsApproval=true").await.as_array().unwrap().len(), usize::from(shown));
        assert_eq!(listed("awaitsApproval=false").await.as_array().unwrap().len(), usize::from(!shown));
        shown
    };
    assert!(!awaits().await, "a draft alone waits for no approval");
    let past =
        team.send("one", Method::PUT, &proposal, &json!({ "effectiveFrom": "2020-01-01T00:00:00Z" })).await;
    assert_eq!(past.json()["code"], "EFFECTIVE_TIME_PAST");
    let proposed = team.send("one", Method::PUT, &proposal, &json!({ "effectiveFrom": LATER })).await;
    let shown = &proposed.json()["proposal"];
    assert_eq!(
        (&shown["revision"], &shown["proposedBy"], &shown["effectiveFrom"]),
        (&json!(1), &json!("one"), &json!(LATER))
    );
    assert!(awaits().await);
    refused("one", json!({})).await;
    refused("other", json!({ "effectiveFrom": "2098-02-01T00:00:00Z" })).await;

    team.send("other", Method::PUT, &draft, &flat("0.8")).await;
    assert!(!awaits().await, "the request covers an earlier revision");
    refused("other", json!({})).await;
    team.send("one", Method::PUT, &proposal, &json!({ "effectiveFrom": LATER })).await;
    let withdrawn = team.send("other", Method::DELETE, &proposal, &json!({})).await;
    assert_eq!((withdrawn.status.as_u16(), &withdrawn.json()["proposal"]), (200, &Value::Null));
    assert!(!awaits().await);
    refused("other", json!({})).await;

    team.send("one", Method::PUT, &proposal, &json!({ "effectiveFrom": LATER })).await;
    let published = team.send("other", Method::POST, &publish, &json!({})).await.json();
    assert_eq!((&published["publishedBy"], &published["effectiveFrom"]), (&json!("other"), &json!(LATER)));
    assert!(!awaits().await, "the version is published");
    let trail = team
        .send("auditor", Method::GET, "/api/v1/audit?thingType=tariffVersion&limit=2", &json!({}))
        .await
        .json();
    let (approval, request) = (&trail["items"][0], &trail["items"][1]);
    assert_eq!((&approval["by"], &approval["action"]), (&json!("other"), &json!("published")));
    assert_eq!((&request["by"], &request["after"]["proposal"]["proposedBy"]), (&json!("one"), &json!("one")));
}
