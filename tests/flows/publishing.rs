//! Commands under faults: several concurrent callers while leaders move, brokers die or freeze, and
//! PostgreSQL and Redis do. Every request is answered within its deadline with 202 or 503; the
//! responses, the database and the topic agree; and after the fault the same process accepts
//! commands again.

mod callers;
mod comparison;
mod site;

use callers::Callers;
use chaos::faults::brokers::{BROKERS, MockBrokers};
use chaos::own_broker::OwnBroker;
use chaos::second_broker::SecondBroker;
use chaos::stack::Stop;
use site::{Servers, Site};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::kafka_wire::Connection;
use testkit::{
    FaultProxy, ProxyMode, TestDatabase, TestTopic, eventually, eventually_some, free_port, unique,
};

/// Longer than callers wait for anything.
const TOO_SLOW: Duration = Duration::from_secs(20);
/// A delay that the platform tolerates.
const SLOW: Duration = Duration::from_millis(15);
/// The platform's client id at brokers.
const CLIENT: &str = "charging-platform";
/// How often three brokers take the leadership from each other.
const ROUNDS: i32 = 3;

/// The codes when a broker is down. An unknown outcome is one of them: the broker may have accepted
/// the record before.
const BROKER_AWAY: [&str; 2] = ["BROKER_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN"];
/// The codes when the database or Redis is down.
const DATABASE_AWAY: [&str; 1] = ["DATABASE_UNAVAILABLE"];
const REDIS_AWAY: [&str; 1] = ["ROUTE_STORE_UNAVAILABLE"];

