//! Two real servers, of which one takes over: several hosts in the URL, synchronous standbys and
//! timelines.

#![expect(clippy::unwrap_used, reason = "a failing test helper fails the test")]

use diesel_async::SimpleAsyncConnection;
use std::time::{Duration, Instant};
use storage::{Database, DatabaseSettings, feed};
use testkit::postgres_server::{PostgresServer, TRUST};
use testkit::{FaultProxy, ProxyMode, eventually};

/// A pool for the servers on these ports, in this order.
fn pool(ports: &[u16], user: &str) -> Database {
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let url = format!("postgres://{user}@{}/postgres", hosts.join(","));
    let settings =
        DatabaseSettings { connect_timeout_ms: 5_000, ..DatabaseSettings::without_tls(url.into()) };
    Database::new(&settings).unwrap()
}

async fn execute(database: &Database, sql: &str) -> Result<(), String> {
    let mut connection = database.connection().await.map_err(|error| error.to_string())?;
    connection.batch_execute(sql).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_committed_is_lost_when_a_synchronous_standby_takes_over() {
    let mut primary = PostgresServer::start(TRUST, "");
    let standby = primary.standby("");
    // The standby is first: only the server that accepts writes is used.
    let database = pool(&[standby.port, primary.port], "charging");
    execute(&database, "create table facts (n int primary key)").await.unwrap();
    assert_eq!(database.timeline().await.unwrap(), Some(1));
    let missing = database.check_synchronous_standby().await.unwrap_err();
    assert!(missing.contains("set synchronous_standby_names"), "{missing}");

    primary.sql("alter system set synchronous_standby_names = '*'");
    primary.reload();
    eventually("the standby to be synchronous", || async {
        database.check_synchronous_standby().await.is_ok()
    })
    .await;
    execute(&database, "insert into facts select generate_series(1, 1000)").await.unwrap();

    primary.crash();
    standby.promote();
    eventually("the new primary to accept writes", || async {
        execute(&database, "insert into facts values (1001)").await.is_ok()
    })
    .await;
    assert_eq!(standby.sql("select count(*) from facts"), "1001");
    assert_eq!(database.timeline().await.unwrap(), Some(2));
}

/// Writes chunks of changes and assigns positions to them.
async fn publish(database: &Database, chunks: usize) -> Result<(), String> {
    for _ in 0..chunks {
        execute(database, "insert into feed_chunks (changes, change_count) values ('[]', 0)").await?;
    }
    let mut connection = database.connection().await.map_err(|error| error.to_string())?;
    feed::sequence_all(&mut connection).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_position_of_the_feed_is_assigned_twice_when_a_standby_lacks_some() {
    let mut primary = PostgresServer::start(TRUST, "");
    let standby = primary.standby("");
    let database = pool(&[primary.port, standby.port], "charging");
    database.migrate().await.unwrap();
    publish(&database, 2).await.unwrap();
    standby.cut_off(&primary);
    publish(&database, 3).await.unwrap();
    assert_eq!(primary.sql("select max(position) from feed_chunks"), "5");

    primary.crash();
    standby.promote();
    eventually("a position to be assigned", || async { publish(&database, 1).await.is_ok() }).await;
    let again = "select count(*) from feed_chunks where position between 3 and 1000000000";
    assert_eq!(standby.sql(again), "0", "positions 3 to 5 were read by consumers");
    assert_eq!(standby.sql("select count(*) from feed_chunks where position < 3"), "2");
    assert_eq!(standby.sql("select timeline from feed_head"), "2");
    assert_eq!(standby.sql("select count(*) from feed_jumps where skipped_after = 2"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_alone_is_not_used_and_has_no_timeline() {
    let primary = PostgresServer::start(TRUST, "");
    let standby = primary.standby("");
    assert_eq!(pool(&[standby.port], "charging").timeline().await.unwrap(), None);
    let error = pool(&[standby.port, 1], "charging").connection().await.err().unwrap();
    let mut causes = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        causes = format!("{causes}: {cause}");
        source = cause.source();
    }
    assert!(causes.contains("does not allow writes"), "{causes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_respond_leaves_time_for_the_next() {
    let primary = PostgresServer::start(TRUST, "");
    let proxy = FaultProxy::before(([127, 0, 0, 1], primary.port).into()).await;
    proxy.set_mode(ProxyMode::Stall);
    let database = pool(&[proxy.address.port(), primary.port], "charging");
    let mut connections = vec![database.connection().await.unwrap()];
    // The next connection begins with the host that responded. A busy machine may delay some.
    let mut took = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        connections.push(database.connection().await.unwrap());
        took.push(begun.elapsed());
    }
    assert!(took.iter().any(|took| *took < Duration::from_secs(2)), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_role_reads_the_timeline_and_needs_a_grant_for_the_standbys() {
    let primary = PostgresServer::start(TRUST, "synchronous_standby_names = '*'");
    let _standby = primary.standby("synchronous_standby_names = ''");
    primary.sql("set synchronous_commit = local; create role ordinary login");
    let database = pool(&[primary.port], "ordinary");
    assert_eq!(database.timeline().await.unwrap(), Some(1));
    eventually("the standby to be connected", || async { database.standbys().await.unwrap().connected == 1 })
        .await;
    let hidden = database.check_synchronous_standby().await.unwrap_err();
    assert!(hidden.contains("grant pg_read_all_stats"), "{hidden}");
    primary.sql("set synchronous_commit = local; grant pg_read_all_stats to ordinary");
    eventually("the standby to be synchronous", || async {
        database.check_synchronous_standby().await.is_ok()
    })
    .await;
}
