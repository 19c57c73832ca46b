//! Requests that change topics.

use super::Connection;
use super::encoding::{error_at, put_length, put_string};

impl Connection {
    /// `CreateTopics` v4: creates a topic with `partitions` partitions and `replicas` replicas
    /// each.
    pub fn create_topic(&mut self, topic: &str, partitions: i32, replicas: i16) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_string(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        body.extend(replicas.to_be_bytes());
        // No assignments and no settings.
        body.extend([0; 8]);
        body.extend(10_000_i32.to_be_bytes());
        body.push(0);
        // Throttle time, one topic, its name; then the error code.
        let response = self.request(19, 4, &body);
        assert_eq!(error_at(&response, 4 + 4 + 2 + topic.len()), 0, "topic not created");
    }

    /// `IncrementalAlterConfigs` v0: sets settings of a topic, such as `retention.ms`.
    pub fn configure_topic(&mut self, topic: &str, settings: &[(&str, &str)]) {
        const TOPIC: u8 = 2;
        const SET: u8 = 0;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        body.push(TOPIC);
        put_string(&mut body, topic);
        put_length(&mut body, settings.len());
        for (name, value) in settings {
            put_string(&mut body, name);
            body.push(SET);
            put_string(&mut body, value);
        }
        body.push(0);
        // Throttle time, one resource; then the error code.
        let response = self.request(44, 0, &body);
        assert_eq!(error_at(&response, 4 + 4), 0, "topic not configured");
    }

    /// `DeleteTopics` v1. A topic that does not exist counts as deleted.
    pub fn delete_topic(&mut self, topic: &str) {
        const UNKNOWN_TOPIC: i16 = 3;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_string(&mut body, topic);
        body.extend(10_000_i32.to_be_bytes());
        // Throttle time, one topic, its name; then the error code.
        let response = self.request(20, 1, &body);
        let error = error_at(&response, 4 + 4 + 2 + topic.len());
        assert!(error == 0 || error == UNKNOWN_TOPIC, "topic not deleted: {error}");
    }

    /// `CreatePartitions` v0: increases the topic's number of partitions to `partitions`.
    pub fn grow_topic(&mut self, topic: &str, partitions: i32) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_string(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        // No assignments: the brokers choose.
        body.extend((-1_i32).to_be_bytes());
        body.extend(10_000_i32.to_be_bytes());
        body.push(0);
        // Throttle time, one topic, its name; then the error code.
        let response = self.request(37, 0, &body);
        assert_eq!(error_at(&response, 4 + 4 + 2 + topic.len()), 0, "topic not grown");
    }
}
