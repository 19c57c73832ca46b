//! The floor of a command: one look-up in Redis, one committed INSERT and one record that Kafka has
//! acknowledged, one after the other, without anything else.

use super::piles::{Pile, Piles, wait_until_connected};
use crate::database;
use crate::harness::Harness;
use crate::load::Threads;
use crate::server;
use anyhow::{Context as _, ensure};
use chrono::{SubsecRound as _, TimeDelta};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::commands::{Command, CommandKind, CommandLife, ResetKind};
use domain::ids::CommandId;
use runtime::kafka::{NewRecord, TopicWriter};
use runtime::lock::MutexExt as _;
use runtime::redis::Redis;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// The default of command-dispatcher.
const CONNECTIONS: usize = 8;
/// The default time-out of command-dispatcher.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(3);
const TTL: TimeDelta = TimeDelta::seconds(60);

diesel::table! {
    /// A copy of `commands`, with its checks and indexes.
    bench_commands (id) {
        id -> Uuid,
        pile_id -> Uuid,
        charge_point_id -> Text,
        name -> Text,
        payload -> Jsonb,
        state -> Text,
        gateway_id -> Text,
        partition -> Int4,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        life -> Jsonb,
    }
}

/// The three steps. Cheap to clone; usable on the threads that it was set up on.
#[derive(Clone)]
pub struct Floor {
    redis: Redis,
    connections: Arc<Connections>,
    writer: TopicWriter,
}

/// A pool without health checks: a check would be a further statement.
struct Connections {
    idle: Mutex<Vec<AsyncPgConnection>>,
    permits: Semaphore,
}

impl Floor {
    /// Creates the table and opens the connections on `threads`.
    pub async fn set_up(
        harness: &mut Harness,
        threads: &Threads,
        piles: &Arc<Piles>,
    ) -> anyhow::Result<Self> {
        server::copy_of_commands(&mut harness.queries, "bench_commands").await?;
        let (url, topic) = (harness.platform.url.clone(), harness.platform.names.floor.clone());
        let piles = Arc::clone(piles);
        let set_up = threads.spawn(async move {
            let mut idle = Vec::new();
            for _ in 0..CONNECTIONS {
                idle.push(database::connect(&url).await?);
            }
            let connections = Connections { idle: Mutex::new(idle), permits: Semaphore::new(CONNECTIONS) };
            let redis = launch::redis()?;
            wait_until_connected(&redis).await?;
            let writer = launch::kafka()?.writer(&topic);
            let floor = Self { redis, connections: Arc::new(connections), writer };
            // Opens the connections to the brokers.
            for _ in piles.partitions() {
                floor.call(&piles.next().map_err(anyhow::Error::msg)?).await?;
            }
            Ok(floor)
        })?;
        set_up.await.context("the load generator panicked")?
    }

    /// Reads a pile in PostgreSQL, as a service must that checks a command before it records it: the
    /// shortest statement for that.
    pub async fn read_pile(&self, pile: &Pile) -> anyhow::Result<()> {
        use storage::schema::piles;
        let (permit, mut connection) = self.connections.take().await?;
        let read = piles::table.find(pile.pile_id.0).select(piles::charge_point_id);
        let device: String = read.first(&mut connection).await?;
        self.connections.give_back(permit, connection);
        ensure!(device == pile.charge_point_id.as_str(), "{} has another device: {device}", pile.pile_id);
        Ok(())
    }

    /// Looks up, inserts and publishes a command; returns its id.
    pub async fn call(&self, pile: &Pile) -> anyhow::Result<super::Posted> {
        let keys = [format!("conn:{}", pile.charge_point_id), format!("conn:{}", pile.pile_id)];
        let routes = self.redis.get_many(&[&keys[0], &keys[1]]).await?;
        ensure!(routes.into_iter().flatten().next().is_some(), "no route to {}", pile.charge_point_id);
        let issued_at = runtime::clock::now().trunc_subsecs(3);
        let command = Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: pile.charge_point_id.clone(),
            gateway_id: pile.gateway_id.clone(),
            kind: CommandKind::Reset { kind: ResetKind::Soft },
            issued_at,
            expires_at: issued_at + TTL,
            trace_id: None,
        };
        self.connections.insert(&command, pile).await?;
        let encoded = wire::encode_command(&command);
        let headers = encoded.headers.into_iter();
        let record = NewRecord {
            key: Some(encoded.key.into_bytes()),
            value: Some(encoded.value),
            headers: headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
            timestamp: issued_at,
        };
        self.writer.publish(pile.partition, vec![record], PUBLISH_TIMEOUT).await?;
        Ok(super::Posted { id: command.id.0 })
    }
}

impl Connections {
    /// The connection that was used last.
    async fn take(&self) -> anyhow::Result<(SemaphorePermit<'_>, AsyncPgConnection)> {
        let permit = self.permits.acquire().await?;
        let idle = self.idle.locked().pop();
        Ok((permit, idle.context("no connection is left, because the others failed")?))
    }

    fn give_back(&self, permit: SemaphorePermit<'_>, connection: AsyncPgConnection) {
        self.idle.locked().push(connection);
        drop(permit);
    }

    async fn insert(&self, command: &Command, pile: &Pile) -> anyhow::Result<()> {
        use bench_commands as row;
        let life = serde_json::to_value(CommandLife::accepted(command.issued_at))?;
        let insert = diesel::insert_into(row::table).values((
            row::id.eq(command.id.0),
            row::pile_id.eq(pile.pile_id.0),
            row::charge_point_id.eq(command.charge_point_id.as_str()),
            row::name.eq(command.kind.name()),
            row::payload.eq(serde_json::json!({ "type": "Soft" })),
            row::state.eq("accepted"),
            row::gateway_id.eq(command.gateway_id.as_str()),
            row::partition.eq(pile.partition),
            row::issued_at.eq(command.issued_at),
            row::expires_at.eq(command.expires_at),
            row::life.eq(life),
        ));
        let (permit, mut connection) = self.take().await?;
        insert.execute(&mut connection).await?;
        self.give_back(permit, connection);
        Ok(())
    }
}
