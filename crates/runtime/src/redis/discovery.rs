//! Repeated discovery of the servers that have the data.

use std::{collections::HashMap, sync::Arc, time::Duration};

use fred::types::{Value, config::Server};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::{node::Node, nodes::Nodes, topology::Topology};

/// Interval between updates without failures, to notice changes that cause no failed call, such as
/// a moved slot.
const ROUTINE: Duration = Duration::from_secs(5);
/// Least interval between updates, however many calls fail.
const IN_DOUBT: Duration = Duration::from_millis(100);

/// Keeps the known topology up to date.
pub(super) struct Discovery {
    nodes: Arc<Nodes>,
    witnesses: Witnesses,
}

/// The servers that are asked for the topology.
enum Witnesses {
    /// The nodes of a cluster, in rotation.
    Nodes {
        /// The next node to ask. Rotated, because a node may be cut off from the others.
        turn: usize,
    },
    /// All sentinels, in parallel.
    Sentinels { sentinels: Box<Nodes>, service: String },
}

impl Discovery {
    /// Discovery for a cluster, through its nodes.
    pub(super) const fn of_cluster(nodes: Arc<Nodes>) -> Self {
        Self { nodes, witnesses: Witnesses::Nodes { turn: 0 } }
    }

    /// Discovery of the master that sentinels know as `service`.
    pub(super) const fn of_sentinels(nodes: Arc<Nodes>, sentinels: Box<Nodes>, service: String) -> Self {
        Self { nodes, witnesses: Witnesses::Sentinels { sentinels, service } }
    }

    /// Updates the topology at once, after a failed call, and at regular intervals. Never returns.
    pub(super) async fn run(mut self) {
        let mut found = false;
        loop {
            if let Some(topology) = self.query().await {
                self.nodes.install(topology);
                found = true;
            }
            sleep(IN_DOUBT).await;
            if found {
                // A failed call only triggers the next update earlier.
                drop(timeout(ROUTINE, self.nodes.doubted()).await);
            }
        }
    }

    async fn query(&mut self) -> Option<Topology> {
        let patience = self.nodes.command_timeout();
        match &mut self.witnesses {
            Witnesses::Nodes { turn } => {
                *turn = turn.wrapping_add(1);
                ask_nodes(&self.nodes.connected(), *turn, patience).await
            }
            Witnesses::Sentinels { sentinels, service } => {
                let testimonies = sentinels.connected();
                let testimonies =
                    testimonies.iter().map(|sentinel| ask_sentinel(sentinel, service, patience));
                let testimonies = join_all(testimonies).await.into_iter().flatten();
                // Each failover has a greater epoch than the previous one.
                let newest = testimonies.max_by_key(|testimony| testimony.epoch);
                newest.map(|testimony| Topology::of_one(testimony.master))
            }
        }
    }
}

/// The topology from the first node that answers.
async fn ask_nodes(nodes: &[Arc<Node>], turn: usize, patience: Duration) -> Option<Topology> {
    let first = turn.checked_rem(nodes.len())?;
    let (later, sooner) = nodes.split_at_checked(first)?;
    for node in sooner.iter().chain(later) {
        if let Ok(Ok(slots)) = timeout(patience, node.inquire("CLUSTER", &["SLOTS"])).await
            && let Some(topology) = Topology::of_cluster(slots, &node.server)
        {
            return Some(topology);
        }
    }
    None
}

/// The master that a sentinel reports.
struct Testimony {
    epoch: u64,
    master: Server,
}

async fn ask_sentinel(sentinel: &Node, service: &str, patience: Duration) -> Option<Testimony> {
    let answer = timeout(patience, sentinel.inquire("SENTINEL", &["MASTER", service])).await;
    match answer {
        Ok(Ok(fields)) => Testimony::parse(fields),
        Ok(Err(error)) => {
            let sentinel = &sentinel.server;
            tracing::warn!(%sentinel, service, error = error.details(), "a sentinel does not report the master; the other sentinels are used");
            None
        }
        Err(_elapsed) => None,
    }
}

impl Testimony {
    fn parse(answer: Value) -> Option<Self> {
        let fields: HashMap<String, String> = answer.convert().ok()?;
        let (host, port) = (fields.get("ip")?, fields.get("port")?.parse().ok()?);
        let epoch = fields.get("config-epoch")?.parse().ok()?;
        Some(Self { epoch, master: Server::new(host.as_str(), port) })
    }
}
