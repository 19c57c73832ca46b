//! Hostile values in every input of every route: no request fails with a server error, no other
//! data changes, and accepted text is stored unchanged.

use crate::access::ROUTES;
use crate::app::{TestApp, id};
use crate::tariffs::lists::{day_and_night, flat};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::hostile::{percent, texts};
use testkit::injection::{Attack, Endpoint, attack};
use testkit::raw_http::RawResponse;
use uuid::Uuid;

/// The fields of a station in responses that requests do not contain.
const OF_STATIONS: [&str; 6] = ["id", "createdAt", "updatedAt", "retiredAt", "version", "availability"];
/// The fields of a pile in responses that requests do not contain.
const OF_PILES: [&str; 14] = [
    "id",
    "stationId",
    "status",
    "online",
    "statusAt",
    "confidence",
    "lastHeartbeatAt",
    "lastSeenAt",
    "gatewayId",
    "firmwareVersion",
    "createdAt",
    "updatedAt",
    "retiredAt",
    "version",
];
/// The tables that edits of stations, piles and tariffs may change.
const CHANGING: [&str; 12] = [
    "stations",
    "piles",
    "placements",
    "creation_keys",
    "asset_edits",
    "feed_chunks",
    "tariffs",
    "tariff_versions",
    "tariff_bindings",
    "reliability_devices",
    "reliability_exclusions",
    "maintenance_windows",
];
const COUNTS: &str = "select jsonb_object_agg(relname, (xpath('/row/n/text()', query_to_xml(format(
        'select count(*) as n from %I', relname), false, true, '')))[1]::text::bigint)
    from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace";

fn station() -> Value {
    json!({
        "name": "North", "address": "1 Way", "operatorId": "op-7", "latitude": 31.23, "longitude": 121.47, "status": "Open",
        "openingHours": { "weekly": [{ "weekday": "Monday", "from": "08:00", "to": "22:00" }] }, "facilities": ["Restroom"],
        "startableStatuses": ["Available", "Preparing"]
    })
}

fn pile() -> Value {
    json!({
        "chargePointId": "CP-[unique]", "name": "1", "model": "DC-120", "vendor": "V", "serialNumber": "SN-9", "ratedPowerKw": 120.0,
        "currentType": "DC", "connectors": [{ "connectorId": 1, "type": "GB_DC", "maxPowerKw": 120.0 }]
    })
}

fn exclusion(pile: &str) -> Value {
    json!({ "pileId": pile, "connectorId": 1, "from": "2026-06-05T03:00:00Z", "until": "2026-06-05T11:00:00Z",
            "reason": "grid", "note": "n" })
}

const LATER: &str = "2098-01-01T00:00:00Z";

fn tariff() -> Value {
    json!({ "name": "Night", "operatorId": "op-7", "currency": "CNY", "status": "Active", "changeRule": "ByConsumption" })
}

/// A price list with every field.
fn full_list() -> Value {
    let mut list = day_and_night();
    let mut summer = list["schedules"][0].clone();
    summer["seasons"] = json!([{ "from": "07-01", "to": "08-31" }]);
    summer["weekdays"] = json!(["Monday"]);
    summer["holiday"] = json!(true);
    list["schedules"] = json!([summer, list["schedules"][0]]);
    list["holidays"] = json!(["2098-10-01"]);
    list["sessionFee"] = json!("1");
    list["occupancy"] = json!({ "pricePerMinute": "0.5", "graceMinutes": 15, "cap": "50" });
    list["schedules"][1]["bands"][0]["tiers"] =
        json!([{ "aboveWh": 20000, "electricityPrice": "0.9", "serviceFee": "0.80" }]);
    list["chargingTime"] = json!({ "pricePerMinute": "0.1", "basis": "session" });
    list["taxPercent"] = json!("6");
    list
}

/// The service and its data under attack.
struct Fixture {
    app: TestApp,
    station: String,
    pile: String,
    /// The station that is deleted and restored.
    other_station: String,
    other_pile: String,
    tariff: String,
    /// The tariff that is deleted.
    other_tariff: String,
    binding: String,
    exclusion: String,
}

