//! The two main functions of the binary: run a gateway, and produce load.

use crate::device::DeviceSpec;
use crate::load::Load;
use crate::settings::{FleetSettings, Settings};
use crate::simulator::Simulator;
use anyhow::Context as _;
use domain::ids::ChargePointId;
use runtime::Context;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Connects the fleet and runs it until shutdown is requested; then reports its disconnection,
/// unless it is a deployed gateway. Ready once the pods receive commands.
///
/// # Errors
/// When the settings are invalid, or the fleet cannot be connected.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let kafka = Kafka::new(&settings.kafka)?;
    let redis = Redis::connect(&settings.redis)?;
    let probed = redis.clone();
    context.health.add("redis", move || {
        let redis = probed.clone();
        async move { redis.ping().await.map_err(|error| error.to_string()) }
    });
    // Before it listens, a published command is lost: it reads from the end of its partitions.
    let listens = Arc::new(AtomicBool::new(false));
    let checked = Arc::clone(&listens);
    context.health.add_until_passed("commands", move || {
        let listens = checked.load(Ordering::Relaxed);
        async move { listens.then_some(()).ok_or_else(|| "the pods do not receive commands yet".to_owned()) }
    });
    let simulator = Simulator::start(settings.simulator(), kafka, redis, context.shutdown.clone()).await?;
    listens.store(true, Ordering::Relaxed);
    simulator.observe(&context.meter());
    let fleet = fleet(&settings.fleet)?;
    let charge_points = fleet.len();
    let connecting = simulator.connect_all(fleet);
    if let Some(connected) = context.shutdown.run_until_requested(connecting).await {
        connected.context("the charge points could not be connected")?;
        tracing::info!(charge_points, pods = ?simulator.pods(), "charge points are connected");
    }
    context.shutdown.requested().await;
    if settings.behaviour.effective().is_deployed() {
        simulator.abandon().await;
        tracing::info!(statistics = ?simulator.statistics(), "the gateway has stopped without disconnecting its charge points; its keys stay");
        return Ok(());
    }
    let disconnected = simulator.disconnect_all().await;
    simulator.stop().await;
    tracing::info!(statistics = ?simulator.statistics(), "the gateway has stopped");
    Ok(disconnected?)
}

/// Produces load, and logs the result.
///
/// # Errors
/// When the settings are invalid, or events were lost.
pub async fn load(settings: Settings, context: Context) -> anyhow::Result<()> {
    let kafka = Kafka::new(&settings.kafka)?;
    let load = Load::new(&settings.load, &settings.simulator(), &kafka).await?;
    let report = load.run(&settings.load, &context.shutdown).await?;
    tracing::info!(
        events = report.events,
        duplicates = report.duplicates,
        acknowledged = report.acknowledged,
        failed = report.failed,
        took_ms = report.took.as_millis(),
        events_per_second = report.events_per_second.round(),
        worst_lag_ms = report.worst_lag.as_millis(),
        sessions = report.ledger.sessions(),
        kinds = ?report.ledger.kinds,
        "the load run has ended"
    );
    anyhow::ensure!(report.failed == 0, "Kafka did not acknowledge {} events", report.failed);
    Ok(())
}

fn fleet(settings: &FleetSettings) -> anyhow::Result<Vec<DeviceSpec>> {
    (0..settings.charge_points)
        .map(|number| {
            let id = format!("{}{number:06}", settings.id_prefix);
            Ok(DeviceSpec {
                charge_point_id: ChargePointId::parse(&id).context("fleet.id_prefix")?,
                pod: None,
                connectors: settings.connectors,
                model: settings.model.clone(),
                vendor: settings.vendor.clone(),
                firmware: settings.firmware.clone(),
                max_power_kw: settings.max_power_kw,
                register_wh: None,
            })
        })
        .collect()
}
