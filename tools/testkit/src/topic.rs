//! Names of topics that are deleted with the test.

use crate::kafka_wire::Connection;
use std::ops::Deref;

/// The name of a topic of a test's own. The topic, if the test makes it, is deleted when this is dropped: a broker does not
/// bear thousands of them.
#[derive(Debug)]
pub struct TestTopic(String);

impl TestTopic {
    /// A name that no other test has.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(crate::unique(prefix))
    }

    /// Gives settings of the topic, which exists, these values.
    ///
    /// # Panics
    /// When the broker refuses them.
    pub fn configure(&self, settings: &[(&str, &str)]) {
        let brokers = crate::kafka_brokers();
        Connection::open(brokers.split(',').next().unwrap_or_default()).configure_topic(&self.0, settings);
    }

    /// The topic called `name`.
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
        // Not from within the test's runtime, whose thread it would block, and not in the way of a test that fails already.
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
