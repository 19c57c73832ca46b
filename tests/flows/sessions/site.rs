//! A station of an operator with its own price, and its pile.

use crate::sessions::charges::{id, session};
use domain::ids::ChargePointId;
use gateway_simulator::DeviceSpec;
use serde_json::{Value, json};
use system_tests::{Answer, Platform};
use testkit::unique;

/// A station of an operator with its own price, and its pile.
pub struct Site {
    /// The id of the station.
    pub station: String,
    /// The path of the pile.
    pub pile: String,
    /// The device that was registered with the pile.
    pub device: ChargePointId,
    operator: &'static str,
    price: &'static str,
}

impl Site {
    /// Registers a station of `operator` with a pile; `price` of electricity applies to all stations
    /// of the operator.
    pub async fn new(platform: &Platform, operator: &'static str, price: &'static str) -> Self {
        let station = json!({ "name": operator, "operatorId": operator });
        let station = created(&platform.post_asset("/api/v1/stations", &station).await);
        let device = new_device();
        let pile = json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120 });
        let piles = format!("/api/v1/stations/{station}/piles");
        let pile = format!("/api/v1/piles/{}", created(&platform.post_asset(&piles, &pile).await));
        set_price(platform, operator, price).await;
        Self { station, pile, device, operator, price }
    }

    /// Checks that a session belongs to `pile` at this station, and has this operator's price.
    pub async fn assert_has(&self, platform: &Platform, session_id: &str, pile: &str) {
        let found = session(platform, session_id).await;
        let place = json!([found["pileId"], found["stationId"], found["operatorId"]]);
        assert_eq!(place, json!([id(pile), self.station, self.operator]), "{found}");
        let quote = platform.asset(&format!("/api/v1/sessions/{session_id}/quote")).await;
        assert_eq!(quote.status, 200, "{}", quote.body);
        let items = quote.body["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{}", quote.body);
        assert!(items.iter().all(|item| item["electricityPrice"] == self.price), "{}", quote.body);
    }
}

/// The id of a device that no pile has.
pub fn new_device() -> ChargePointId {
    ChargePointId::parse(&unique("CP")).unwrap()
}

/// Connects a device with two connectors, whose meters show 5,000 Wh.
pub async fn connect(platform: &Platform, device: &ChargePointId) {
    let spec = DeviceSpec::new(device.clone()).with_register_wh(5_000.0);
    platform.simulator.connect(spec).await.unwrap();
}

/// Puts `device` into the pile at `pile` instead of its present one.
pub async fn replace(platform: &Platform, pile: &str, device: &ChargePointId, reason: &str) -> Value {
    let body = json!({ "chargePointId": device, "reason": reason });
    let replaced = platform.post_asset(&format!("{pile}/replace-charge-point"), &body).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    replaced.body
}

async fn set_price(platform: &Platform, operator: &str, price: &str) {
    let tariff = json!({ "name": operator, "currency": "CNY", "status": "Active" });
    let tariff = created(&platform.post_asset("/api/v1/tariffs", &tariff).await);
    let band = json!({ "from": "00:00", "to": "24:00", "kind": "flat", "electricityPrice": price, "serviceFee": "0.80" });
    let list = json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": [band] }] });
    let draft = format!("/api/v1/tariffs/{tariff}/draft");
    let drafted = platform.put_asset(&draft, &list).await;
    assert_eq!(drafted.status, 200, "{}", drafted.body);
    let published = platform.post_asset(&format!("{draft}/publish"), &json!({})).await;
    assert_eq!(published.status, 200, "{}", published.body);
    let subject = json!({ "level": "operator", "operatorId": operator });
    let binding = json!({ "tariffId": tariff, "subject": subject });
    created(&platform.post_asset("/api/v1/tariffs/bindings", &binding).await);
}

/// The id of the created resource.
fn created(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}
