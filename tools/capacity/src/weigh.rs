//! What one event of each kind comes to, measured on a real database: bytes of its record, rows, write-ahead log, tables.
//!
//! The log is the server's, so nobody else may use it meanwhile, and `full_page_writes` and `autovacuum` should be off: images
//! of pages depend on the size of the fleet and are reckoned apart (`pages`), and a cleaning is no event's.

use anyhow::{Context as _, ensure};
use bench::database;
use bench::numbers::count;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::Float8;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag};
use domain::order::RecordPosition;
use gateway_simulator::DeviceSpec;
use gateway_simulator::device::{Device, Input, Pace, TransactionIds};
use launch::variable;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use storage::devices::{meter_samples, status_changes};
use storage::ingest::batch::Written;
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Database, DatabaseSettings, LoadPlan, PooledConnection};
use uuid::Uuid;
use wire::event::encode::{Dialect, encode_event_json};

const TOPIC: &str = "weighed";
const DEVICES: u32 = 2_000;
/// As at the highest rate that one ingestor sustains; among a million devices each is in a batch once.
const BATCH: usize = 200;
/// Sessions of each device before the measuring: a ledger remembers the last eight.
const WARM_UP: u32 = 9;
/// Sessions of each device that are measured.
const MEASURED: u32 = 3;
/// What a record has beside value and key: the header `content-type`, lengths, times.
const FRAME: usize = 42;

/// What some events came to.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    events: f64,
    record: f64,
    looked: Looked,
}

/// What the server says of itself.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
struct Looked {
    #[diesel(sql_type = Float8)]
    rows: f64,
    #[diesel(sql_type = Float8)]
    log: f64,
    #[diesel(sql_type = Float8)]
    lasting: f64,
    #[diesel(sql_type = Float8)]
    feed: f64,
}

const LOOK: &str = "select
    (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables)::float8 as rows,
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as log,
    (select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and
       (relname like 'meter_samples%' or relname like 'status_changes%' or relname = 'sessions'))::float8 as lasting,
    pg_total_relation_size('feed_chunks')::float8 as feed";

/// Bytes for each row of the tables that do not grow with time, at their fill factor, and of a sample's index.
#[derive(Debug, QueryableByName)]
struct Standing {
    #[diesel(sql_type = Float8)]
    device: f64,
    #[diesel(sql_type = Float8)]
    connector: f64,
    #[diesel(sql_type = Float8)]
    ledger: f64,
    #[diesel(sql_type = Float8)]
    sample: f64,
    #[diesel(sql_type = Float8)]
    sample_index: f64,
}

const STANDING: &str = "select
    pg_total_relation_size('charge_points')::float8 / (select count(*) from charge_points) as device,
    pg_total_relation_size('connectors')::float8 / (select count(*) from connectors) as connector,
    pg_total_relation_size('session_ledgers')::float8 / (select count(*) from session_ledgers) as ledger,
    (select sum(pg_total_relation_size(inhrelid)) from pg_inherits
     where inhparent = 'meter_samples'::regclass)::float8 / (select count(*) from meter_samples) as sample,
    (select sum(pg_indexes_size(inhrelid)) from pg_inherits
     where inhparent = 'meter_samples'::regclass)::float8 / (select count(*) from meter_samples) as sample_index";

/// Measures on a database of its own on the server of `DATABASE_URL`, and removes it.
///
/// # Errors
/// When the server cannot be reached or refuses something.
pub async fn measure() -> anyhow::Result<String> {
    let given = variable("DATABASE_URL")?;
    let name = format!("capacity_{}", Uuid::now_v7().simple());
    database::create(&given, &name).await?;
    let weighed = weigh(&database::with_database(&given, &name)?).await;
    database::drop_database(&given, &name).await?;
    weighed
}

