//! What charging costs: a tariff for the station, the price with its reason, and the quote of a
//! session.

use super::{RegisteredPile, until};
use crate::environment::Environment;
use anyhow::{Context as _, ensure};
use launch::output::{Steps, call, passed};
use serde_json::{Value, json};

/// A price list with four kinds of bands, as in many cities in China.
fn price_list() -> Value {
    let band = |from: &str, to: &str, kind: &str, electricity: &str| json!({ "from": from, "to": to, "kind": kind, "electricityPrice": electricity, "serviceFee": "0.80" });
    let bands = [
        band("23:00", "07:00", "valley", "0.3158"),
        band("07:00", "10:00", "flat", "0.7055"),
        band("10:00", "15:00", "peak", "1.0213"),
        band("15:00", "18:00", "flat", "0.7055"),
        band("18:00", "21:00", "sharp", "1.2345"),
        band("21:00", "23:00", "flat", "0.7055"),
    ];
    json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": bands }] })
}

/// Publishes a tariff and binds it to stations; returns the path of the tariff.
pub async fn publish_tariff(environment: &Environment, stations: &[&str]) -> anyhow::Result<String> {
    let details = json!({ "name": "分时电价", "currency": "CNY", "status": "Active" });
    let tariff = environment.assets.post("/api/v1/tariffs", &details).await?.expect(201)?;
    let path = format!("/api/v1/tariffs/{}", tariff.text("/id"));
    environment.assets.put(&format!("{path}/draft"), &price_list()).await?.expect(200)?;
    environment.assets.post(&format!("{path}/draft/publish"), &json!({})).await?.expect(200)?;
    for station in stations {
        let subject = json!({ "level": "station", "stationId": station });
        let binding = json!({ "subject": subject, "tariffId": tariff.text("/id") });
        environment.assets.post("/api/v1/tariffs/bindings", &binding).await?.expect(201)?;
    }
    Ok(path)
}

/// Publishes a tariff for the station, and reads the price.
pub async fn publish_and_read(
    environment: &Environment,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("The operator prices the station: 尖 峰 平 谷, electricity price and service fee");
    let tariff = publish_tariff(environment, &[&pile.station]).await?;
    call("POST", &format!("{tariff}/draft/publish"), "200 in force at once, bound to the station");

    steps.next("Read the current price of a kWh and its reason");
    let path = format!("/api/v1/tariffs/price?pileId={}&connectorId=1", pile.id);
    let price = environment.assets.get(&path).await?.expect(200)?;
    let (kwh, kind) = (price.text("/pricePerKwh"), price.text("/kind"));
    call(
        "GET",
        &path,
        &format!("{kwh} CNY, {kind}: version {}", price.number("/version").unwrap_or_default()),
    );
    let (level, outcome) = (price.text("/considered/0/level"), price.text("/considered/0/outcome"));
    ensure!((level, outcome) == ("station", "applies"), "another binding applies: {}", price.body);
    passed(&format!("reason: the binding of the {level} {outcome}"));
    Ok(())
}

/// The cost of the session that has just ended.
pub async fn quote(
    environment: &Environment,
    steps: &mut Steps,
    pile: &RegisteredPile,
) -> anyhow::Result<()> {
    steps.next("Read the cost of the session, from its meter values");
    let sessions = environment.assets.get(&format!("{}/sessions", pile.path())).await?.expect(200)?;
    let session = sessions.text("/items/0/id").to_owned();
    let path = format!("/api/v1/sessions/{session}");
    until(&environment.assets, &path, |session| !session.text("/endedAt").is_empty()).await?;
    let path = format!("{path}/quote");
    let quote = environment.assets.get(&path).await?.expect(200)?;
    let total = quote.text("/totals/total/amount");
    let kwh = quote.number("/energyWh").context("the quote has no energyWh")? / 1000.0;
    ensure!(kwh > 0.0, "the session has no energy: {}", quote.body);
    call("GET", &path, &format!("{total} CNY for {kwh:.3} kWh"));
    passed(&format!(
        "electricity {}, service {}",
        quote.text("/totals/electricity/amount"),
        quote.text("/totals/service/amount")
    ));
    Ok(())
}
