//! Another producer writes records to the events topic that no gateway writes: headers without a
//! value, transactions that it commits or aborts, and batches that cannot be read.

mod disk;

use crate::broker_requests;
use crate::environment::Environment;
use crate::markers::{Form, Marker};
use crate::output::seconds;
use anyhow::ensure;
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId};
use domain::status::ConnectorStatus;
use gateway_simulator::ledger::{DeviceLedger, LedgerStatus, Mark};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use testkit::kafka_wire::{Batch, Connection};

/// Few bytes, so that a small batch unpacks to more.
pub const SETTINGS: &[(&str, &str)] = &[("CHARGING__KAFKA__MAX_UNPACKED_BYTES", "1048576")];
/// Records of a batch that unpacks to more than that, and the bytes of each.
const BOMB: (usize, usize) = (120, 10_000);
/// Copies of the record in each other batch, except for markers.
const COPIES: usize = 3;
/// The log line of an ingestor that unpacks batches of any size.
const UNPACKS_ALL: &str = "Kafka is read through librdkafka";
const POD: &str = "foreign-pod";
/// Dead letters of batches that cannot be read, with the number of records in each.
const LETTERS: &str = "select last_offset - first_offset + 1 as records from dead_letters
                       where reason = 'UNREADABLE_BATCH'";

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Batches that cannot be read.
    pub unreadable: usize,
    /// How many of them are damaged in the broker's files.
    pub damaged: usize,
    /// The time until everything was read.
    pub caught_up: Duration,
}

/// The other producer, in one partition.
#[derive(Debug, Clone)]
struct ForeignProducer {
    topic: String,
    partition: i32,
    /// Milliseconds since 1970.
    now: i64,
}

/// The offsets of the other producer's records.
#[derive(Debug, Clone, Copy)]
struct Offsets {
    committed_marker: i64,
    bomb: Option<i64>,
    damaged: Option<i64>,
}

/// The unreadable batches that are written.
#[derive(Debug, Clone, Copy)]
struct Kinds {
    /// Batches that unpack to more than is accepted.
    bombs: bool,
    /// Batches to be damaged.
    damaged: bool,
}

/// Writes these records to each partition of the environment's topic while no ingestor runs. If the
/// broker's folder `data` is accessible, a batch of each partition is damaged there, too. Then
/// starts as many ingestors as before. Batches that unpack to more than is accepted are left out for
/// ingestors that read through librdkafka, which has no such limit.
///
/// # Errors
/// When such a batch is read, does not become one dead letter, or the ingestors do not catch up.
pub async fn write_foreign_records(
    environment: &mut Environment,
    brokers: &str,
    data: Option<&Path>,
) -> anyhow::Result<Written> {
    environment.wait_until_caught_up().await?;
    let kinds = Kinds { bombs: environment.fleet.logged(UNPACKS_ALL)? == 0, damaged: data.is_some() };
    let ingestors = environment.fleet.kill_all().await;
    for partition in 0..environment.plan.partitions {
        let now = runtime::clock::now().timestamp_millis();
        let foreign = ForeignProducer { topic: environment.topic.clone(), partition, now };
        let writing = foreign.clone();
        let offsets =
            broker_requests::request(brokers, move |connection| writing.write(connection, kinds)).await?;
        if let Some(data) = data {
            disk::damage(data, &foreign.topic, partition, &foreign.damaged_value())?;
        }
        foreign.add_to_expected(offsets, environment)?;
    }
    let unreadable = environment.unreadable.len();
    let damaged = data.map_or(0, |_| if kinds.bombs { unreadable / 2 } else { unreadable });
    if !kinds.bombs {
        environment.output.progress(
            "no batch unpacks to too much: these ingestors read through librdkafka, which has no limit",
        );
    }
    environment.output.progress(&format!(
        "another producer has written headers without a value, transactions committed and aborted, and {unreadable} batches that \
         cannot be read, {damaged} of them damaged on disk"
    ));
    // Behind all of these records.
    environment.publish_markers(Form::Plain).await?;
    environment.fleet.start_many(ingestors)?;
    let all = i64::try_from(unreadable)?;
    let letters = async || Ok(environment.audited.number(&count(LETTERS)).await? >= all);
    environment.wait_until("the batches that cannot be read to become dead letters", letters).await?;
    let caught_up = environment.wait_until_caught_up().await?;
    let sizes = format!("{LETTERS} and last_offset - first_offset + 1 in ({}, {COPIES})", BOMB.0);
    let whole = environment.audited.number(&count(&sizes)).await?;
    ensure!(
        whole == all,
        "only {whole} of {all} batches that cannot be read became one complete dead letter"
    );
    environment.output.progress(&format!("caught up after {}", seconds(caught_up)));
    Ok(Written { unreadable, damaged, caught_up })
}