/// Those of sessions, of which none exists.
fn endpoints_of_sessions() -> Vec<Endpoint> {
    let session = format!("/api/v1/sessions/{}", Uuid::now_v7());
    let one = |method, rest: &str| on(method, &session, rest);
    let page = ["cursor", "limit"];
    let sessions = [
        "stationId",
        "pileId",
        "operatorId",
        "chargePointId",
        "idTag",
        "transactionId",
        "commandId",
        "state",
        "startedFrom",
        "startedUntil",
    ];
    vec![
        list("GET", "sessions").query(&page).query(&sessions),
        list("GET", "sessions/export").query(&["cursor", "format"]).query(&sessions),
        one("GET", ""),
        one("GET", "/audit").query(&page),
        one("POST", "/end").body(json!({ "reason": "r", "meterStopWh": 1.5 })),
        one("GET", "/meter-samples").query(&page),
        one("GET", "/quote"),
        one("GET", "/receipt").query(&["number"]),
        one("GET", "/receipts"),
    ]
}

fn endpoints_of_revenue() -> Vec<Endpoint> {
    let of = ["unit", "from", "until", "groupBy", "stationId", "operatorId"];
    vec![
        list("GET", "revenue").query(&["cursor", "limit"]).query(&of),
        list("GET", "revenue/export").query(&["cursor", "format"]).query(&of),
        list("GET", "energy").query(&["from", "until", "stationId", "operatorId"]),
    ]
}

