//! asset-api as a process, and the statements that it sends to `PostgreSQL` for a request.

use super::recorder::{Recorder, RoundTrip};
use crate::database;
use crate::http_client::HttpClient;
use anyhow::{Context as _, bail};
use launch::{Ports, Process, ready};
use std::path::Path;
use std::time::Duration;

/// asset-api's default number of connections for requests; it is set explicitly, so that the floor
/// has as many.
pub const CONNECTIONS: usize = 8;
/// Further connections that asset-api opens for its own tasks.
const OWN_CONNECTIONS: usize = 2;
/// The time in which asset-api must stop.
const GRACE: Duration = Duration::from_secs(25);
/// The greatest number of recordings of a request.
const ATTEMPTS: usize = 20;

/// A running asset-api.
pub struct AssetApi {
    /// The address of its API.
    pub listen: String,
    /// Its process.
    pub process: Process,
}

/// Where asset-api reads lists of stations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// In memory, its default.
    Map,
    /// In the database, so that there are statements to record.
    Database,
}

impl AssetApi {
    /// Starts asset-api on the database at `url`.
    pub async fn start(url: &str, connections: usize, lists: Lists, logs: &Path) -> anyhow::Result<Self> {
        let (listen, admin) = (Ports::Free.pick(0)?, Ports::Free.pick(0)?);
        let settings = [
            ("DATABASE_URL", url.to_owned()),
            ("CHARGING__HTTP__LISTEN", listen.clone()),
            ("CHARGING__ADMIN__LISTEN", admin.clone()),
            ("CHARGING__DATABASE__MAX_CONNECTIONS", (connections + OWN_CONNECTIONS).to_string()),
            ("CHARGING__STATION_MAP__ENABLED", (lists == Lists::Map).to_string()),
        ];
        let mut process = Process::start("asset-api", &settings, logs.join("asset-api.log"))?;
        ready(&admin, &mut process).await?;
        Ok(Self { listen, process })
    }

    /// Stops it in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop(GRACE).await
    }
}

/// asset-api behind a recorder.
pub struct Recorded {
    service: AssetApi,
    client: HttpClient,
    recorder: Recorder,
}

impl Recorded {
    /// Starts it.
    pub async fn start(url: &str, logs: &Path) -> anyhow::Result<Self> {
        let recorder = Recorder::before(database::address(url)?.to_owned()).await?;
        let recorded_url = database::with_address(url, &recorder.address)?;
        let service = AssetApi::start(&recorded_url, 1, Lists::Database, logs).await?;
        let client = HttpClient::new(&service.listen)?;
        Ok(Self { service, client, recorder })
    }

    /// The statements of the request for `path`, once they are the same twice in a row: the first
    /// time, statements are prepared for good, and about once a second the service sends some of
    /// its own.
    pub async fn record(&self, path: &str) -> anyhow::Result<Vec<RoundTrip>> {
        let mut before = self.once(path).await?;
        for _ in 0..ATTEMPTS {
            let trips = self.once(path).await?;
            if texts(&trips) == texts(&before) {
                return Ok(trips);
            }
            before = trips;
        }
        bail!("GET {path} sent different statements to PostgreSQL each time");
    }

    /// Stops it in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.service.stop().await
    }

    async fn once(&self, path: &str) -> anyhow::Result<Vec<RoundTrip>> {
        self.recorder.clear();
        self.client.get(path).await?.body_of(200).with_context(|| format!("GET {path}"))?;
        self.recorder.round_trips()
    }
}

/// The texts of the statements by round trip.
fn texts(trips: &[RoundTrip]) -> Vec<Vec<String>> {
    trips.iter().map(|trip| trip.iter().map(|statement| statement.sql.clone()).collect()).collect()
}
