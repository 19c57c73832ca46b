//! Old sessions go to the archive, old rows go, and invalid records cannot fill the database.

use crate::fixture::Fixture;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use testkit::eventually;

/// Three sessions of which two are old, each with a receipt, and nothing that waits.
const SESSIONS: &str = "
    insert into sessions (id, charge_point_id, connector_id, started_at, ended_at)
    select ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'CP-1', 1, now() - interval '100 days' * n,
           now() - interval '100 days' * n + interval '1 hour' from generate_series(1, 3) n;
    delete from session_settlements;
    insert into session_receipts (session_id, number, issued_at, digest, content)
    select id, 1, now(), 'digest', '{\"total\":1.50}' from sessions";

/// The lines of all complete files of `directory`.
fn archived(directory: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.starts_with("sessions-") && name.ends_with(".ndjson.gz"), "{name}");
        let mut text = String::new();
        GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    lines
}

async fn sessions(fixture: &Fixture) -> Value {
    fixture.rows("select right(id::text, 1) as n from sessions order by 1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn old_sessions_are_in_a_file_before_they_go() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(SESSIONS).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let settings = [("retention.sessions_days", "150"), ("retention.session_archive_directory", path)];
    let replica = fixture.start_with(&settings);
    eventually("old sessions to be deleted", || async { sessions(&fixture).await == json!([{ "n": "1" }]) })
        .await;
    let lines = archived(directory.path());
    let ids: Vec<_> = lines.iter().map(|line| line["session"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["00000000-0000-7000-8000-000000000003", "00000000-0000-7000-8000-000000000002"]);
    assert_eq!(lines[0]["receipt"]["digest"], "digest");
    assert_eq!(fixture.rows("select count(*) as n from session_receipts").await, json!([{ "n": 1 }]));
    assert_eq!(fixture.rows("select count(*) as n from session_settlements").await, json!([{ "n": 0 }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_stay_without_an_archive_or_while_it_cannot_be_written() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(SESSIONS).await;
    // Once a dead letter is deleted, the rule for sessions, which comes before, was performed.
    let letter = "insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail, created_at)
                  values (gen_random_uuid(), 'events', 0, 1, 1, 'NOT_JSON', 'why', now() - interval '3 years')";
    let missing = "/nonexistent/archive";
    for directory in ["", missing] {
        fixture.database.execute(letter).await;
        let settings =
            [("retention.sessions_days", "150"), ("retention.session_archive_directory", directory)];
        let replica = fixture.start_with(&settings);
        eventually("old dead letters to be deleted", || async {
            fixture.rows("select id from dead_letters").await == json!([])
        })
        .await;
        replica.stop().await;
        assert_eq!(sessions(&fixture).await.as_array().unwrap().len(), 3, "{directory}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_allows_deletion_without_an_archive() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(SESSIONS).await;
    let settings =
        [("retention.sessions_days", "150"), ("retention.delete_sessions_without_archive", "true")];
    let replica = fixture.start_with(&settings);
    eventually("old sessions to be deleted", || async { sessions(&fixture).await == json!([{ "n": "1" }]) })
        .await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_records_beyond_the_cap_are_a_range_and_lose_no_good_record() {
    let fixture = Fixture::new(1).await;
    let good = json!({
        "eventId": "good", "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": "Charging" }
    });
    let misplaced = json!({
        "eventId": "misplaced", "eventType": "transaction.stopped", "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "transactionId": "7", "meterStop": 10 }
    });
    let garbage = || b"garbage".to_vec();
    let records = [
        garbage(),
        garbage(),
        garbage(),
        good.to_string().into_bytes(),
        misplaced.to_string().into_bytes(),
        garbage(),
    ];
    fixture.publish(0, &records).await;
    let last = fixture.publish(0, &[garbage()]).await;
    let replica = fixture.start_with(&[("ingest.dead_letters_per_minute", "2")]);
    fixture.written(0, last).await;
    let whole = fixture.dead_letters().await;
    let offsets: Vec<_> = whole.iter().map(|letter| letter.heading.first_offset).collect();
    assert_eq!(offsets[..2], [0, 1], "the cap");
    assert!(
        whole[2..].iter().all(|letter| letter.heading.first_offset == 4),
        "an event is always kept whole"
    );
    let ranges = "select replace(topic, '#omitted', '') = (select topic from ingest_partitions where partition = 0 and topic not like '%/%') as same,
                         reason, first_offset as first, last_offset as last, detail like '3 records %' as three, value
                  from dead_letters where topic like '%#omitted'";
    let range =
        json!([{ "same": true, "reason": "OMITTED", "first": 2, "last": 6, "three": true, "value": null }]);
    assert_eq!(fixture.rows(ranges).await, range);
    assert_eq!(fixture.rows("select status from connectors").await, json!([{ "status": "Charging" }]));
    replica.stop().await;
}
