//! A Deployment of an HTTP service: two replicas behind a balancer, replaced one by one.

use crate::balancer::Balancer;
use crate::release::Release;
use crate::replica::Replica;
use std::collections::VecDeque;
use std::path::PathBuf;

const REPLICAS: usize = 2;

pub struct Deployment {
    pub balancer: Balancer,
    service: &'static str,
    settings: Vec<(&'static str, String)>,
    logs: PathBuf,
    replicas: VecDeque<Replica>,
}

impl Deployment {
    /// Starts it and waits until all replicas are ready.
    pub async fn start(
        release: &Release,
        service: &'static str,
        settings: Vec<(&'static str, String)>,
        logs: PathBuf,
    ) -> Self {
        let balancer = Balancer::start().await;
        let mut deployment = Self { balancer, service, settings, logs, replicas: VecDeque::new() };
        for _ in 0..REPLICAS {
            deployment.grow(release).await;
        }
        deployment
    }

    /// Replaces each replica with one of `release`, like a rolling update with one surplus replica:
    /// the new one is ready before an old one is stopped.
    pub async fn roll(&mut self, release: &Release) {
        for _ in 0..REPLICAS {
            self.grow(release).await;
            let leaving = self.replicas.pop_front().unwrap();
            let http = leaving.http;
            leaving.stop().await;
            self.balancer.forget(http);
        }
    }

    async fn grow(&mut self, release: &Release) {
        let replica = Replica::start(release, self.service, &self.settings, &self.logs);
        self.balancer.admit(&replica).await;
        self.replicas.push_back(replica);
    }
}
