//! Like a Kubernetes Service: passes each connection on to one of the ready replicas, for as long
//! as the connection lasts.

use crate::replica::Replica;
use reqwest::Client;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::eventually;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// The interval of readiness probes.
const LOOK: Duration = Duration::from_millis(100);
/// The time-out of a probe: longer than in the charts, because one that is late counts at once.
const PROBE: Duration = Duration::from_secs(20);

/// The balancer; it stops when it is dropped.
pub struct Balancer {
    /// The address to which callers connect.
    pub address: SocketAddr,
    endpoints: Arc<Endpoints>,
    tasks: Vec<AbortHandle>,
}

#[derive(Default)]
struct Endpoints {
    all: Mutex<Vec<Endpoint>>,
    turn: AtomicUsize,
}

#[derive(Clone, Copy)]
struct Endpoint {
    http: SocketAddr,
    admin: SocketAddr,
    ready: bool,
}

impl Balancer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoints = Arc::new(Endpoints::default());
        let accepting = tokio::spawn(pass_on(listener, Arc::clone(&endpoints)));
        let watching = tokio::spawn(watch(Arc::clone(&endpoints)));
        Self { address, endpoints, tasks: vec![accepting.abort_handle(), watching.abort_handle()] }
    }

    /// Adds a replica, and waits until it may receive connections.
    pub async fn admit(&self, replica: &Replica) {
        let Replica { http, admin, .. } = *replica;
        self.endpoints.all.lock().unwrap().push(Endpoint { http, admin, ready: false });
        eventually("the replica to be ready", || async {
            self.endpoints.all.lock().unwrap().iter().any(|endpoint| endpoint.http == http && endpoint.ready)
        })
        .await;
    }

    /// Removes a replica that is gone.
    pub fn forget(&self, http: SocketAddr) {
        self.endpoints.all.lock().unwrap().retain(|endpoint| endpoint.http != http);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Endpoints {
    /// The next ready replica in turn.
    fn next(&self) -> Option<SocketAddr> {
        let ready: Vec<_> =
            self.all.lock().unwrap().iter().filter(|endpoint| endpoint.ready).copied().collect();
        let turn = self.turn.fetch_add(1, Relaxed).checked_rem(ready.len())?;
        ready.get(turn).map(|endpoint| endpoint.http)
    }

    fn judged(&self, admin: SocketAddr, ready: bool) {
        let mut all = self.all.lock().unwrap();
        all.iter_mut().filter(|endpoint| endpoint.admin == admin).for_each(|endpoint| endpoint.ready = ready);
    }
}

async fn watch(endpoints: Arc<Endpoints>) {
    let client = Client::builder().timeout(PROBE).pool_max_idle_per_host(0).build().unwrap();
    loop {
        let all = endpoints.all.lock().unwrap().clone();
        for Endpoint { admin, .. } in all {
            let probed = client.get(format!("http://{admin}/readyz")).send().await;
            endpoints.judged(admin, probed.is_ok_and(|answer| answer.status().is_success()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A connection for which no replica is ready is closed; its caller reports that.
async fn pass_on(listener: TcpListener, endpoints: Arc<Endpoints>) {
    let mut connections = JoinSet::new();
    while let Ok((mut caller, _)) = listener.accept().await {
        let replica = endpoints.next();
        connections.spawn(async move {
            let mut replica = TcpStream::connect(replica?).await.ok()?;
            replica.set_nodelay(true).and_then(|()| caller.set_nodelay(true)).ok()?;
            copy_bidirectional(&mut caller, &mut replica).await.ok()
        });
        while connections.try_join_next().is_some() {}
    }
}
