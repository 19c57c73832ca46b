//! `/api/v1/tariffs/price`, `…/timetable` and `…/quote`, and quotes of sessions.

mod metered;
mod receipts;
mod revenue;
mod sessions;
mod what_if;

use crate::app::{TestApp, id};
use crate::tariffs::lists::{band, daily, day_and_night, flat};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn in_utc(time: &str) -> String {
    let time: chrono::DateTime<chrono::Utc> = time.parse().unwrap();
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// A summary of a quote: its items, occupancy and the total.
fn summary(quote: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let item = |item: &Value| {
        let (energy, kind) = (item["energyWh"].as_f64().unwrap(), text(&item["kind"]));
        let [electricity, service] = ["electricity", "service"].map(|name| text(&item[name]["amount"]));
        format!("{energy} Wh {kind} {electricity} + {service}")
    };
    let mut all: Vec<_> = quote["items"].as_array().unwrap().iter().map(item).collect();
    let occupancy = &quote["occupancy"];
    all.push(format!("{} minutes {}", occupancy["chargedMinutes"], text(&occupancy["amount"]["amount"])));
    all.push(format!("total {}", text(&quote["totals"]["total"]["amount"])));
    all
}

/// Noon in Shanghai, on a Tuesday.
const NOON: &str = "2098-07-01T04:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn price_lists_the_considered_bindings() {
    let app = TestApp::start().await;
    let station = app.post("/api/v1/stations", &json!({ "name": "North", "operatorId": "op-7" })).await;
    let station = station.header("location").unwrap();
    let pile = app.post(&format!("{station}/piles"), &crate::app::pile("CP-1")).await;
    let pile = id(pile.header("location").unwrap()).to_owned();
    let bind = async |price: &str, subject: Value| app.bind(&app.tariff(&flat(price)).await, &subject).await;
    bind("1", json!({ "level": "platform" })).await;
    let price = async |query: &str| app.get(&format!("/api/v1/tariffs/price?at={NOON}&{query}")).await;
    let explained = async |query: &str| {
        let explained = price(query).await.json();
        let considered = explained["considered"].as_array().unwrap().iter();
        let considered = considered
            .map(|one| format!("{} {}", one["level"].as_str().unwrap(), one["outcome"].as_str().unwrap()));
        (
            explained["electricityPrice"].as_str().unwrap().to_owned(),
            considered.collect::<Vec<_>>().join(", "),
        )
    };
    let (of_station, of_pile) = (format!("stationId={}", id(station)), format!("pileId={pile}"));
    let of_connector = format!("{of_pile}&connectorId=1");
    let is = |price: &str, considered: &str| (price.to_owned(), considered.to_owned());
    assert_eq!(explained(&of_connector).await, is("1", "platform applies"));
    bind("2", json!({ "level": "operator", "operatorId": "op-7" })).await;
    bind("3", json!({ "level": "operator", "operatorId": "op-8" })).await;
    assert_eq!(explained(&of_station).await, is("2", "operator applies, platform overridden"));
    bind("4", json!({ "level": "station", "stationId": id(station) })).await;
    assert_eq!(explained(&of_pile).await.0, "4");
    bind("5", json!({ "level": "pile", "pileId": pile })).await;
    assert_eq!(
        (explained(&of_station).await.0, explained(&of_pile).await.0),
        ("4".to_owned(), "5".to_owned())
    );
    bind("6", json!({ "level": "connector", "pileId": pile, "connectorId": 1 })).await;
    assert_eq!(explained(&format!("{of_pile}&connectorId=2")).await.0, "5");
    let all =
        "connector applies, pile overridden, station overridden, operator overridden, platform overridden";
    assert_eq!(explained(&of_connector).await, is("6", all));
    let now = app.get(&format!("/api/v1/tariffs/price?{of_station}")).await;
    assert_eq!((now.status.as_u16(), &now.json()["electricityPrice"]), (200, &json!("4")));
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_a_price_with_its_band_and_zone() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    app.bind(&app.tariff(&flat("1")).await, &json!({ "level": "platform" })).await;
    app.bind(&app.tariff(&day_and_night()).await, &json!({ "level": "pile", "pileId": id(&pile) })).await;
    let path = format!("/api/v1/tariffs/price?pileId={}&connectorId=1&at={NOON}", id(&pile));
    assert_snapshot!(app.get(&path).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "at": "2098-07-01T12:00:00+08:00",
      "band": 1,
      "chargingTime": null,
      "considered": [
        {
          "bindingId": "[id 1]",
          "level": "pile",
          "outcome": "applies",
          "tariffId": "[id 2]"
        },
        {
          "bindingId": "[id 3]",
          "by": "[id 1]",
          "level": "platform",
          "outcome": "overridden",
          "tariffId": "[id 4]"
        }
      ],
      "currency": "CNY",
      "electricityPrice": "1.2345",
      "kind": "sharp",
      "pricePerKwh": "2.0345",
      "schedule": 0,
      "serviceFee": "0.80",
      "tariffId": "[id 2]",
      "taxPercent": null,
      "tiers": [],
      "version": 1
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn explains_why_there_is_no_price() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let of_pile = format!("pileId={}", id(&pile));
    let price = async |query: &str| app.get(&format!("/api/v1/tariffs/price?{query}")).await;
    let none = price(&of_pile).await;
    assert_eq!((none.status.as_u16(), &none.json()["code"]), (409, &json!("NO_TARIFF_APPLIES")));
    let empty =
        app.post("/api/v1/tariffs", &json!({ "name": "Empty", "currency": "CNY", "status": "Active" })).await;
    app.bind(empty.header("location").unwrap(), &json!({ "level": "platform" })).await;
    let none = price(&format!("{of_pile}&at={NOON}")).await.json();
    assert_eq!(none["detail"], "no tariff applies at 2098-07-01T04:00:00Z");
    let why = none["errors"][0]["message"].as_str().unwrap();
    assert!(why.ends_with("at level platform, refers to a tariff without a version in force yet"), "{why}");
    let wrong = [
        ("", "pileId"),
        ("pileId=x", "pileId"),
        ("stationId=0192f0b0-0000-7000-8000-000000000000&connectorId=1", "connectorId"),
        ("stationId=x&pileId=y", "stationId"),
        (&format!("{of_pile}&connectorId=x"), "connectorId"),
        (&format!("{of_pile}&at=noon"), "at"),
        (&format!("{of_pile}&at=2100-01-01T00:00:00Z"), "at"),
    ];
    for (query, field) in wrong {
        let refused = price(query).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["errors"][0]["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
    let nowhere = "0192f0b0-0000-7000-8000-000000000000";
    assert_eq!(price(&format!("pileId={nowhere}")).await.json()["code"], "PILE_NOT_FOUND");
    assert_eq!(price(&format!("stationId={nowhere}")).await.json()["code"], "STATION_NOT_FOUND");
}

/// A binding from noon to 13:00, and none before or after.
#[tokio::test(flavor = "multi_thread")]
async fn names_the_bindings_that_begin_later_or_have_ended() {
    let app = TestApp::start().await;
    let station = app.post("/api/v1/stations", &json!({ "name": "North" })).await;
    let station = id(station.header("location").unwrap()).to_owned();
    let tariff = app.tariff(&flat("1")).await;
    let binding = json!({ "subject": { "level": "station", "stationId": station }, "tariffId": id(&tariff),
                          "effectiveFrom": NOON, "effectiveUntil": "2098-07-01T05:00:00Z" });
    let bound = app.post("/api/v1/tariffs/bindings", &binding).await;
    assert_eq!(bound.status.as_u16(), 201);
    let platform = json!({ "subject": { "level": "platform" }, "tariffId": id(&tariff),
                           "effectiveFrom": "2098-07-01T06:00:00Z" });
    assert_eq!(app.post("/api/v1/tariffs/bindings", &platform).await.status.as_u16(), 201);
    let price =
        async |at: &str| app.get(&format!("/api/v1/tariffs/price?stationId={station}&at={at}")).await.json();
    let why = |answer: &Value| {
        assert_eq!(answer["code"], "NO_TARIFF_APPLIES");
        let all = answer["errors"].as_array().unwrap().iter();
        let why = |error: &Value| {
            let message = error["message"].as_str().unwrap();
            message.split_once(", at level ").unwrap().1.to_owned()
        };
        all.map(why).collect::<Vec<_>>()
    };
    let platform = "platform, begins at 2098-07-01T06:00:00Z".to_owned();
    let early = why(&price("2098-07-01T03:59:59Z").await);
    assert_eq!(early, ["station, begins at 2098-07-01T04:00:00Z".to_owned(), platform.clone()]);
    let late = why(&price("2098-07-01T05:00:00Z").await);
    assert_eq!(late, ["station, ended at 2098-07-01T05:00:00Z".to_owned(), platform]);
    let answer = price(NOON).await;
    assert_eq!(
        (&answer["considered"][0]["outcome"], &answer["considered"][1]["outcome"]),
        (&json!("applies"), &json!("notYet"))
    );
    assert_eq!(answer["considered"][1]["effectiveFrom"], "2098-07-01T06:00:00Z");
    let answer = price("2098-07-01T06:00:00Z").await;
    assert_eq!(answer["considered"][0]["outcome"], "over");
    assert_eq!(answer["considered"][0]["effectiveUntil"], "2098-07-01T05:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn timetable_has_no_gaps_and_merges_equal_prices() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let quarters = daily(&[
        band("00:00", "03:00", "valley", "0.3"),
        band("03:00", "08:00", "valley", "0.3"),
        band("08:00", "22:00", "peak", "1.2"),
        band("22:00", "24:00", "valley", "0.3"),
    ]);
    let tariff = app.tariff(&quarters).await;
    app.bind(&tariff, &json!({ "level": "platform" })).await;
    app.publish(&tariff, &flat("0.9"), &json!({ "effectiveFrom": "2098-07-02T04:00:00Z" })).await;
    let timetable =
        async |query: &str| app.get(&format!("/api/v1/tariffs/timetable?pileId={}&{query}", id(&pile))).await;
    let two_days = timetable("date=2098-07-01&days=2").await.json();
    assert_eq!((&two_days["timeZone"], &two_days["last"]), (&json!("Asia/Shanghai"), &json!("2098-07-02")));
    let rows = two_days["rows"].as_array().unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (&row["from"], &row["kind"], &row["pricePerKwh"]))
        .map(|(from, kind, price)| {
            format!("{} {} {}", from.as_str().unwrap(), kind.as_str().unwrap(), price.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2098-07-01T00:00:00+08:00 valley 1.10",
            "2098-07-01T08:00:00+08:00 peak 2.00",
            "2098-07-01T22:00:00+08:00 valley 1.10",
            "2098-07-02T08:00:00+08:00 peak 2.00",
            "2098-07-02T12:00:00+08:00 flat 1.70",
        ]
    );
    assert_eq!(rows[4]["to"], "2098-07-03T00:00:00+08:00");
    assert_eq!(timetable("date=2098-07-01&days=7").await.json()["last"], "2098-07-07");
    for (wrong, field) in
        [("days=0", "days"), ("days=32", "days"), ("date=2098-02-30", "date"), ("date=2100-01-01", "date")]
    {
        assert_eq!(timetable(wrong).await.json()["errors"][0]["field"], field, "{wrong}");
    }
    let today = timetable("").await.json();
    assert_eq!(
        today["unpriced"][0]["to"],
        today["rows"][0]["from"].as_str().map(in_utc).unwrap(),
        "bound just now"
    );
    assert_eq!(timetable("date=2020-01-01").await.json()["code"], "NO_TARIFF_APPLIES");
    assert_eq!(timetable("date=2099-12-31").await.json()["code"], "TIME_OUT_OF_REACH");
}

#[tokio::test(flavor = "multi_thread")]
async fn quote_lists_items_that_add_up() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let mut list = day_and_night();
    list["sessionFee"] = "1".into();
    list["occupancy"] = json!({ "pricePerMinute": "0.5", "graceMinutes": 15 });
    app.bind(&app.tariff(&list).await, &json!({ "level": "platform" })).await;
    let quote = async |used: Value| {
        let mut body = json!({ "pileId": id(&pile), "connectorId": 1 });
        body.as_object_mut().unwrap().extend(used.as_object().unwrap().clone());
        app.post("/api/v1/tariffs/quote", &body).await
    };
    let even = quote(json!({
        "startedAt": "2098-07-01T05:30:00+08:00", "endedAt": "2098-07-01T06:30:00+08:00", "energyWh": 20000,
        "unpluggedAt": "2098-07-01T07:00:30+08:00"
    }));
    let even = even.await;
    assert_eq!(
        summary(&even.json()),
        ["10000 Wh valley 3.16 + 8.00", "10000 Wh sharp 12.35 + 8.00", "16 minutes 8.00", "total 40.51"]
    );
    assert_eq!(even.json()["totals"]["sessionFee"], json!({ "amount": "1.00", "currency": "CNY" }));
    let metered = quote(json!({ "readings": [
        { "at": "2098-07-01T05:30:00+08:00", "energyWh": 1000.5 },
        { "at": "2098-07-01T06:00:00+08:00", "energyWh": 11000.5 },
        { "at": "2098-07-01T06:30:00+08:00", "energyWh": 21000.5 },
    ], "unpluggedAt": "2098-07-01T07:00:30+08:00" }));
    assert_eq!(metered.await.json(), even.json());
    let of_text = quote(json!({
        "startedAt": "2098-07-01T05:30:00+08:00", "endedAt": "2098-07-01T06:30:00+08:00", "energyWh": "20000",
        "unpluggedAt": "2098-07-01T07:00:30+08:00"
    }));
    assert_eq!(of_text.await.json(), even.json(), "the same number as text");
    assert_eq!(even.json()["energyWh"], json!(20_000.0));
    for (wrong, field) in [
        (json!({}), "startedAt"),
        (
            json!({ "startedAt": "2098-07-01T05:30:00Z", "endedAt": "2098-07-01T05:00:00Z", "energyWh": 1 }),
            "endedAt",
        ),
        (json!({ "startedAt": NOON, "endedAt": NOON, "energyWh": -1 }), "energyWh"),
        (json!({ "startedAt": NOON, "endedAt": NOON, "energyWh": "1e3" }), "energyWh"),
        (json!({ "readings": [{ "at": NOON, "energyWh": 1 }] }), "readings"),
        (json!({ "readings": [{ "at": NOON, "energyWh": 1 }, { "at": NOON }] }), "readings[1]"),
        (json!({ "readings": 7 }), "readings"),
        (
            json!({ "startedAt": NOON, "endedAt": NOON, "energyWh": 0, "unpluggedAt": "2098-07-01T00:00:00Z" }),
            "unpluggedAt",
        ),
    ] {
        let refused = quote(wrong).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (400, &json!(field)));
    }
    let long = quote(
        json!({ "startedAt": "2098-07-01T00:00:00Z", "endedAt": "2098-09-01T00:00:00Z", "energyWh": 1 }),
    );
    assert_eq!(long.await.json()["code"], "TIME_OUT_OF_REACH");
}

