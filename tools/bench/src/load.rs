//! The load generator. It runs in this process on its own threads, so that its CPU time can be
//! measured separately.

use crate::meters::LOAD_THREADS;
use anyhow::{Context as _, ensure};
use gateway_simulator::settings::LoadSettings;
use gateway_simulator::{Load, LoadSegment, SimulatorSettings};
use runtime::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Events per second at which a backlog is published; no ingestor reads them meanwhile.
const BACKLOG_RATE: u32 = 20_000;

/// A fleet of simulated charge points.
pub struct Generator {
    /// The number of charge points.
    pub charge_points: u32,
    load: Arc<Mutex<Load>>,
    stop: Shutdown,
    threads: Threads,
}

/// Threads that generate load. Unlike an ordinary runtime, this one may be dropped in an async
/// context.
pub struct Threads(Option<Runtime>);

impl Generator {
    /// Creates a fleet whose ids begin with `id_prefix`, for the topic `topic`.
    pub async fn start(topic: &str, id_prefix: &str, charge_points: u32) -> anyhow::Result<Self> {
        let threads = Threads::start()?;
        let settings = LoadSettings {
            events_per_second: 1,
            duration_s: 1,
            charge_points,
            id_prefix: id_prefix.to_owned(),
            connectors: 2,
            duplicates: 0.0,
            moves: 0.0,
            seed: 1,
        };
        let mut simulator = SimulatorSettings::default();
        topic.clone_into(&mut simulator.topics.events);
        simulator.gateway.pods = 4;
        // A client belongs to the runtime on which it was created.
        let created = threads.spawn(async move {
            let kafka = launch::kafka()?;
            Ok(Load::new(&settings, &simulator, &kafka).await?)
        })?;
        let load = created.await.context("the load generator panicked")??;
        Ok(Self {
            charge_points,
            load: Arc::new(Mutex::new(load)),
            stop: Shutdown::new(Duration::from_secs(1)),
            threads,
        })
    }

    /// Announces the charge points; returns the number of events once all are on the topic.
    pub async fn announce(&self) -> anyhow::Result<u64> {
        let load = Arc::clone(&self.load);
        let announced = self.threads.spawn(async move { Ok(load.lock().await.announce().await?) })?;
        announced.await.context("the load generator panicked")?
    }

    /// Produces `rate` events per second for `duration`; ends when all are on the topic.
    pub fn produce(
        &self,
        rate: u32,
        duration: Duration,
    ) -> anyhow::Result<JoinHandle<anyhow::Result<LoadSegment>>> {
        let (load, stop) = (Arc::clone(&self.load), self.stop.clone());
        self.threads.spawn(async move {
            let mut load = load.lock().await;
            let segment = load.produce(rate, duration, &stop).await?;
            ensure!(load.failed() == 0, "{} events were not acknowledged by Kafka", load.failed());
            Ok(segment)
        })
    }
}

impl Generator {
    /// Publishes about `events`, quickly; ends when all are on the topic.
    pub async fn publish_backlog(&self, events: u32) -> anyhow::Result<()> {
        let seconds = events.div_ceil(BACKLOG_RATE).max(1);
        let produced = self.produce(events / seconds, Duration::from_secs(seconds.into()))?;
        produced.await.context("the load generator panicked")??;
        Ok(())
    }

    /// Stops the current production early; nothing more is produced.
    pub fn stop_producing(&self) {
        self.stop.request();
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.stop.request();
    }
}

impl Threads {
    /// Starts two threads.
    pub fn start() -> anyhow::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        Ok(Self(Some(builder.worker_threads(2).thread_name(LOAD_THREADS).enable_all().build()?)))
    }

    /// Runs `work` on these threads.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<JoinHandle<anyhow::Result<T>>> {
        Ok(self.handle()?.spawn(Box::pin(work)))
    }

    /// A handle for starting work on these threads later.
    pub fn handle(&self) -> anyhow::Result<Handle> {
        Ok(self.0.as_ref().context("the load generator has stopped")?.handle().clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
