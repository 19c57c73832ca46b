//! Requests that concern the cluster: its brokers, leaders and quotas.

use super::Connection;
use super::encoding::{error_at, put_length, put_string};

impl Connection {
    /// `Metadata` v1: the number of live brokers.
    pub fn brokers(&mut self) -> i32 {
        // For no topics. The brokers come first.
        let response = self.request(3, 1, &[0; 4]);
        i32::from_be_bytes(response[..4].try_into().unwrap())
    }

    /// `ElectLeaders` v0: elects the preferred leaders of the topic's first partitions. Returns the
    /// number of changes; `None` while a preferred leader is absent or lags behind.
    pub fn elect_preferred_leaders(&mut self, topic: &str, partitions: i32) -> Option<usize> {
        const PREFERRED_LEADER_NOT_AVAILABLE: i16 = 80;
        const ELECTION_NOT_NEEDED: i16 = 84;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_string(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        (0..partitions).for_each(|partition| body.extend(partition.to_be_bytes()));
        body.extend(10_000_i32.to_be_bytes());
        let response = self.request(43, 0, &body);
        // Throttle time, one topic, its name, the partitions: for each its number, an error code,
        // and a message or none.
        let mut next = 4 + 4 + 2 + topic.len() + 4;
        let mut changes = Some(0);
        for _ in 0..partitions {
            match error_at(&response, next + 4) {
                0 => changes = changes.map(|changes| changes + 1),
                ELECTION_NOT_NEEDED => {}
                PREFERRED_LEADER_NOT_AVAILABLE => changes = None,
                error => panic!("no election: {error}"),
            }
            next += 4 + 2 + 2 + usize::try_from(error_at(&response, next + 6)).unwrap_or_default();
        }
        changes
    }

    /// `AlterClientQuotas` v0: limits producers with this client id to `bytes_per_second`; `None`
    /// removes the limit.
    pub fn limit_producers(&mut self, client: &str, bytes_per_second: Option<f64>) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_length(&mut body, 1);
        put_string(&mut body, "client-id");
        put_string(&mut body, client);
        put_length(&mut body, 1);
        put_string(&mut body, "producer_byte_rate");
        body.extend(bytes_per_second.unwrap_or_default().to_be_bytes());
        body.push(u8::from(bytes_per_second.is_none()));
        body.push(0);
        // Throttle time, one entry; then the error code.
        let response = self.request(49, 0, &body);
        assert_eq!(error_at(&response, 4 + 4), 0, "quota not set");
    }
}