/// 05:30 to 06:30 at 20 kWh an hour. Valley until 06:00 at 0.3158, sharp after it at 1.2345 and, of
/// the energy beyond 15 kWh, at 2; service is 0.80. Charging time is 0.10 a minute, tax is 6 %.
///
/// Electricity 10 × 0.3158 + 5 × 1.2345 + 5 × 2 = 3.16 + 6.17 + 10.00, service 8.00 + 4.00 + 4.00,
/// charging time 60 × 0.10 = 6.00: 41.33. Tax 2.4798 → 2.48.
#[tokio::test(flavor = "multi_thread")]
async fn quote_shows_tiers_charging_time_and_tax() {
    let app = TestApp::start().await;
    let pile = app.pile("CP-1").await;
    let mut list = day_and_night();
    list["schedules"][0]["bands"][1]["tiers"] =
        json!([{ "aboveWh": 15000, "electricityPrice": "2", "serviceFee": "0.80" }]);
    list["chargingTime"] = json!({ "pricePerMinute": "0.10", "basis": "energyFlow" });
    list["taxPercent"] = "6".into();
    let tariff = app.tariff(&list).await;
    app.bind(&tariff, &json!({ "level": "platform" })).await;
    assert_eq!(app.get(&format!("{tariff}/versions/1")).await.json()["priceList"], list);
    let body = json!({
        "pileId": id(&pile), "startedAt": "2098-07-01T05:30:00+08:00", "endedAt": "2098-07-01T06:30:00+08:00",
        "energyWh": 20000
    });
    let quote = app.post("/api/v1/tariffs/quote", &body).await.json();
    let items = quote["items"].as_array().unwrap().iter();
    let items: Vec<_> = items
        .map(|item| {
            (
                item["tier"].as_u64().unwrap(),
                item["energyWh"].as_f64().unwrap(),
                &item["electricity"]["amount"],
            )
        })
        .collect();
    let amounts = ["3.16", "6.17", "10.00"].map(Value::from);
    assert_eq!(items, [(0, 10_000.0, &amounts[0]), (0, 5_000.0, &amounts[1]), (1, 5_000.0, &amounts[2])]);
    assert_eq!(quote["chargingTime"][0]["chargedSeconds"], 3600);
    let totals =
        ["chargingTime", "total", "tax", "totalWithTax"].map(|name| &quote["totals"][name]["amount"]);
    assert_eq!(totals, ["6.00", "41.33", "2.48", "43.81"]);
    assert_eq!(quote["taxes"][0]["net"]["amount"], "41.33");
    let price = app.get(&format!("/api/v1/tariffs/price?pileId={}&at={NOON}", id(&pile))).await.json();
    assert_eq!(price["tiers"][0]["aboveWh"], 15_000.0);
    assert_eq!((&price["chargingTime"]["basis"], &price["taxPercent"]), (&json!("energyFlow"), &json!("6")));
}