#[tokio::test(flavor = "multi_thread")]
async fn commands_follow_the_leaders_of_their_partitions() {
    let topic = unique("commands");
    let brokers = MockBrokers::start(&topic).unwrap();
    let servers = Servers { brokers: brokers.addresses(), ..Servers::shared(&topic, brokers.partitions()) };
    let site = Site::open(TestDatabase::new().await, servers).await;
    let callers = Callers::start(&site);
    callers.accepted_everywhere().await;
    for round in 0..ROUNDS {
        // The old leaders run, and respond that they are not leaders.
        brokers.elect_leaders(2 * round + 1, 0).unwrap();
        callers.accepted_everywhere().await;
        // A leader is gone before another one is elected.
        let down = 1 + round;
        brokers.take_down(down).unwrap();
        callers.refused(&BROKER_AWAY).await;
        brokers.elect_leaders(2 * round + 2, down).unwrap();
        callers.accepted_everywhere().await;
        brokers.bring_up(down).unwrap();
    }
    (1..=BROKERS).for_each(|broker| brokers.take_down(broker).unwrap());
    callers.refused(&["BROKER_UNAVAILABLE"]).await;
    (1..=BROKERS).for_each(|broker| brokers.bring_up(broker).unwrap());
    callers.accepted_everywhere().await;
    brokers.slow_down(TOO_SLOW).unwrap();
    callers.refused(&BROKER_AWAY).await;
    brokers.slow_down(SLOW).unwrap();
    callers.accepted_everywhere().await;
    brokers.slow_down(Duration::ZERO).unwrap();
    let calls = callers.stop().await;
    assert_eq!(comparison::findings(&site, &calls, true).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_lost_when_a_broker_freezes_stops_or_crashes() {
    let (broker, site) = site_with_broker().await;
    let callers = Callers::start(&site);
    callers.accepted_everywhere().await;

    broker.freeze().unwrap();
    callers.refused(&["COMMAND_OUTCOME_UNKNOWN"]).await;
    broker.thaw().unwrap();
    callers.accepted_everywhere().await;

    for stop in [Stop::Orderly, Stop::Crash] {
        let (restarted, ()) = tokio::join!(broker.restart(stop), callers.refused(&BROKER_AWAY));
        restarted.unwrap();
        callers.accepted_everywhere().await;
    }
    let calls = callers.stop().await;
    assert_eq!(comparison::findings(&site, &calls, true).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_publishes_no_command_twice() {
    let (broker, site) = site_with_broker().await;
    let callers = Callers::start(&site);
    callers.accepted_everywhere().await;
    // A request beyond the quota is appended, and the next one has to wait, after a while longer
    // than callers do.
    let quota = |bytes_per_second| {
        Connection::open(&broker.address()).limit_producers(CLIENT, bytes_per_second);
    };
    quota(Some(1_000.0));
    callers.refused(&["BROKER_UNAVAILABLE"]).await;
    site.throttled().await;
    quota(None);
    callers.accepted_everywhere().await;
    let calls = callers.stop().await;
    assert_eq!(comparison::findings(&site, &calls, true).await, [""; 0]);
    assert_eq!(comparison::copies(&site).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_follow_the_leaders_of_a_real_pair_of_brokers() {
    let folder = std::env::temp_dir().join(unique("brokers"));
    let first = OwnBroker::start(folder, free_port(), free_port()).await.unwrap();
    let second = SecondBroker::start(&first, free_port()).await.unwrap();
    let (topic, partitions) = (unique("commands"), 6);
    let ask_first = || Connection::open(&first.address());
    eventually("the second to join the first", || async { ask_first().brokers() == 2 }).await;
    ask_first().create_topic(&topic, partitions, 2);
    let brokers = format!("{},{}", second.address(), first.address());
    let site =
        Site::open(TestDatabase::new().await, Servers { brokers, ..Servers::shared(&topic, partitions) })
            .await;
    let callers = Callers::start(&site);
    callers.accepted_everywhere().await;

    // After some seconds the first broker leads all partitions, while the connections to the second
    // stay open.
    second.freeze().unwrap();
    callers.refused(&BROKER_AWAY).await;
    callers.accepted_everywhere().await;
    second.thaw().unwrap();
    callers.accepted_everywhere().await;

    // The leaderships return, and no broker is down.
    let changes = eventually_some("the second to have caught up", || async {
        ask_first().elect_preferred_leaders(&topic, partitions)
    })
    .await;
    assert!(changes > 0);
    callers.accepted_everywhere().await;

    second.stop().await.unwrap();
    callers.accepted_everywhere().await;
    let calls = callers.stop().await;
    assert_eq!(comparison::findings(&site, &calls, true).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_lost_when_postgresql_or_redis_freeze_slow_down_or_close() {
    let database = TestDatabase::new().await;
    let topic = TestTopic::new("commands");
    let postgres = FaultProxy::before(address_in(&database.url)).await;
    let redis = FaultProxy::before(address_in(&testkit::redis_url())).await;
    let shared = Servers::shared(&topic, 6);
    let servers = Servers {
        database: Some(through(&postgres, &database.url)),
        redis: through(&redis, &shared.redis),
        ..shared
    };
    servers.create_topic().await;
    let site = Site::open(database, servers).await;
    let callers = Callers::start(&site);
    for (proxy, codes) in [(&postgres, DATABASE_AWAY), (&redis, REDIS_AWAY)] {
        callers.accepted_everywhere().await;
        for mode in [ProxyMode::Stall, ProxyMode::Delay(TOO_SLOW), ProxyMode::Close] {
            proxy.set_mode(mode);
            callers.refused(&codes).await;
            proxy.set_mode(ProxyMode::Forward);
            callers.accepted_everywhere().await;
        }
        proxy.set_mode(ProxyMode::Delay(SLOW));
        callers.accepted_everywhere().await;
        proxy.set_mode(ProxyMode::Forward);
    }
    let calls = callers.stop().await;
    assert_eq!(comparison::findings(&site, &calls, false).await, [""; 0]);
}

/// A site whose topic is on a broker of its own.
async fn site_with_broker() -> (OwnBroker, Site) {
    let folder = std::env::temp_dir().join(unique("broker"));
    let broker = OwnBroker::start(folder, free_port(), free_port()).await.unwrap();
    let servers = Servers { brokers: broker.address(), ..Servers::shared(&unique("commands"), 6) };
    servers.create_topic().await;
    let site = Site::open(TestDatabase::new().await, servers).await;
    (broker, site)
}

/// The address of the server of a URL.
fn address_in(url: &str) -> SocketAddr {
    let server = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    server.rsplit('@').next().unwrap().parse().unwrap()
}

/// The same URL with the proxy in place of the server.
fn through(proxy: &FaultProxy, url: &str) -> String {
    url.replace(&address_in(url).to_string(), &proxy.address.to_string())
}