fn count(rows: &str) -> String {
    format!("select count(*) from ({rows}) counted")
}

impl ForeignProducer {
    /// Writes the records, and unreadable batches of these kinds.
    fn write(&self, connection: &mut Connection, kinds: Kinds) -> Offsets {
        let event = |status| self.batch(COPIES, self.event(status));
        // An event that is applied, and a later one that replaces it.
        let header = Batch { null_header: true, ..event(ConnectorStatus::Charging) };
        connection.produce(&self.topic, None, &header);
        self.write_transaction(connection, event(ConnectorStatus::Finishing), true);
        let committed_marker =
            self.write_transaction(connection, self.batch(1, self.marker("committed")), true);
        // Later than both: it would show if it were applied.
        self.write_transaction(connection, event(ConnectorStatus::Faulted), false);
        self.write_transaction(connection, self.batch(1, self.marker("aborted")), false);
        let mut produce = |batch: &Batch| connection.produce(&self.topic, None, batch);
        let bomb = Batch { gzip: true, ..self.batch(BOMB.0, vec![b' '; BOMB.1]) };
        let bomb = kinds.bombs.then(|| produce(&bomb));
        let damaged = kinds.damaged.then(|| produce(&self.batch(COPIES, self.damaged_value())));
        Offsets { committed_marker, bomb, damaged }
    }

    fn batch(&self, records: usize, value: Vec<u8>) -> Batch {
        Batch { records, value, partition: self.partition, timestamp_ms: self.now, ..Batch::default() }
    }

    /// Writes the batch in its own transaction; returns its offset.
    fn write_transaction(&self, connection: &mut Connection, batch: Batch, commits: bool) -> i64 {
        let name = format!("{}-{}", self.topic, self.partition);
        let producer = connection.begin_in(&name, &self.topic, self.partition);
        let batch = Batch { producer: Some(producer), ..batch };
        let offset = connection.produce(&self.topic, Some(&name), &batch);
        match commits {
            true => connection.commit(&name, producer),
            false => connection.abort(&name, producer),
        }
        offset
    }

    /// Adds everything that must have an effect to what was sent.
    fn add_to_expected(&self, offsets: Offsets, environment: &mut Environment) -> anyhow::Result<()> {
        let marker = |name: &str, offset| Marker { name: self.name(name), partition: self.partition, offset };
        let unreadable = [("bomb", offsets.bomb), ("damaged", offsets.damaged)];
        let unreadable = unreadable.into_iter().filter_map(|(name, offset)| Some(marker(name, offset?)));
        environment.unreadable.extend(unreadable.clone());
        environment.sent.markers.extend(unreadable);
        environment.sent.markers.push(marker("committed", offsets.committed_marker));
        environment.sent.ledger.devices.push(self.device()?);
        Ok(())
    }

    /// The state of its device that must be stored.
    fn device(&self) -> anyhow::Result<DeviceLedger> {
        let status = ConnectorStatus::Finishing;
        let at = chrono::DateTime::from_timestamp_millis(self.now).unwrap_or_default();
        let mark = Mark { event_id: EventId::parse(&self.event_id(status))?, at };
        Ok(DeviceLedger {
            charge_point_id: ChargePointId::parse(&self.charge_point())?,
            gateway_id: Some(GatewayId::parse(POD)?),
            statuses: BTreeMap::from([(ConnectorId::parse(1)?, LedgerStatus { status, mark: mark.clone() })]),
            sessions: Vec::new(),
            last_heartbeat: None,
            last_event: Some(mark),
            events: 2,
        })
    }

    fn event(&self, status: ConnectorStatus) -> Vec<u8> {
        let at = chrono::DateTime::from_timestamp_millis(self.now).unwrap_or_default();
        let payload = json!({ "connectorId": 1, "status": status.as_str() });
        let event = json!({
            "eventId": self.event_id(status), "eventType": "connector.status_changed", "timestamp": at,
            "chargePointId": self.charge_point(), "gatewayId": POD, "payload": payload,
        });
        event.to_string().into_bytes()
    }

    fn marker(&self, name: &str) -> Vec<u8> {
        json!({ "marker": self.name(name) }).to_string().into_bytes()
    }

    fn damaged_value(&self) -> Vec<u8> {
        format!("{} of {}", self.name("damaged"), self.topic).into_bytes()
    }

    fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.partition)
    }

    fn event_id(&self, status: ConnectorStatus) -> String {
        format!("{}-{}", self.charge_point(), status.as_str())
    }

    fn charge_point(&self) -> String {
        format!("CHAOS-FOREIGN-{}", self.partition)
    }
}
