//! Concurrent imports, and imports concurrent with single edits.

use crate::said::{counts, edits, label, least_of_station, pile, pile_of, stamp, station};
use domain::assets::{OperatorBound, Pile, PileDetails, Revision, StationDetails};
use domain::ids::{PileId, StationId};
use futures_util::{StreamExt as _, stream};
use std::time::Duration;
use storage::StorageError;
use storage::assets::import::{Outcome, put_all, put_many};
use storage::assets::piles::{self, Entry, EntryRefusal};
use storage::assets::stations;
use testkit::TestDatabase;
use uuid::Uuid;

/// One row per device, in this order.
fn rows(at: StationId, devices: impl Iterator<Item = u32>, name: &str) -> Vec<Entry> {
    let details = devices.map(|device| pile(&format!("CP-{device:04}"), name));
    details.map(|details| Entry { line: 2, station_id: at, details }).collect()
}

/// Writes `rows` in one transaction, a few at a time, slowly enough for others to interleave.
async fn all_slowly(database: &TestDatabase, rows: &[Entry]) -> Result<Outcome<EntryRefusal>, StorageError> {
    let mut connection = database.pool.connection().await?;
    let chunks = stream::iter(rows.chunks(5)).then(async |chunk| {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok(chunk.to_vec())
    });
    put_all(&mut connection, &OperatorBound::All, chunks, &stamp()).await
}

