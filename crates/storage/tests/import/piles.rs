//! Import of piles, each identified by its device.

use crate::said::{counts, edits, pile, pile_of, stamp, station};
use domain::assets::{OperatorBound, PileDetails};
use domain::ids::StationId;
use futures_util::stream;
use serde_json::json;
use storage::StorageError;
use storage::assets::import::{foresee, put_all, put_many};
use storage::assets::piles::{self, Entry, EntryRefusal};
use storage::assets::stations;
use testkit::TestDatabase;
use uuid::Uuid;

fn entry(line: u64, station_id: StationId, details: PileDetails) -> Entry {
    Entry { line, station_id, details }
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_piles_without_a_current_type() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    let unstated = |name| PileDetails { current_type: None, ..pile("CP-1", name) };
    for (details, counted) in [
        (unstated("a"), [1, 0, 0, 0]),
        (unstated("a"), [0, 0, 1, 0]),
        (pile("CP-1", "a"), [0, 1, 0, 0]),
        (unstated("b"), [0, 1, 0, 0]),
    ] {
        let row = [entry(2, at, details.clone())];
        assert_eq!(
            counts(&put_many(&mut connection, &OperatorBound::All, &row, &stamp()).await.unwrap()),
            counted
        );
        assert_eq!(pile_of(&mut connection, "CP-1").await.details, details);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_replaces_or_keeps_piles() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    let first = [entry(2, at, pile("CP-1", "a")), entry(3, at, pile("CP-2", "a"))];
    assert_eq!(counts(&foresee(&mut connection, &OperatorBound::All, &first).await.unwrap()), [2, 0, 0, 0]);
    assert_eq!(database.json("select count(*) from piles").await, 0);
    assert_eq!(
        counts(&put_many(&mut connection, &OperatorBound::All, &first, &stamp()).await.unwrap()),
        [2, 0, 0, 0]
    );
    let created = pile_of(&mut connection, "CP-1").await;
    assert_eq!((&created.details, created.station_id, created.revision.version), (&first[0].details, at, 1));

    // Repeated imports write nothing.
    for _ in 0..2 {
        assert_eq!(
            counts(&put_many(&mut connection, &OperatorBound::All, &first, &stamp()).await.unwrap()),
            [0, 0, 2, 0]
        );
    }
    assert_eq!(pile_of(&mut connection, "CP-1").await, created);
    let second = [entry(2, at, pile("CP-2", "b")), entry(3, at, pile("CP-3", "b")), first[0].clone()];
    for outcome in [
        foresee(&mut connection, &OperatorBound::All, &second).await.unwrap(),
        put_many(&mut connection, &OperatorBound::All, &second, &stamp()).await.unwrap(),
    ] {
        assert_eq!(counts(&outcome), [1, 1, 1, 0]);
    }
    let replaced = pile_of(&mut connection, "CP-2").await;
    assert_eq!((&replaced.details, replaced.revision.version), (&second[0].details, 2));
    let word = |text: &str| text.to_owned();
    assert_eq!(
        edits(&mut connection, replaced.id).await,
        [(2, word("updated"), word("a"), word("b")), (1, word("created"), String::new(), word("a"))]
    );
    let published = "select jsonb_agg(jsonb_build_array(change->'kind'->'data'->'chargePointId',
                                                   change->'kind'->'data'->'action', change->'kind'->'data'->'version')
                                 order by id, place)
                from feed_chunks, jsonb_array_elements(changes::jsonb) with ordinality as one (change, place)
                where change->'kind'->>'type' = 'charging.pile.changed.v1'";
    let expected = json!([
        ["CP-1", "created", 1],
        ["CP-2", "created", 1],
        ["CP-3", "created", 1],
        ["CP-2", "updated", 2]
    ]);
    assert_eq!(database.json(published).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_entries_by_line() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (here, elsewhere) = (station(&mut connection).await, station(&mut connection).await);
    let (retired, nowhere) = (station(&mut connection).await, StationId(Uuid::now_v7()));
    stations::retire(&mut connection, &OperatorBound::All, retired, None, &stamp()).await.unwrap().unwrap();
    let existing = [entry(2, elsewhere, pile("CP-1", "a")), entry(3, here, pile("CP-2", "a"))];
    put_many(&mut connection, &OperatorBound::All, &existing, &stamp()).await.unwrap();
    let gone = pile_of(&mut connection, "CP-2").await.id;
    piles::retire(&mut connection, &OperatorBound::All, gone, None, &stamp()).await.unwrap().unwrap();

    let entries = [
        entry(2, here, pile("CP-1", "b")),
        entry(3, retired, pile("CP-3", "b")),
        entry(4, nowhere, pile("CP-4", "b")),
        entry(5, here, pile("CP-2", "b")),
    ];
    let refused = vec![
        (2, EntryRefusal::OtherStation(elsewhere)),
        (3, EntryRefusal::StationNotFound),
        (4, EntryRefusal::StationNotFound),
    ];
    assert_eq!(foresee(&mut connection, &OperatorBound::All, &entries).await.unwrap().refused, refused);
    let outcome = put_many(&mut connection, &OperatorBound::All, &entries, &stamp()).await.unwrap();
    assert_eq!((counts(&outcome), outcome.refused), ([1, 0, 0, 3], refused));
    // The device of a retired pile is free for another pile.
    assert_ne!(pile_of(&mut connection, "CP-2").await.id, gone);
    assert_eq!(pile_of(&mut connection, "CP-1").await.revision.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_all_chunks_or_none() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    let good = |first: u64| -> Vec<Entry> {
        (first..first + 3).map(|line| entry(line, at, pile(&format!("CP-{line}"), "a"))).collect()
    };
    let bad = vec![entry(5, StationId(Uuid::now_v7()), pile("CP-5", "a"))];
    let chunks = stream::iter([good(2), bad, good(6)].map(Ok::<_, StorageError>));
    let outcome = put_all(&mut connection, &OperatorBound::All, chunks, &stamp()).await.unwrap();
    // Chunks after the refusal were not read.
    assert_eq!((counts(&outcome), outcome.refused[0].0), ([3, 0, 0, 1], 5));
    let broken = stream::iter([Ok(good(2)), Err(StorageError::TimedOut)]);
    assert!(matches!(
        put_all(&mut connection, &OperatorBound::All, broken, &stamp()).await,
        Err(StorageError::TimedOut)
    ));
    let written = "select (select count(*) from piles) + (select count(*) from asset_edits) - 1
                          + (select count(*) from feed_chunks) - 1";
    assert_eq!(database.json(written).await, 0);
    let chunks = stream::iter([good(2), good(5)].map(Ok::<_, StorageError>));
    let outcome = put_all(&mut connection, &OperatorBound::All, chunks, &stamp()).await.unwrap();
    assert_eq!((counts(&outcome), outcome.entries()), ([6, 0, 0, 0], 6));
    assert_eq!(database.json("select count(*) from piles").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_session_a_pile_is_replaced_but_keeps_its_device() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    put_many(&mut connection, &OperatorBound::All, &[entry(2, at, pile("CP-1", "a"))], &stamp())
        .await
        .unwrap();
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now());
             insert into sessions (id, charge_point_id, connector_id, started_at)
             values (gen_random_uuid(), 'CP-1', 1, now())",
        )
        .await;
    let before = pile_of(&mut connection, "CP-1").await;
    let exchanged =
        piles::update(&mut connection, &OperatorBound::All, before.id, None, &stamp(), |current| {
            Ok::<_, piles::PileRefusal>(PileDetails {
                charge_point_id: crate::said::device("CP-9"),
                ..current.clone()
            })
        })
        .await;
    let refused = exchanged.unwrap().map(|_| ());
    assert!(matches!(refused, Err(piles::PileRefusal::OpenSessions { ids }) if ids.len() == 1));
    // A row describes the pile of a device, so it never assigns another device to a pile: CP-9 gets
    // its own pile.
    let rows = [entry(2, at, pile("CP-1", "b")), entry(3, at, pile("CP-9", "b"))];
    assert_eq!(
        counts(&put_many(&mut connection, &OperatorBound::All, &rows, &stamp()).await.unwrap()),
        [1, 1, 0, 0]
    );
    let after = pile_of(&mut connection, "CP-1").await;
    assert_eq!((after.id, after.revision.version), (before.id, 2));
    assert_ne!(pile_of(&mut connection, "CP-9").await.id, before.id);
}
