//! Hostile input in every field, header and parameter: the service does not fail, nothing else
//! changes, and an accepted value is stored unchanged.

use crate::access::ROUTES;
use crate::app::TestApp;
use crate::fleet::Device;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use testkit::injection::{Endpoint, attack};
use uuid::Uuid;

/// The tables that commands write to.
const CHANGING: [&str; 6] = [
    "commands",
    "idempotency_keys",
    "command_batches",
    "command_batch_items",
    "feed_chunks",
    "session_limits",
];
const COUNTS: &str = "select jsonb_object_agg(relname, (xpath('/row/n/text()', query_to_xml(format(
        'select count(*) as n from %I', relname), false, true, '')))[1]::text::bigint)
    from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace";

/// The service under attack.
struct Fixture {
    app: TestApp,
    /// A pile with a device that accepts commands.
    pile: Uuid,
    /// A station without piles, so that orders for it send nothing.
    station: Uuid,
    batch: Uuid,
}

impl Fixture {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let pile = app.pile(Device::online(&[(1, "Available"), (2, "Available")])).await.id;
        let station = app.station().await;
        let ordered = app.post(&format!("stations/{station}/commands/reset")).send().await.unwrap();
        let ordered: Value = ordered.json().await.unwrap();
        let batch = ordered["batchId"].as_str().unwrap().parse().unwrap();
        Self { app, pile, station, batch }
    }

    fn address(&self) -> &str {
        self.app.root().trim_start_matches("http://")
    }

    /// Every route of the service with every field that it accepts. A test fails if a route or a
    /// field is missing.
    fn endpoints(&self) -> Vec<Endpoint> {
        let (pile, station, batch) = (self.pile, self.station, self.batch);
        let command = |name: &str, body: Value| {
            let path = format!("/api/v1/piles/{{{pile}}}/commands/{name}");
            Endpoint::new("POST", &path).headers(&["idempotency-key"]).body(body)
        };
        let to_station = |name: &str, command: Value| {
            let path = format!("/api/v1/stations/{{{station}}}/commands/{name}");
            let mut body = json!({ "pileIds": [pile], "statuses": ["Available"], "ratePerSecond": 1 });
            body.as_object_mut().unwrap().extend(command.as_object().unwrap().clone());
            let send = Endpoint::new("POST", &path).body(body.clone()).headers(&["idempotency-key"]);
            [send, Endpoint::new("POST", &format!("{path}/preview")).body(body)]
        };
        let page = ["cursor", "limit"];
        vec![
            command(
                "start-transaction",
                json!({
                    "idTag": "T", "connectorId": 1, "maxEnergyWh": 1_000, "maxDurationS": 60, "maxAmount": null,
                }),
            ),
            command(
                "stop-transaction",
                json!({ "transactionId": "634", "connectorId": 1, "sessionId": null }),
            ),
            command("reset", json!({ "type": "Soft" })),
            command("unlock-connector", json!({ "connectorId": 1 })),
            command("change-availability", json!({ "type": "Operative", "connectorId": 1 })),
            command("trigger-message", json!({ "requestedMessage": "Heartbeat", "connectorId": 1 })),
            command("change-configuration", json!({ "key": "HeartbeatInterval", "value": "1" })),
            Endpoint::new("GET", &format!("/api/v1/piles/{{{pile}}}/commands")).query(&page),
            Endpoint::new("GET", "/api/v1/commands").query(&page).query(&[
                "stationId",
                "pileId",
                "status",
                "issuedBy",
                "commandName",
                "from",
                "until",
            ]),
            Endpoint::new("GET", &format!("/api/v1/commands/{{{}}}", Uuid::now_v7())),
            Endpoint::new("POST", &format!("/api/v1/commands/{{{}}}/cancel", Uuid::now_v7())),
            Endpoint::new("GET", "/api/v1/command-batches").query(&page).query(&["stationId"]),
            Endpoint::new("GET", &format!("/api/v1/command-batches/{{{batch}}}")),
            Endpoint::new("POST", &format!("/api/v1/command-batches/{{{batch}}}/cancel")),
            Endpoint::new("GET", &format!("/api/v1/command-batches/{{{batch}}}/piles"))
                .query(&page)
                .query(&["state"]),
        ]
        .into_iter()
        .chain(to_station("reset", json!({ "type": "Soft" })))
        .chain(to_station("change-availability", json!({ "type": "Operative" })))
        .chain(to_station("trigger-message", json!({ "requestedMessage": "Heartbeat" })))
        .chain(to_station("change-configuration", json!({ "key": "HeartbeatInterval", "value": "1" })))
        .collect()
    }

    async fn counts(&self) -> Map<String, Value> {
        self.app.database.json(COUNTS).await.as_object().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_gets_the_status_of_get_without_a_body() {
    let app = TestApp::start().await;
    let paths = testkit::openapi_get_paths(&command_dispatcher::openapi());
    assert!(!paths.is_empty());
    for path in &paths {
        let url = format!("{}{path}", app.root());
        let client = reqwest::Client::new();
        let read = client.get(&url).send().await.unwrap().status();
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(head.status(), read, "{path}");
        assert_eq!(head.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_does_no_harm() {
    let fixture = Fixture::new().await;
    let before = fixture.counts().await;
    let (mut commands, mut texts) = (0, 0);
    for endpoint in fixture.endpoints() {
        for (attack, answer) in attack(fixture.address(), &endpoint).await {
            let Some(place) =
                answer.header("location").filter(|place| place.starts_with("/api/v1/commands/"))
            else {
                continue;
            };
            commands += i64::from(answer.header("idempotent-replayed").is_none());
            let Some((pointer, text)) = &attack.text else { continue };
            let kept = fixture.app.get(place.trim_start_matches("/api/v1/")).await.body;
            let kept = kept["payload"].pointer(pointer).cloned();
            // A value is stored unchanged; names are stored without surrounding blanks.
            let said = if pointer == "/value" { text.as_str() } else { text.trim() };
            assert_eq!(kept, Some(Value::from(said)), "{}", attack.what);
            texts += 1;
        }
    }
    assert!(texts > 50, "only {texts} texts were taken");
    let after = fixture.counts().await;
    for (table, rows) in &before {
        let more = after[table].as_i64().unwrap() - rows.as_i64().unwrap();
        match table.as_str() {
            "commands" => assert_eq!(more, commands),
            table => assert!(CHANGING.contains(&table) || more == 0, "{more} rows more in {table}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_and_every_field_is_attacked() {
    let fixture = Fixture::new().await;
    let endpoints = fixture.endpoints();
    let routes: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let attacked = endpoints.iter().map(|endpoint| {
        let path = endpoint.path.trim_start_matches("/api/v1/");
        let generic = path.split('/').map(|part| if part.starts_with('{') { "ID" } else { part });
        format!("{} {}", endpoint.method, generic.collect::<Vec<_>>().join("/"))
    });
    assert_eq!(attacked.collect::<BTreeSet<_>>(), routes);
    let document = command_dispatcher::openapi();
    for endpoint in &endpoints {
        let body = endpoint.body.as_ref().and_then(Value::as_object);
        let body: BTreeSet<_> = body.into_iter().flat_map(|fields| fields.keys().cloned()).collect();
        let query: BTreeSet<_> = endpoint.query.iter().map(|name| (*name).to_owned()).collect();
        let (method, path) = (endpoint.method, &endpoint.path);
        assert_eq!(testkit::openapi_body(&document, method, path), body, "{method} {path}");
        assert_eq!(testkit::openapi_query(&document, method, path), query, "{method} {path}");
    }
}
