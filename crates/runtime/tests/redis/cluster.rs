//! A cluster: each node is asked for its own keys, and an unavailable node affects no other keys.

use crate::client::{connected, get, is_late, patient, replicated, settings};
use runtime::redis::{Redis, RedisError};
use std::time::Duration;
use testkit::redis_servers::{RedisCluster, RedisServer};
use testkit::{FaultProxy, ProxyMode, eventually};

/// Longer than a test takes.
const LIFE: Duration = Duration::from_secs(600);

fn texts(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_keys_of_several_nodes_in_the_requested_order() {
    let cluster = RedisCluster::start().await;
    let redis = connected(&patient(cluster.url())).await;
    let keys: Vec<_> = [2, 0, 1, 0].into_iter().map(|node| cluster.key_on(node)).collect();
    let [a, b, c, none] = [0, 1, 2, 3].map(|key| keys[key].as_str());
    let entries = [(a, "1"), (b, "2"), (c, "3")];
    eventually("all nodes to answer", || async { redis.set_many_with_ttl(&entries, LIFE).await.is_ok() })
        .await;
    let found = redis.get_many(&[c, none, a, b, c]).await.unwrap();
    assert_eq!(found, [texts(&["3"]), vec![None], texts(&["1", "2", "3"])].concat());
    let mut all = redis.keys_with_prefix("", 10).await.unwrap();
    all.sort_by_key(|key| keys.iter().position(|known| known == key));
    assert_eq!(all, keys[..3]);
    for (node, key) in [(2, a), (0, b), (1, c)] {
        assert_eq!(cluster.nodes[node].command(&["EXISTS", key]), "1");
    }
    redis.delete(a).await.unwrap();
    assert_eq!(cluster.nodes[2].command(&["EXISTS", a]), "0");
    assert!(redis.get_many(&[]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_each_node_once_and_in_parallel() {
    let proxies = [FaultProxy::bind().await, FaultProxy::bind().await, FaultProxy::bind().await];
    let ports = proxies.each_ref().map(|proxy| Some(proxy.address.port()));
    let cluster = RedisCluster::with_ports(&ports).await;
    for (proxy, node) in proxies.iter().zip(&cluster.nodes) {
        proxy.set_upstream(node.address().parse().unwrap());
    }
    let patient = runtime::settings::RedisSettings {
        command_timeout_ms: 100_000,
        ..settings(format!("redis-cluster://{}", proxies[0].address))
    };
    let redis = connected(&patient).await;
    let keys: Vec<_> = [0, 1, 2, 2, 1, 0].into_iter().map(|node| (node, cluster.key_on(node))).collect();
    let names: Vec<_> = keys.iter().map(|(_, key)| key.as_str()).collect();
    // All nodes are connected.
    eventually("all nodes to answer", || async { redis.get_many(&names).await.is_ok() }).await;
    let fresh: Vec<_> = keys.iter().map(|(node, _)| (*node, cluster.key_on(*node))).collect();
    for proxy in &proxies {
        proxy.set_mode(ProxyMode::DropResponses);
    }
    let names: Vec<_> = fresh.iter().map(|(_, key)| key.as_str()).collect();
    let question = redis.get_many(&names);
    // A client that waited for one answer before the next question would never send it.
    let asked = eventually("all nodes to be asked", || async {
        fresh.iter().all(|(node, key)| proxies[*node].has_received(key.as_bytes()))
    });
    let speak = async {
        asked.await;
        for proxy in &proxies {
            proxy.set_mode(ProxyMode::Forward);
        }
    };
    let (answer, ()) = tokio::join!(question, speak);
    assert_eq!(answer.unwrap(), vec![None; 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_or_frozen_node_affects_only_its_own_keys() {
    let mut cluster = RedisCluster::start().await;
    let redis = connected(&settings(cluster.url())).await;
    let keys = [0, 1, 2].map(|node| cluster.key_on(node));
    let entries = keys.each_ref().map(|key| (key.as_str(), "1"));
    eventually("all nodes to answer", || async { redis.set_many_with_ttl(&entries, LIFE).await.is_ok() })
        .await;

    cluster.nodes[1].freeze();
    let error = get(&redis, &keys[1]).await.unwrap_err();
    assert!(is_late(&error), "{error:?}");
    others_answer(&redis, &[&keys[0], &keys[2]]).await;
    cluster.nodes[1].thaw();
    eventually("the node to answer again", || async { get(&redis, &keys[1]).await.is_ok() }).await;

    // The node that is named first, which some clients ask for everything else.
    cluster.nodes[0].kill();
    let error = get(&redis, &keys[0]).await.unwrap_err();
    assert!(!matches!(error, RedisError::Settings(_)), "{error:?}");
    others_answer(&redis, &[&keys[1], &keys[2]]).await;
    eventually("the cluster to mark the dead node as failed", || async {
        cluster.nodes[1].command(&["CLUSTER", "NODES"]).contains("master,fail ")
    })
    .await;
    others_answer(&redis, &[&keys[1], &keys[2]]).await;
    get(&redis, &keys[0]).await.unwrap_err();
    redis.ping().await.unwrap();
    let mixed = redis.get_many(&[&keys[1], &keys[0]]).await;
    mixed.unwrap_err();
}

/// Asserts that each of many calls in a row succeeds.
async fn others_answer(redis: &Redis, keys: &[&str; 2]) {
    for _ in 0..20 {
        let values = redis.get_many(keys).await;
        assert_eq!(values.unwrap(), texts(&["1", "1"]));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_keys_after_a_replica_takes_over_without_a_restart() {
    let mut cluster = RedisCluster::with_replica().await;
    let redis = connected(&settings(cluster.url())).await;
    let key = cluster.key_on(0);
    eventually("the node to answer", || async { redis.set_with_ttl(&key, "1", LIFE).await.is_ok() }).await;
    replicated(cluster.replica.as_ref().unwrap(), 1).await;
    cluster.nodes[0].kill();
    eventually("the replica to answer", || async { get(&redis, &key).await.is_ok() }).await;
    assert_eq!(get(&redis, &key).await.unwrap().as_deref(), Some("1"));
    redis.delete(&key).await.unwrap();
    assert_eq!(get(&redis, &key).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_for_a_slot_while_it_moves() {
    let cluster = RedisCluster::start().await;
    let redis = connected(&patient(cluster.url())).await;
    let (key, fellow) = tagged(&cluster, 0);
    let entries = [(key.as_str(), "1"), (fellow.as_str(), "2")];
    eventually("the node to answer", || async { redis.set_many_with_ttl(&entries, LIFE).await.is_ok() })
        .await;

    let (from, to) = (&cluster.nodes[0], &cluster.nodes[1]);
    let slot = from.command(&["CLUSTER", "KEYSLOT", &key]);
    let id = |node: &RedisServer| node.command(&["CLUSTER", "MYID"]);
    to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]);
    from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(to)]);
    // One of its keys has moved already, the other has not.
    from.command(&["MIGRATE", "127.0.0.1", &to.port.to_string(), &key, "0", "5000"]);
    assert_eq!(redis.get_many(&[&fellow, &key]).await.unwrap(), texts(&["2", "1"]));
    from.command(&["MIGRATE", "127.0.0.1", &to.port.to_string(), &fellow, "0", "5000"]);
    for node in [to, from, &cluster.nodes[2]] {
        node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(to)]);
    }
    assert_eq!(redis.get_many(&[&fellow, &key]).await.unwrap(), texts(&["2", "1"]));
}

/// Two keys of one slot.
fn tagged(cluster: &RedisCluster, node: usize) -> (String, String) {
    let key = cluster.key_on(node);
    let fellow = format!("fellow-of-{{{key}}}");
    (key, fellow)
}
