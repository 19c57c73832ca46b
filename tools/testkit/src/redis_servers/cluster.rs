//! A cluster of three nodes with data, and optionally a replica of the first.

use super::RedisServer;
use crate::eventually;
use crate::ports::free_port;

/// The key slots, distributed evenly over three nodes.
const SLOTS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
/// The silence after which the others consider a node failed, in milliseconds: long enough that a busy
/// machine does not make one seem failed.
const NODE_TIMEOUT_MS: &str = "3000";

/// The nodes; killed when dropped. Nodes whose keys are not affected continue when another one
/// fails (`cluster-require-full-coverage no`).
pub struct RedisCluster {
    /// The nodes with data, in the order of their slots.
    pub nodes: Vec<RedisServer>,
    /// A replica of the first node, which takes over when that fails.
    pub replica: Option<RedisServer>,
}

impl RedisCluster {
    /// Three nodes without replicas.
    ///
    /// # Panics
    /// When they do not form a cluster.
    pub async fn start() -> Self {
        Self::with_ports(&[None; 3]).await
    }

    /// Three nodes and a replica of the first.
    ///
    /// # Panics
    /// When they do not form a cluster.
    pub async fn with_replica() -> Self {
        let mut cluster = Self::start().await;
        let replica = node(None);
        cluster.introduce(&replica);
        let master = cluster.nodes[0].command(&["CLUSTER", "MYID"]);
        eventually("the replica to know its master", || async {
            replica.try_command(&["CLUSTER", "REPLICATE", &master]).is_some()
        })
        .await;
        eventually("the replica to be in step", || async {
            replica.command(&["INFO", "replication"]).contains("master_link_status:up")
        })
        .await;
        // Nodes that vote on a failover must know the replica, too.
        eventually("the replica to be known", || async {
            cluster
                .nodes
                .iter()
                .all(|node| node.command(&["CLUSTER", "NODES"]).contains(&format!("slave {master}")))
        })
        .await;
        cluster.replica = Some(replica);
        cluster
    }

    /// Three nodes that announce other ports than their own to clients, for example those of
    /// proxies.
    ///
    /// # Panics
    /// When they do not form a cluster.
    pub async fn with_ports(announced: &[Option<u16>; 3]) -> Self {
        let nodes: Vec<_> = announced.iter().map(|port| node(*port)).collect();
        for (node, (first, last)) in nodes.iter().zip(SLOTS) {
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
        let cluster = Self { nodes, replica: None };
        for node in &cluster.nodes[1..] {
            cluster.introduce(node);
        }
        let complete = |node: &RedisServer| {
            let info = node.command(&["CLUSTER", "INFO"]);
            ["cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"]
                .iter()
                .all(|line| info.contains(line))
        };
        eventually("the nodes to form a cluster", || async { cluster.nodes.iter().all(complete) }).await;
        cluster
    }

    /// The URL of the cluster, which names two of its nodes.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis-cluster://{}?node={}", self.nodes[0].address(), self.nodes[2].address())
    }

    /// The number of the node of a key, unless its slot was moved.
    ///
    /// # Panics
    /// When no node responds.
    #[must_use]
    pub fn node_of(&self, key: &str) -> usize {
        let slot = self.nodes.iter().find_map(|node| node.try_command(&["CLUSTER", "KEYSLOT", key]));
        let slot: u16 = slot.expect("a node responds").parse().unwrap();
        SLOTS.iter().position(|(_, last)| slot <= *last).unwrap()
    }

    /// A unique key on the node with this number.
    #[must_use]
    pub fn key_on(&self, node: usize) -> String {
        loop {
            let key = crate::unique("conn:CP");
            if self.node_of(&key) == node {
                return key;
            }
        }
    }

    fn introduce(&self, newcomer: &RedisServer) {
        let first = &self.nodes[0];
        let bus = first.command(&["CONFIG", "GET", "cluster-port"]);
        let bus = bus.lines().last().unwrap();
        newcomer.command(&["CLUSTER", "MEET", "127.0.0.1", &first.port.to_string(), bus]);
    }
}

fn node(announced: Option<u16>) -> RedisServer {
    let (bus, announced) = (free_port().to_string(), announced.map(|port| port.to_string()));
    let mut arguments = vec![
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        NODE_TIMEOUT_MS,
        "--cluster-require-full-coverage",
        "no",
        "--cluster-allow-replica-migration",
        "no",
        "--repl-diskless-sync-delay",
        "0",
    ];
    if let Some(port) = &announced {
        arguments.extend(["--cluster-announce-port", port]);
    }
    RedisServer::start(&arguments)
}
