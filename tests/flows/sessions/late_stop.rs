//! A stop that arrives after the receipt of its session leads to another receipt.

use crate::sessions::charges::{charge, items};
use crate::sessions::reported::{Transaction, all_written};
use crate::sessions::site::{Site, connect};
use chrono::SubsecRound as _;
use gateway_simulator::KeyFate;
use runtime::clock;
use serde_json::{Value, json};
use system_tests::Platform;
use testkit::eventually_some;

/// The newest receipt of the session at `session`, once it has this number.
async fn receipt(platform: &Platform, session: &str, number: u32) -> Value {
    eventually_some(&format!("receipt {number}"), || async {
        let found = platform.asset(&format!("{session}/receipt")).await;
        (found.status == 200 && found.body["number"] == number).then_some(found.body)
    })
    .await
}

/// The numbers of the receipts that the feed has published, in its order.
async fn published(platform: &Platform) -> Value {
    let numbers = "select jsonb_agg(change #> '{kind,data,receipt,number}' order by id)
                   from feed_chunks, json_array_elements(changes) as change
                   where change #>> '{kind,data,receipt,number}' is not null";
    platform.database.json(numbers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_after_the_receipt_leads_to_a_receipt_that_replaces_it() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest_with(&[("receipts.grace_s", "1")]);
    let site = Site::new(&platform, "op-east", "1.0000").await;
    connect(&platform, &site.device).await;
    let id = charge(&platform, &site.pile, "DRIVER-1").await;
    let session = format!("/api/v1/sessions/{id}");
    assert_eq!(platform.asset(&format!("{session}/receipt")).await.body["code"], "RECEIPT_NOT_YET");
    platform.simulator.vanish(&site.device, KeyFate::Expires).await.unwrap();
    let vanished_at = clock::now().trunc_subsecs(6);
    all_written(&platform, &site.device).await;
    let ended = platform.post_asset(&format!("{session}/end"), &json!({ "reason": "no stop" })).await.body;
    assert_eq!(ended["endReason"], "EndedByOperator", "{ended}");

    let first = receipt(&platform, &session, 1).await;
    assert_eq!(first["replaces"], json!(null));
    let [by_operator, priced] = [&ended, &first].map(|answer| answer["energyWh"].as_f64().unwrap());
    assert!((by_operator - priced).abs() < 0.01, "{by_operator} Wh, and {priced} Wh in the receipt");
    assert_eq!(first["energyByBand"], json!([{ "kind": "flat", "energyWh": first["energyWh"] }]));

    let transaction = ended["transactionId"].as_str().unwrap();
    let late = Transaction { device: &site.device, connector: 1, id: transaction };
    let register = ended["meterStopWh"].as_f64().unwrap() + 1_000.0;
    late.stop(&platform, vanished_at, "PowerLoss", register).await;
    let second = receipt(&platform, &session, 2).await;
    assert_eq!((&second["replaces"], &second["endReason"]), (&json!(1), &json!("PowerLoss")));
    let corrected = second["energyWh"].as_f64().unwrap();
    assert!((corrected - priced - 1_000.0).abs() < 0.01, "{priced} Wh, then {corrected} Wh");
    let quote = platform.asset(&format!("{session}/quote")).await.body;
    assert_eq!((&second["price"]["totals"], &second["price"]["items"]), (&quote["totals"], &quote["items"]));

    let kept = platform.asset(&format!("{session}/receipt?number=1")).await.body;
    assert_eq!(kept, first, "a receipt never changes");
    let numbers: Vec<Value> = items(&platform, &format!("{session}/receipts"))
        .await
        .into_iter()
        .map(|receipt| receipt["number"].clone())
        .collect();
    assert_eq!(numbers, [json!(2), json!(1)]);
    assert_eq!(published(&platform).await, json!([1, 2]));
    ingestor.stop().await;
}
