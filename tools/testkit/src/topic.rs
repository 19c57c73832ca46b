//! Topics that are deleted with the test.

use crate::kafka_wire::Connection;
use std::ops::Deref;

/// The name of a topic that belongs to one test. If the test creates the topic, it is deleted when
/// this is dropped, because a broker cannot handle thousands of topics.
#[derive(Debug)]
pub struct TestTopic(String);

impl TestTopic {
    /// A unique name.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(crate::unique(prefix))
    }

    /// Sets settings of the topic, which must exist.
    ///
    /// # Panics
    /// When the broker refuses them.
    pub fn configure(&self, settings: &[(&str, &str)]) {
        let brokers = crate::kafka_brokers();
        Connection::open(brokers.split(',').next().unwrap_or_default()).configure_topic(&self.0, settings);
    }

    /// The topic with this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl Deref for TestTopic {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for TestTopic {
    fn drop(&mut self) {
        // Not on the test's runtime, whose thread it would block, and without panicking in a test
        // that has already failed.
        let name = self.0.clone();
        let deleted = std::thread::spawn(move || {
            let brokers = crate::kafka_brokers();
            let first = brokers.split(',').next().unwrap_or_default();
            Connection::open(first).delete_topic(&name);
        })
        .join();
        assert!(deleted.is_ok() || std::thread::panicking(), "the topic could not be deleted");
    }
}
