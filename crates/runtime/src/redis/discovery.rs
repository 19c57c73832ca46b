//! Finding out, again and again, which servers have the data.

use std::{collections::HashMap, sync::Arc, time::Duration};

use fred::types::{Value, config::Server};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::{node::Node, nodes::Nodes, topology::Topology};

/// Between looks while all goes well: what no failed call tells, such as a slot that was moved, is soon known.
const ROUTINE: Duration = Duration::from_secs(5);
/// Between looks at least, however many calls fail.
const IN_DOUBT: Duration = Duration::from_millis(100);

/// Keeps what is known of the servers true.
pub(super) struct Discovery {
    nodes: Arc<Nodes>,
    witnesses: Witnesses,
}

/// Who is asked.
enum Witnesses {
    /// The nodes of a cluster themselves, one after the other.
    Nodes {
        /// Who is asked next: not always the same, which may be cut off from the others.
        turn: usize,
    },
    /// Sentinels, all of them.
    Sentinels { sentinels: Box<Nodes>, service: String },
}

impl Discovery {
    /// In a cluster, whose nodes are asked.
    pub(super) const fn of_cluster(nodes: Arc<Nodes>) -> Self {
        Self { nodes, witnesses: Witnesses::Nodes { turn: 0 } }
    }

    /// Of a master that sentinels know as `service`.
    pub(super) const fn of_sentinels(nodes: Arc<Nodes>, sentinels: Box<Nodes>, service: String) -> Self {
        Self { nodes, witnesses: Witnesses::Sentinels { sentinels, service } }
    }

    /// Looks at once, whenever a call has failed, and now and then. Has no end.
    pub(super) async fn go_on(mut self) {
        let mut found = false;
        loop {
            if let Some(topology) = self.look().await {
                self.nodes.install(topology);
                found = true;
            }
            sleep(IN_DOUBT).await;
            if found {
                // Only an occasion to look; there need be none.
                drop(timeout(ROUTINE, self.nodes.doubted()).await);
            }
        }
    }

    async fn look(&mut self) -> Option<Topology> {
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
                // Each failover has a greater epoch than the one before.
                let newest = testimonies.max_by_key(|testimony| testimony.epoch);
                newest.map(|testimony| Topology::of_one(testimony.master))
            }
        }
    }
}

/// What the first node says that says anything.
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

/// What a sentinel says.
struct Testimony {
    epoch: u64,
    master: Server,
}

async fn ask_sentinel(sentinel: &Node, service: &str, patience: Duration) -> Option<Testimony> {
    let answer = timeout(patience, sentinel.inquire("SENTINEL", &["MASTER", service])).await;
    match answer {
        Ok(Ok(told)) => Testimony::parse(told),
        Ok(Err(error)) => {
            let sentinel = &sentinel.server;
            tracing::warn!(%sentinel, service, error = error.details(), "a sentinel does not tell the master");
            None
        }
        Err(_elapsed) => None,
    }
}

impl Testimony {
    fn parse(told: Value) -> Option<Self> {
        let fields: HashMap<String, String> = told.convert().ok()?;
        let (host, port) = (fields.get("ip")?, fields.get("port")?.parse().ok()?);
        let epoch = fields.get("config-epoch")?.parse().ok()?;
        Some(Self { epoch, master: Server::new(host.as_str(), port) })
    }
}