/// Writes `rows`, a few per transaction.
async fn some_by_some(
    database: &TestDatabase,
    rows: &[Entry],
) -> Result<Outcome<EntryRefusal>, StorageError> {
    let mut connection = database.pool.connection().await?;
    let mut whole = Outcome::none();
    for chunk in rows.chunks(20) {
        let outcome = put_many(&mut connection, &OperatorBound::All, chunk, &stamp()).await?;
        whole.created += outcome.created;
        whole.updated += outcome.updated;
        whole.unchanged += outcome.unchanged;
        whole.refused.extend(outcome.refused);
    }
    Ok(whole)
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_of_the_same_devices_in_other_orders_do_not_deadlock() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    // In the first round all are new, later all exist.
    for round in 0..4 {
        let there = rows(at, 0..100, &format!("there {round}"));
        let back = rows(at, (0..100).rev(), &format!("back {round}"));
        let across = rows(at, (50..100).chain(0..50), &format!("across {round}"));
        let (there, back, across) = tokio::join!(
            all_slowly(&database, &there),
            all_slowly(&database, &back),
            some_by_some(&database, &across),
        );
        let (there, back, across) = (there.unwrap(), back.unwrap(), across.unwrap());
        assert_eq!([&there, &back, &across].map(Outcome::entries), [100, 100, 100], "round {round}");
        assert_eq!(there.refused.len() + back.refused.len() + across.refused.len(), 0, "round {round}");
    }
    assert_eq!(database.json("select count(*) from piles").await, 100);
    // Three edits in each round, all of them in the audit trail.
    assert_eq!(database.json("select count(*) from piles where version = 12").await, 100);
    assert_eq!(database.json("select count(*) from asset_edits").await, 1 + 12 * 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_of_stations_and_their_piles_do_not_deadlock() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let ids: Vec<StationId> = (0..40).map(|_| StationId(Uuid::now_v7())).collect();
    let entries = |name: &str| -> Vec<stations::Entry> {
        let details = least_of_station(name);
        let entry = |id: &StationId| stations::Entry { line: 2, id: Some(*id), details: details.clone() };
        ids.iter().rev().map(entry).collect()
    };
    put_many(&mut connection, &OperatorBound::All, &entries("first"), &stamp()).await.unwrap();
    for round in 0..4 {
        let name = format!("round {round}");
        let stands = |(number, id): (usize, &StationId)| Entry {
            line: 2,
            station_id: *id,
            details: pile(&format!("CP-{number}"), &name),
        };
        let piles: Vec<_> = ids.iter().enumerate().map(stands).collect();
        let (stations, piles) = tokio::join!(
            async {
                let mut connection = database.pool.connection().await?;
                let entries = entries(&name);
                let chunks = stream::iter(entries.chunks(2)).then(async |chunk| {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    Ok::<_, StorageError>(chunk.to_vec())
                });
                put_all(&mut connection, &OperatorBound::All, chunks, &stamp()).await
            },
            all_slowly(&database, &piles),
        );
        assert_eq!(counts(&stations.unwrap()), [0, 40, 0, 0]);
        assert_eq!(piles.unwrap().entries(), 40);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serializes_an_edit_and_an_import_of_the_same_pile() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    put_many(&mut connection, &OperatorBound::All, &rows(at, 0..1, "first"), &stamp()).await.unwrap();
    let id = pile_of(&mut connection, "CP-0000").await.id;
    for round in 0..20 {
        let before = pile_of(&mut connection, "CP-0000").await;
        let mut other = database.pool.connection().await.unwrap();
        let imported = rows(at, 0..1, &format!("imported {round}"));
        let stamp = stamp();
        let (edited, outcome) = tokio::join!(
            piles::update(&mut other, &OperatorBound::All, id, None, &stamp, |current| Ok::<
                _,
                piles::PileRefusal,
            >(
                PileDetails { vendor: Some(label(&format!("edited {round}"))), ..current.clone() }
            )),
            put_many(&mut connection, &OperatorBound::All, &imported, &stamp),
        );
        let (edited, _) = edited.unwrap().unwrap();
        assert_eq!(counts(&outcome.unwrap()), [0, 1, 0, 0]);
        let after = pile_of(&mut connection, "CP-0000").await;
        assert_eq!(after.revision.version, before.revision.version + 2);
        // An import replaces all details; a patch after it changes its own field only.
        assert_eq!(after.details.vendor.is_some(), edited.revision.version == after.revision.version);
        assert_eq!(after.details.name, imported[0].details.name);
    }
    let edits = edits(&mut connection, id).await;
    let versions: Vec<i64> = edits.iter().map(|edit| edit.0).collect();
    assert_eq!(versions, (1..=41).rev().collect::<Vec<_>>());
    // The details before an edit equal those after the previous edit.
    assert!(edits.windows(2).all(|pair| pair[0].2 == pair[1].3), "{edits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn serializes_an_edit_and_an_import_of_the_same_station() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    for round in 0..20 {
        let mut other = database.pool.connection().await.unwrap();
        let details = least_of_station(&format!("imported {round}"));
        let imported = [stations::Entry { line: 2, id: Some(at), details }];
        let stamp = stamp();
        let (edited, outcome) = tokio::join!(
            stations::update(&mut other, &OperatorBound::All, at, None, &stamp, |current| Ok::<
                _,
                stations::StationRefusal,
            >(
                StationDetails { address: Some(label(&format!("edited {round}"))), ..current.clone() }
            )),
            put_many(&mut connection, &OperatorBound::All, &imported, &stamp),
        );
        let (edited, _) = edited.unwrap().unwrap();
        assert_eq!(counts(&outcome.unwrap()), [0, 1, 0, 0]);
        let after = stations::find(&mut connection, &OperatorBound::All, at).await.unwrap().unwrap();
        assert_eq!(after.revision.version, 1 + 2 * (round + 1));
        assert_eq!(after.details.address.is_some(), edited.revision.version == after.revision.version);
        assert_eq!(after.details.name, imported[0].details.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_one_pile_from_concurrent_requests() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (at, elsewhere) = (station(&mut connection).await, station(&mut connection).await);
    for round in 0..20 {
        let mut other = database.pool.connection().await.unwrap();
        let imported = rows(at, round..round + 1, "imported");
        let made = stamp().at;
        let revision = Revision { created_at: made, updated_at: made, version: 1, retired_at: None };
        let posted = Pile {
            id: PileId(Uuid::now_v7()),
            station_id: elsewhere,
            details: imported[0].details.clone(),
            revision,
        };
        let stamp = stamp();
        let (posted, outcome) = tokio::join!(
            piles::insert(&mut other, &OperatorBound::All, &posted, &stamp.by),
            put_many(&mut connection, &OperatorBound::All, &imported, &stamp),
        );
        let (posted, outcome) = (posted.unwrap(), outcome.unwrap());
        assert_eq!(posted.is_ok(), outcome.created == 0, "{posted:?} {outcome:?}");
        let expected = [EntryRefusal::Overtaken, EntryRefusal::OtherStation(elsewhere)];
        assert!(outcome.refused.iter().all(|(_, refusal)| expected.contains(refusal)), "{outcome:?}");
    }
    assert_eq!(database.json("select count(*) from piles").await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_another_open_transaction() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    // Another transaction creates a pile with the device, and stays open.
    let posted = "begin;
        insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, connectors, created_at,
                           updated_at, version)
        select gen_random_uuid(), id, 'CP-0000', 'M', 1, 'DC', '[]', now(), now(), 1 from stations";
    let mut other = database.pool.connection().await.unwrap();
    diesel_async::SimpleAsyncConnection::batch_execute(&mut other, posted).await.unwrap();
    let import = tokio::spawn(async move {
        put_many(&mut connection, &OperatorBound::All, &rows(at, 0..2, "imported"), &stamp()).await.unwrap()
    });
    let waits = "select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    testkit::eventually("the import to wait", async || database.json(waits).await == true).await;
    diesel_async::SimpleAsyncConnection::batch_execute(&mut other, "commit").await.unwrap();
    let outcome = import.await.unwrap();
    assert_eq!((counts(&outcome), outcome.refused), ([1, 0, 0, 1], vec![(2, EntryRefusal::Overtaken)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_no_pile_into_a_concurrently_retired_station() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut other = database.pool.connection().await.unwrap();
    for round in 0..20 {
        let at = station(&mut connection).await;
        let (imported, stamp) = (rows(at, round..round + 1, "imported"), stamp());
        let (retired, outcome) = tokio::join!(
            stations::retire(&mut other, &OperatorBound::All, at, None, &stamp),
            put_many(&mut connection, &OperatorBound::All, &imported, &stamp),
        );
        let (retired, outcome) = (retired.unwrap(), outcome.unwrap());
        assert_ne!(retired.is_ok(), outcome.created == 1, "{retired:?} {outcome:?}");
        assert!(outcome.refused.iter().all(|(_, why)| *why == EntryRefusal::StationNotFound), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_of_the_same_new_stations_create_each_once() {
    let database = TestDatabase::new().await;
    let ids: Vec<StationId> = (0..50).map(|_| StationId(Uuid::now_v7())).collect();
    let entries = |name: &str, ids: Vec<StationId>| -> Vec<stations::Entry> {
        let details: StationDetails = least_of_station(name);
        ids.into_iter()
            .map(|id| stations::Entry { line: 2, id: Some(id), details: details.clone() })
            .collect()
    };
    let (there, back) = (entries("there", ids.clone()), entries("back", ids.iter().rev().copied().collect()));
    let put = async |rows: &[stations::Entry]| {
        let mut connection = database.pool.connection().await.unwrap();
        let chunks = stream::iter(rows.chunks(5)).map(|chunk| Ok::<_, StorageError>(chunk.to_vec()));
        put_all(&mut connection, &OperatorBound::All, chunks, &stamp()).await.unwrap()
    };
    let (there, back) = tokio::join!(put(&there), put(&back));
    let mut outcomes = [counts(&there), counts(&back)];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [[0, 50, 0, 0], [50, 0, 0, 0]]);
    assert_eq!(database.json("select count(*) from stations where version = 2").await, 50);
}