async fn weigh(url: &str) -> anyhow::Result<String> {
    let mut scale = Scale::at(url).await?;
    let mut fleet = Fleet::new(scale.now)?;
    let mut weights = BTreeMap::new();
    scale.take("", &fleet.told(&Input::Connect, scale.now)?, None).await?;
    for session in 0..WARM_UP + MEASURED {
        let mut weights = (session >= WARM_UP).then_some(&mut weights);
        for (which, input, minutes) in fleet.session()? {
            scale.now += TimeDelta::minutes(minutes);
            let told = fleet.told(&input, scale.now)?;
            scale.take(which, &told, weights.as_deref_mut()).await?;
        }
    }
    for input in [Input::Disconnect, Input::Connect] {
        scale.now += TimeDelta::minutes(1);
        // What connectors report again changes nothing, and is no usual status.
        let told: Vec<_> = fleet.told(&input, scale.now)?.into_iter().take(1).collect();
        scale.take("", &told, Some(&mut weights)).await?;
    }
    scale.questions.batch_execute("vacuum full charge_points, connectors, session_ledgers").await?;
    let standing: Standing = diesel::sql_query(STANDING).get_result(&mut scale.questions).await?;
    Ok(table(&weights, &standing))
}

fn table(weights: &BTreeMap<String, Weight>, standing: &Standing) -> String {
    let mut text = "| event | record, bytes | rows | log, bytes | tables that grow, bytes | feed, bytes |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for (kind, weight) in weights {
        let each = |sum: f64| sum / weight.events;
        let Looked { rows, log, lasting, feed } = weight.looked;
        let (record, rows) = (each(weight.record), each(rows));
        let (log, lasting, feed) = (each(log), each(lasting), each(feed));
        let _infallible =
            writeln!(text, "| {kind} | {record:.0} | {rows:.2} | {log:.0} | {lasting:.0} | {feed:.0} |");
    }
    let Standing { device, connector, ledger, sample, sample_index } = standing;
    let _infallible = writeln!(
        text,
        "\nBytes a row with its indexes: a device {device:.0}, a connector {connector:.0}, a ledger {ledger:.0}, \
         a sample {sample:.0}, of which its index {sample_index:.0}."
    );
    text
}

/// Writes events as an ingestor does, and looks what that came to.
struct Scale {
    connection: PooledConnection,
    questions: database::Connection,
    lease: PartitionLease,
    now: DateTime<Utc>,
}

impl Scale {
    async fn at(url: &str) -> anyhow::Result<Self> {
        let settings = DatabaseSettings {
            url: url.to_owned().into(),
            max_connections: 1,
            connect_timeout_ms: 20_000,
            statement_timeout_ms: 60_000,
        };
        let database = Database::for_batches(&settings)?;
        database.migrate().await?;
        let mut questions = database::connect(url).await?;
        let now = runtime::clock::now() - TimeDelta::hours(20);
        status_changes::ensure_today(&mut questions).await?;
        for day in [now, now + TimeDelta::days(1)] {
            meter_samples::DAYS.ensure(&mut questions, day.date_naive()).await?;
        }
        partitions::register(&mut questions, TOPIC, &[(0, 0)]).await?;
        let long = Duration::from_secs(3_600);
        let leases = partitions::acquire(&mut questions, TOPIC, Uuid::now_v7(), 1, long).await?;
        let lease = leases.into_iter().next().context("no partition")?;
        let connection = database.connection().await?;
        Ok(Self { connection, questions, lease, now })
    }

    /// Writes what was told, kind after kind; into `weights`, if it is to be measured.
    async fn take(
        &mut self,
        which: &str,
        told: &[Vec<GatewayEvent>],
        mut weights: Option<&mut BTreeMap<String, Weight>>,
    ) -> anyhow::Result<()> {
        for events in told.iter().map(Vec::as_slice) {
            let Some(weights) = weights.as_deref_mut() else {
                self.write(events).await?;
                continue;
            };
            let before = self.look().await?;
            self.write(events).await?;
            let after = self.look().await?;
            let kind = events.first().map_or("nothing", |event| event.kind.name());
            let records = events.iter().map(|event| {
                let value = encode_event_json(event, Dialect::Contract);
                value.len() + event.charge_point_id.as_str().len() + FRAME
            });
            let weight = weights.entry(format!("{which}{kind}")).or_default();
            weight.events += count(events.len());
            weight.record += count(records.sum());
            weight.looked.rows += after.rows - before.rows;
            weight.looked.log += after.log - before.log;
            weight.looked.lasting += after.lasting - before.lasting;
            weight.looked.feed += after.feed - before.feed;
        }
        Ok(())
    }