impl Fixture {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let (station, pile) = (app.station().await, app.pile("CP-A").await);
        let (other_station, other_pile) = (app.station().await, app.pile("CP-B").await);
        let (tariff, other_tariff) = (app.tariff(&day_and_night()).await, app.tariff(&flat("1")).await);
        let binding = app.bind(&tariff, &json!({ "level": "platform" })).await;
        let body = exclusion(id(&pile));
        let made = app.post("/api/v1/reliability/exclusions", &body).await;
        let exclusion = made.header("location").unwrap().to_owned();
        Self { app, station, pile, other_station, other_pile, tariff, other_tariff, binding, exclusion }
    }

    /// Every route with every input. A route that is missing here fails a test, and so does a field
    /// of a station or a pile.
    fn endpoints(&self) -> Vec<Endpoint> {
        let page = ["cursor", "limit"];
        let (revision, once) = (["if-match"], ["idempotency-key"]);
        let (station, pile) = (self.station.as_str(), self.pile.as_str());
        let replay = json!({
            "topic": "t", "reason": "NOT_JSON", "partition": 1, "chargePointId": "CP-1", "limit": 1, "cursor": "x", "dryRun": false
        });
        let stations = ["q", "operatorId", "status", "availableOnly", "near", "radiusM", "retired"];
        let piles = ["stationId", "chargePointId", "q", "status", "online", "retired"];
        let import = ["dryRun", "mode", "charset"];
        let replacement = json!({ "chargePointId": "CP-C", "reason": "r" });
        let relocation = json!({ "stationId": id(&self.other_station), "reason": "r" });
        let letter = format!("/api/v1/dead-letters/{}", Uuid::now_v7());
        let letters = ["topic", "reason", "partition", "chargePointId", "replayed"];
        let mut all = vec![
            list("GET", "stations").query(&page).query(&stations),
            list("POST", "stations").headers(&once).body(self::station()),
            list("POST", "stations/import").query(&import),
            list("POST", "piles/import").query(&import),
            on("GET", station, "").query(&["retired"]),
            on("PUT", station, "").headers(&revision).body(self::station()),
            on("PATCH", station, "").headers(&revision).body(self::station()),
            on("DELETE", &self.other_station, "").headers(&revision),
            on("POST", &self.other_station, "/restore").headers(&revision),
            on("GET", station, "/availability"),
            on("GET", station, "/audit").query(&page),
            on("GET", station, "/piles").query(&page),
            on("POST", station, "/piles").headers(&once).body(self::pile()),
            list("GET", "feed")
                .query(&["chargePointId", "stationId", "pileId", "types", "alsoTypes", "type", "lastEventId"])
                .headers(&["last-event-id"]),
            list("GET", "piles").query(&page).query(&piles),
            on("GET", pile, "").query(&["retired"]),
            on("PUT", pile, "").headers(&revision).body(self::pile()),
            on("PATCH", pile, "").headers(&revision).body(self::pile()),
            on("DELETE", &self.other_pile, "").headers(&revision),
            on("POST", &self.other_pile, "/restore").headers(&revision),
            on("GET", pile, "/audit").query(&page),
            on("GET", pile, "/sessions").query(&page),
            on("GET", pile, "/placements").query(&page),
            on("POST", pile, "/replace-charge-point").headers(&revision).body(replacement),
            on("POST", pile, "/move").headers(&revision).body(relocation),
            on("GET", pile, "/status-history").query(&page).query(&["connectorId", "retired"]),
            list("GET", "unregistered-charge-points").query(&page).query(&["online"]),
            list("GET", "fleet"),
            list("GET", "ingest-partitions"),
            list("GET", "audit").query(&page).query(&[
                "from",
                "until",
                "by",
                "action",
                "thingType",
                "thingId",
            ]),
            list("GET", "dead-letters").query(&page).query(&letters),
            list("POST", "dead-letters/replay").body(replay),
            on("GET", &letter, ""),
            on("POST", &letter, "/replay").query(&["dryRun"]),
        ];
        all.extend(endpoints_of_sessions());
        all.extend(endpoints_of_revenue());
        all.extend(self.endpoints_of_reliability());
        all.extend(self.endpoints_of_issues());
        all.extend(self.endpoints_of_tariffs());
        all
    }

    fn endpoints_of_reliability(&self) -> Vec<Endpoint> {
        let page = ["cursor", "limit"];
        let of = ["from", "until", "profile", "groupBy", "stationId", "pileId", "connectorId", "operatorId"];
        let listed = ["stationId", "pileId", "reason", "from", "until", "withdrawn"];
        vec![
            list("GET", "reliability").query(&page).query(&of),
            list("GET", "reliability/export").query(&of).query(&["cursor", "format"]),
            list("GET", "reliability/exclusions").query(&page).query(&listed),
            list("POST", "reliability/exclusions")
                .headers(&["idempotency-key"])
                .body(exclusion(id(&self.pile))),
            on("GET", &self.exclusion, ""),
            on("POST", &self.exclusion, "/withdraw").body(json!({ "withdrawalNote": "r" })),
        ]
    }

    /// Those of issues, of which none exists, and of maintenance windows.
    fn endpoints_of_issues(&self) -> Vec<Endpoint> {
        let page = ["cursor", "limit"];
        let issue = format!("/api/v1/issues/{}", Uuid::now_v7());
        let window = format!("/api/v1/maintenance-windows/{}", Uuid::now_v7());
        let filter = ["cause", "severity", "stationId", "pileId", "chargePointId", "gatewayId", "operatorId"];
        let states = ["assignee", "acknowledged", "muted"];
        let new = json!({ "stationId": id(&self.station), "beginsAt": LATER, "endsAt": "2098-01-02T00:00:00Z", "reason": "r" });
        vec![
            list("GET", "issues").query(&page).query(&["state"]).query(&filter).query(&states),
            list("GET", "issues/counts").query(&filter).query(&states),
            on("GET", &issue, ""),
            on("GET", &issue, "/history").query(&page),
            on("GET", &issue, "/devices").query(&page).query(&["current"]),
            on("POST", &issue, "/acknowledge").body(json!({ "note": "n" })),
            on("POST", &issue, "/assign").body(json!({ "assignee": "a" })),
            on("POST", &issue, "/mute").body(json!({ "until": LATER, "reason": "r" })),
            on("POST", &issue, "/unmute"),
            list("GET", "maintenance-windows").query(&page).query(&["stationId"]),
            list("POST", "maintenance-windows").body(new),
            on("GET", &window, ""),
            on("POST", &window, "/end"),
        ]
    }

    fn endpoints_of_tariffs(&self) -> Vec<Endpoint> {
        let (page, revision, price_target) =
            (["cursor", "limit"], ["if-match"], ["stationId", "pileId", "connectorId"]);
        let (tariff, once) = (self.tariff.as_str(), ["idempotency-key"]);
        vec![
            list("GET", "tariffs").query(&page).query(&["operatorId", "status", "retired", "awaitsApproval"]),
            list("POST", "tariffs").headers(&once).body(self::tariff()),
            list("POST", "tariffs/validate").body(json!({ "currency": "CNY", "priceList": full_list() })),
            on("GET", tariff, ""),
            on("PUT", tariff, "").headers(&revision).body(self::tariff()),
            on("PATCH", tariff, "").headers(&revision).body(self::tariff()),
            on("DELETE", &self.other_tariff, "").headers(&revision),
            on("GET", tariff, "/audit").query(&page),
            on("PUT", tariff, "/draft").headers(&revision).body(full_list()),
            on("GET", tariff, "/draft"),
            on("PUT", tariff, "/draft/proposal").headers(&revision).body(json!({ "effectiveFrom": LATER })),
            on("DELETE", tariff, "/draft/proposal").headers(&revision),
            on("POST", tariff, "/draft/publish").headers(&revision).body(json!({ "effectiveFrom": LATER })),
            on("DELETE", tariff, "/draft").headers(&revision),
            on("GET", tariff, "/versions").query(&page),
            on("GET", tariff, "/versions/{1}"),
            on("GET", tariff, "/versions/{1}/ocpi").query(&["countryCode", "partyId", "id", "from", "days"]),
            on("GET", tariff, "/versions/{1}/tcec").query(&["date"]),
            on("GET", tariff, "/versions/{1}/what-if").query(&["stationId", "from", "until"]),
            list("POST", "tariffs/bindings").headers(&once).body(self.binding()),
            list("GET", "tariffs/bindings")
                .query(&page)
                .query(&["tariffId", "level", "operatorId"])
                .query(&price_target),
            on("GET", &self.binding, ""),
            on("POST", &self.binding, "/end").body(json!({ "effectiveUntil": LATER })),
            list("GET", "tariffs/price").query(&price_target).query(&["at"]),
            list("GET", "tariffs/timetable").query(&price_target).query(&["date", "days"]),
            list("POST", "tariffs/quote").body(self.usage()),
        ]
    }

    fn binding(&self) -> Value {
        json!({ "subject": { "level": "operator", "operatorId": "op-7" }, "tariffId": id(&self.tariff), "effectiveFrom": LATER,
                "effectiveUntil": "2098-02-01T00:00:00Z" })
    }

    fn usage(&self) -> Value {
        json!({ "pileId": id(&self.pile), "connectorId": 1, "unpluggedAt": LATER,
                "readings": [{ "at": LATER, "energyWh": 1.5 }, { "at": LATER, "energyWh": 1.5 }] })
    }

    async fn counts(&self) -> serde_json::Map<String, Value> {
        self.app.database.json(COUNTS).await.as_object().unwrap().clone()
    }
}

