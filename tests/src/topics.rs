//! Creates the topics of a test.

use runtime::kafka::Kafka;
use testkit::eventually;

/// Creates `topic`. A slow broker may get several requests: one that timed out may have created it.
///
/// # Panics
/// When the topic does not have this number of partitions in the end.
pub async fn create_topic(kafka: &Kafka, topic: &str, partitions: i32) {
    let exists = async || {
        kafka.partitions(topic).await.is_ok_and(|listed| i32::try_from(listed.len()) == Ok(partitions))
    };
    eventually("the topic to be created", || async {
        kafka.create_topic(topic, partitions).await.is_ok() || exists().await
    })
    .await;
}