    async fn look(&mut self) -> anyhow::Result<Looked> {
        // What a connection did shows in the statistics when it sees fit, unless it is told to.
        self.connection.batch_execute("select pg_stat_force_next_flush()").await?;
        Ok(diesel::sql_query(LOOK).get_result(&mut self.questions).await?)
    }

    async fn write(&mut self, events: &[GatewayEvent]) -> anyhow::Result<()> {
        for batch in events.chunks(BATCH) {
            let begins = self.lease.next_offset;
            let record = |(event, offset): (&GatewayEvent, i64)| {
                (event.clone(), RecordPosition { partition: 0, offset, appended_at: self.now })
            };
            let batch: Vec<_> = batch.iter().zip(begins..).map(record).collect();
            let next = batch.last().map_or(begins, |(_, position)| position.offset + 1);
            let touched = LoadPlan::of(batch.iter().map(|(event, position)| (event, *position)));
            let fold = |states| bench::fold_batch(states, &batch);
            let written =
                storage::ingest::batch::write(&mut self.connection, &self.lease, next, &touched, fold)
                    .await?;
            ensure!(written == Written::Committed, "somebody else has the partition");
            self.lease.next_offset = next;
        }
        Ok(())
    }
}

/// Devices that all do the same.
struct Fleet {
    devices: Vec<Device>,
    ids: TransactionIds,
    gateway: GatewayId,
}

impl Fleet {
    fn new(now: DateTime<Utc>) -> anyhow::Result<Self> {
        let never =
            Pace { heartbeat: None, phase: 0.0, meter: None, finishing: None, reboot: TimeDelta::seconds(3) };
        let device = |number: u32| {
            let id = ChargePointId::parse(&format!("SN2026-{number:07}"))?;
            Ok(Device::new(DeviceSpec::new(id), never))
        };
        Ok(Self {
            devices: (0..DEVICES).map(device).collect::<anyhow::Result<_>>()?,
            ids: TransactionIds::beginning(now),
            gateway: GatewayId::parse("gateway-7d9f6c5b8-x2k4q")?,
        })
    }

    /// What happens in a session, and after how many minutes. Its first meter values are apart: they go into the ledger, too.
    fn session(&self) -> anyhow::Result<[(&'static str, Input, i64); 7]> {
        let connector = ConnectorId::parse(1)?;
        let tag = IdTag::parse("04A2B3C4D5E680")?;
        Ok([
            ("", Input::Start(connector, tag), 20),
            ("first ", Input::ReadMeter(connector), 1),
            ("", Input::ReadMeter(connector), 1),
            ("", Input::Heartbeat, 5),
            ("", Input::ReadMeter(connector), 1),
            ("", Input::Stop(connector), 1),
            ("", Input::Unplug(connector), 1),
        ])
    }

    /// What the devices tell then: the first events of all, the second ones, and so on.
    fn told(&mut self, input: &Input, now: DateTime<Utc>) -> anyhow::Result<Vec<Vec<GatewayEvent>>> {
        let mut told: Vec<Vec<GatewayEvent>> = Vec::new();
        for device in &mut self.devices {
            let id = device.spec().charge_point_id.clone();
            for (place, kind) in device.apply(input.clone(), now, &self.ids).events.into_iter().enumerate() {
                let event = event(id.clone(), self.gateway.clone(), now, kind)?;
                match told.get_mut(place) {
                    Some(others) => others.push(event),
                    None => told.push(vec![event]),
                }
            }
        }
        Ok(told)
    }
}

fn event(
    charge_point_id: ChargePointId,
    gateway: GatewayId,
    at: DateTime<Utc>,
    kind: EventKind,
) -> anyhow::Result<GatewayEvent> {
    Ok(GatewayEvent {
        event_id: EventId::parse(&Uuid::now_v7().to_string())?,
        charge_point_id,
        gateway_id: Some(gateway),
        claimed_at: Some(at),
        trace_id: None,
        kind,
    })
}
