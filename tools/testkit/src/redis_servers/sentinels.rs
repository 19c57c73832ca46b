//! A master, its replica, and three sentinels that monitor them.

use super::RedisServer;
use crate::eventually;

/// The master's name at the sentinels.
const SERVICE: &str = "routes";
/// How many sentinels must agree that the master has failed.
const QUORUM: u32 = 2;

/// The servers; killed when dropped.
pub struct SentinelGroup {
    /// The initial master.
    pub master: RedisServer,
    /// Takes over when the master fails.
    pub replica: RedisServer,
    /// Three sentinels.
    pub sentinels: Vec<RedisServer>,
    password: Option<&'static str>,
}

impl SentinelGroup {
    /// A group without passwords.
    ///
    /// # Panics
    /// When the servers do not form a group.
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// A group with a password for master and replica; the sentinels have none, as is usual.
    ///
    /// # Panics
    /// When the servers do not form a group.
    pub async fn with_password(password: &'static str) -> Self {
        Self::with(Some(password)).await
    }

    async fn with(password: Option<&'static str>) -> Self {
        let secret: &[_] = match &password {
            Some(password) => &["--requirepass", password, "--masterauth", password],
            None => &[],
        };
        let start = |more: &[&str]| {
            let arguments = [["--repl-diskless-sync-delay", "0"].as_slice(), more].concat();
            RedisServer::authenticated(password, &[&arguments, secret].concat())
        };
        let master = start(&[]);
        let replica = start(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
        let settings = settings(&master, password);
        let sentinels = (0..3).map(|_| RedisServer::configured(&settings, &["--sentinel"])).collect();
        let group = Self { master, replica, sentinels, password };
        eventually("the sentinels to know each other", || async { group.sentinels.iter().all(knows_all) })
            .await;
        group
    }

    /// The URL of the group, which names all sentinels.
    #[must_use]
    pub fn url(&self) -> String {
        let secret = self.password.map(|password| format!(":{password}@")).unwrap_or_default();
        let addresses: Vec<_> = self.sentinels.iter().map(RedisServer::address).collect();
        format!(
            "redis-sentinel://{secret}{}?sentinelServiceName={SERVICE}&node={}&node={}",
            addresses[0], addresses[1], addresses[2]
        )
    }

    /// Waits until the sentinel with this number reports the replica as the master.
    ///
    /// # Panics
    /// When it does not.
    pub async fn wait_until_promoted(&self, sentinel: usize) {
        let promoted = format!("127.0.0.1\n{}", self.replica.port);
        let sentinel = &self.sentinels[sentinel];
        eventually("the replica to be promoted", || async {
            sentinel.try_command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE]) == Some(promoted.clone())
        })
        .await;
    }
}

fn settings(master: &RedisServer, password: Option<&str>) -> String {
    let mut settings = format!(
        "sentinel monitor {SERVICE} 127.0.0.1 {} {QUORUM}\n\
         sentinel down-after-milliseconds {SERVICE} 3000\n\
         sentinel failover-timeout {SERVICE} 3000\n",
        master.port
    );
    if let Some(password) = password {
        settings.push_str(&format!("sentinel auth-pass {SERVICE} {password}\n"));
    }
    settings
}

fn knows_all(sentinel: &RedisServer) -> bool {
    let response = sentinel.command(&["SENTINEL", "MASTER", SERVICE]);
    let fields: Vec<_> = response.lines().collect();
    let is = |name, value| fields.windows(2).any(|pair| pair == [name, value]);
    is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master")
}
