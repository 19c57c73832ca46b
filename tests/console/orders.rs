//! What the player may order: things that devices do, and records that nobody can use.

use domain::ids::{ChargePointId, ConnectorId};
use domain::status::ConnectorStatus;
use gateway_simulator::DeviceSpec;
use runtime::kafka::NewRecord;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{Ingestor, Platform};
use tokio::sync::Mutex;

/// What can be ordered about.
pub struct World {
    pub platform: Platform,
    pub ingestor: Mutex<Option<Ingestor>>,
}

/// Does it; returns when the gateway has told.
///
/// # Panics
/// When there is no such order, or it cannot be done.
pub async fn carry_out(world: &World, order: Value) {
    let platform = &world.platform;
    let text = |name: &str| order.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| order.get(name).and_then(Value::as_u64).unwrap_or(1);
    let device = || ChargePointId::parse(text("device")).unwrap();
    match text("do") {
        "connect" => {
            let connectors = u16::try_from(number("connectors")).unwrap();
            let spec = DeviceSpec::new(device()).with_connectors(connectors);
            platform.simulator.connect(spec).await.unwrap();
        }
        "disconnect" => {
            platform.simulator.disconnect(&device()).await.unwrap();
        }
        "status" => {
            let connector = ConnectorId::parse(i64::try_from(number("connector")).unwrap()).unwrap();
            let status = ConnectorStatus::parse(text("status")).unwrap();
            platform.simulator.set_status(&device(), connector, status, None).await.unwrap();
        }
        "garbage" => {
            let record = NewRecord {
                key: Some(text("key").as_bytes().to_vec()),
                value: Some(text("value").as_bytes().to_vec()),
                headers: BTreeMap::new(),
                timestamp: runtime::clock::now(),
            };
            let topic = &platform.simulator_settings.topics.events;
            platform.kafka.writer(topic).publish(0, vec![record], Duration::from_secs(30)).await.unwrap();
        }
        "ingest" => {
            let mut ingestor = world.ingestor.lock().await;
            let running = ingestor.take();
            if order.get("on").and_then(Value::as_bool) == Some(true) {
                *ingestor = Some(running.unwrap_or_else(|| platform.ingest()));
            } else if let Some(running) = running {
                running.stop().await;
            }
        }
        unknown => panic!("nobody knows how to {unknown:?}"),
    }
}