fn list(method: &'static str, kind: &str) -> Endpoint {
    Endpoint::new(method, &format!("/api/v1/{kind}"))
}

fn on(method: &'static str, path: &str, rest: &str) -> Endpoint {
    let (kind, id) = path.rsplit_once('/').unwrap();
    Endpoint::new(method, &format!("{kind}/{{{id}}}{rest}"))
}

/// The routes that store nothing.
const ASKING: [&str; 2] = ["/validate", "/quote"];

/// Checks that an accepted text is returned unchanged, except for surrounding blanks.
fn assert_kept(attack: &Attack, answer: &RawResponse) {
    // An empty cursor counts as absent, and cursors are not stored. Reasons are in the audit trail.
    let is_shown = |(pointer, _): &&(String, String)| !["/cursor", "/reason"].contains(&pointer.as_str());
    if let Some((pointer, text)) = attack.text.as_ref().filter(is_shown) {
        let kept = answer.json().pointer(pointer).cloned();
        assert_eq!(kept, Some(Value::from(text.trim())), "{}", attack.what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_does_no_harm() {
    let fixture = Fixture::new().await;
    let bystander = fixture.app.station().await;
    let seen = fixture.app.get(&bystander).await.json();
    let before = fixture.counts().await;
    let (mut stations, mut piles, mut texts) = (0, 0, 0);
    for endpoint in fixture.endpoints() {
        let taken = attack(fixture.app.address(), &endpoint).await;
        for (attack, answer) in &taken {
            let made = answer.status == 201;
            stations += i64::from(made && endpoint.path.ends_with("/stations"));
            piles += i64::from(made && endpoint.path.ends_with("/piles"));
            if endpoint.body.is_some() && !ASKING.iter().any(|path| endpoint.path.ends_with(path)) {
                assert_kept(attack, answer);
                texts += usize::from(attack.text.is_some());
            }
            if let Some(place) = answer.header("location") {
                let read = fixture.app.get(place).await.json();
                assert_eq!(read, answer.json(), "{}", attack.what);
            }
        }
    }
    // Name, address and operator of stations, and name, model, vendor and serial number of piles,
    // each with three methods.
    assert!(texts > 300, "only {texts} texts were accepted");
    let after = fixture.counts().await;
    for (table, rows) in &before {
        let more = after[table].as_i64().unwrap() - rows.as_i64().unwrap();
        match table.as_str() {
            "stations" => assert_eq!(more, stations),
            "piles" => assert_eq!(more, piles),
            table => assert!(CHANGING.contains(&table) || more == 0, "{more} more rows in {table}"),
        }
    }
    assert_eq!(fixture.app.get(&bystander).await.json(), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn attacks_cover_every_route_and_field() {
    let fixture = Fixture::new().await;
    let endpoints = fixture.endpoints();
    let routes: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let attacked = endpoints.iter().map(|endpoint| {
        let path = endpoint.path.trim_start_matches("/api/v1/");
        let generic = path.split('/').map(|part| if part.starts_with('{') { "ID" } else { part });
        format!("{} {}", endpoint.method, generic.collect::<Vec<_>>().join("/"))
    });
    assert_eq!(attacked.collect::<BTreeSet<_>>(), routes);
    for endpoint in &endpoints {
        let known = testkit::openapi_query(&asset_api::openapi(), endpoint.method, &endpoint.path);
        assert_eq!(
            endpoint.query.iter().copied().collect::<BTreeSet<_>>(),
            known.iter().map(String::as_str).collect(),
            "{} {}",
            endpoint.method,
            endpoint.path
        );
    }
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for (path, said, own) in
        [(&fixture.station, station(), OF_STATIONS.as_slice()), (&fixture.pile, pile(), OF_PILES.as_slice())]
    {
        let mut shown = names(&fixture.app.get(path).await.json());
        shown.retain(|name| !own.contains(&name.as_str()));
        assert_eq!(shown, names(&said), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_terms_are_matched_literally() {
    let app = TestApp::start().await;
    let mut searched = 0;
    for text in texts() {
        let made = app.post("/api/v1/stations", &json!({ "name": text })).await;
        if made.status == 201 {
            searched += 1;
            let found = app.get(&format!("/api/v1/stations?limit=200&q={}", percent(&text))).await.json();
            let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
            let has_all = |item: &Value| {
                let name = item["name"].as_str().unwrap().to_lowercase();
                words.iter().all(|word| name.contains(word.as_str()))
            };
            let items = found["items"].as_array().unwrap();
            assert!(items.iter().any(|item| item["id"] == made.json()["id"]), "{text} does not find itself");
            assert!(items.iter().all(has_all), "{text} finds {found}");
        }
    }
    assert!(searched > 25, "{searched}");
    for plain in ["100 percent", "a-b", "back/slash"] {
        assert_eq!(
            app.post("/api/v1/stations", &json!({ "name": plain, "operatorId": "plain" })).await.status,
            201
        );
    }
    for wild in ["%", "_", "\\", "*", "100%25", "a_b"] {
        let found = app.get(&format!("/api/v1/stations?operatorId=plain&q={}", percent(wild))).await.json();
        assert_eq!(found["items"], json!([]), "{wild} is not a wildcard");
    }
}
