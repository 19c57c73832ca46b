use super::*;
use std::io::Write as _;
use storage::assets::stations::Entry;

/// The size of the reader's own buffer.
const BUFFER_BYTES: u64 = 8 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn reads_no_further_than_chunks_are_taken() {
    let row = format!("{{\"name\": \"{}\"}}\n", "x".repeat(180));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(row.repeat(20_000).as_bytes()).unwrap();
    // Shares its position with `file`.
    let mut place = file.try_clone().unwrap();
    let (mut chunks, reading) = read::<Entry>(file, Format::NdJson, 20_000, OperatorBound::All);
    for received in 0..40_u64 {
        testkit::eventually("chunks are waiting", || {
            let waiting = chunks.len() == CHUNKS_AHEAD || reading.is_finished();
            async move { waiting }
        })
        .await;
        // The waiting chunks, and one that the reader is about to send.
        let chunk_bytes = u64::try_from(CHUNK_ROWS * row.len()).unwrap();
        let ahead = u64::try_from(CHUNKS_AHEAD).unwrap() + 1;
        let most = (received + ahead) * chunk_bytes + BUFFER_BYTES;
        assert!(place.stream_position().unwrap() <= most, "after {received} chunks");
        let chunk = chunks.recv().await.unwrap();
        assert_eq!((chunk.rows, chunk.entries.len(), chunk.bytes), (500, 500, (received + 1) * chunk_bytes));
    }
    assert!(chunks.recv().await.is_none());
    finish(reading).await.unwrap();
}

#[tokio::test]
async fn stops_reading_when_the_receiver_is_dropped() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all("{\"name\": \"x\"}\n".repeat(20_000).as_bytes()).unwrap();
    let (chunks, reading) = read::<Entry>(file, Format::NdJson, 20_000, OperatorBound::All);
    drop(chunks);
    finish(reading).await.unwrap();
}
