//! A platform with data: a pile that charges at a price, a command that was sent, a dead letter.

use dev_issuer::Issuer;
use runtime::kafka::NewRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use system_tests::{Answer, Ingestor, Platform};
use testkit::eventually_some;

/// The platform, with replicas of both HTTP services that require tokens.
pub struct Fixture {
    pub assets: SocketAddr,
    pub commands: SocketAddr,
    pub issuer: Issuer,
    pub station: String,
    pub pile: String,
    pub session: String,
    pub command: String,
    pub dead_letter: String,
    pub tariff: String,
    pub binding: String,
    pub exclusion: String,
    platform: Platform,
    _ingestor: Ingestor,
}

impl Fixture {
    pub async fn new() -> Self {
        let platform = Platform::start(|_| {}).await;
        let ingestor = platform.ingest();
        let issuer = Issuer::generate().unwrap();
        let [assets, commands] = platform.ask_for_tokens(&testkit::jwks_file(&issuer)).await;
        let (path, device) = platform.register().await;
        platform.connect(&device).await;
        platform.pile("the pile to be available", &path, |pile| pile["status"] == "Available").await;
        let start = json!({ "idTag": "A1B2C3D4", "connectorId": 1 });
        let command = platform.command(&path, "start-transaction", &start).await.body;
        let charging = |pile: &Value| pile["connectors"][0]["sessionId"].is_string();
        let pile = platform.pile("a session to be open", &path, charging).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (tariff, binding) = price(&platform).await;
        let exclusion = exclude(&platform, text(&pile["id"])).await;
        Self {
            assets,
            commands,
            issuer,
            station: text(&pile["stationId"]),
            pile: text(&pile["id"]),
            session: text(&pile["connectors"][0]["sessionId"]),
            command: text(&command["commandId"]),
            dead_letter: dead_letter(&platform).await,
            tariff,
            binding,
            exclusion,
            platform,
            _ingestor: ingestor,
        }
    }

    /// A token of a caller with all scopes.
    pub fn token(&self) -> String {
        let scopes = "assets:read assets:write drivers:read tariffs:read tariffs:write issues:read issues:write commands:send commands:read audit:read operations";
        self.issuer.sign(&Issuer::claims("contract", scopes)).unwrap()
    }

    /// Whether the platform still responds normally after the requests.
    pub async fn is_well(&self) -> bool {
        self.platform.asset("/api/v1/stations").await.status == 200
    }
}

/// The ids of a tariff with a version and a draft, and of its binding to the whole platform.
async fn price(platform: &Platform) -> (String, String) {
    let all_day = json!({ "from": "00:00", "to": "24:00", "kind": "flat", "electricityPrice": "0.7055", "serviceFee": "0.80" });
    let price_list = json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": [all_day] }] });
    let details = json!({ "name": "flat", "currency": "CNY", "status": "Active" });
    let id = |answer: Answer| answer.body["id"].as_str().unwrap().to_owned();
    let tariff = id(platform.post_asset("/api/v1/tariffs", &details).await);
    let draft = format!("/api/v1/tariffs/{tariff}/draft");
    platform.put_asset(&draft, &price_list).await;
    assert_eq!(platform.post_asset(&format!("{draft}/publish"), &json!({})).await.status, 200);
    platform.put_asset(&draft, &price_list).await;
    let binding = json!({ "subject": { "level": "platform" }, "tariffId": tariff });
    let binding = id(platform.post_asset("/api/v1/tariffs/bindings", &binding).await);
    (tariff, binding)
}

/// The id of an exclusion of this pile.
async fn exclude(platform: &Platform, pile: String) -> String {
    let body = json!({ "pileId": pile, "from": "2026-06-05T03:00:00Z", "until": "2026-06-05T11:00:00Z",
                       "reason": "grid", "note": "feeder outage" });
    let entered = platform.post_asset("/api/v1/reliability/exclusions", &body).await;
    entered.body["id"].as_str().unwrap().to_owned()
}

/// The id of a dead letter, of a record that is not a valid event.
async fn dead_letter(platform: &Platform) -> String {
    let record = NewRecord {
        key: None,
        value: Some(b"no event".to_vec()),
        headers: BTreeMap::new(),
        timestamp: runtime::clock::now(),
    };
    let topic = &platform.simulator_settings.topics.events;
    platform.kafka.writer(topic).publish(0, vec![record], Duration::from_secs(120)).await.unwrap();
    eventually_some("a dead letter", || async {
        let page = platform.asset("/api/v1/dead-letters").await.body;
        page["items"][0]["id"].as_str().map(str::to_owned)
    })
    .await
}
