//! Import of stations, identified by their ids if the file contains them.

use crate::said::{counts, label, least_of_station, most_of_station, pile, pile_of, stamp, station};
use domain::assets::{OperatorBound, StationDetails};
use domain::ids::StationId;
use futures_util::stream;
use serde_json::json;
use storage::StorageError;
use storage::assets::audit::Edited;
use storage::assets::import::{foresee, put_all, put_many};
use storage::assets::stations::{self, Entry, EntryRefusal};
use testkit::TestDatabase;
use uuid::Uuid;

const fn entry(line: u64, id: Option<StationId>, details: StationDetails) -> Entry {
    Entry { line, id, details }
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_stations_with_the_ids_in_the_file() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (one, two) =
        (StationId(Uuid::from_u128(0x1234_5678_4321_4000_8000_0000_0000_0001)), StationId(Uuid::now_v7()));
    let file = [
        entry(2, Some(one), most_of_station("One")),
        entry(3, Some(two), least_of_station("Two")),
        entry(4, None, least_of_station("Three")),
    ];
    assert_eq!(counts(&foresee(&mut connection, &OperatorBound::All, &file).await.unwrap()), [3, 0, 0, 0]);
    assert_eq!(database.json("select count(*) from stations").await, 0);
    assert_eq!(
        counts(&put_many(&mut connection, &OperatorBound::All, &file, &stamp()).await.unwrap()),
        [3, 0, 0, 0]
    );
    let found = stations::find(&mut connection, &OperatorBound::All, one).await.unwrap().unwrap();
    assert_eq!((&found.details, found.revision.version), (&file[0].details, 1));
    assert_eq!(found.revision.created_at, stamp().at);
    let found = stations::find(&mut connection, &OperatorBound::All, two).await.unwrap().unwrap();
    assert_eq!(found.details, file[1].details);

    // If the file is sent again, entries with ids name the same stations, and the one without
    // creates another.
    let outcome = put_many(&mut connection, &OperatorBound::All, &file, &stamp()).await.unwrap();
    assert_eq!(counts(&outcome), [1, 0, 2, 0]);
    assert_eq!(database.json("select count(*) from stations").await, 4);
    assert_eq!(stations::find(&mut connection, &OperatorBound::All, two).await.unwrap(), Some(found));
}

#[tokio::test(flavor = "multi_thread")]
async fn replaces_a_known_station_with_its_audit_and_feed_entries() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let at = station(&mut connection).await;
    for details in [most_of_station("North"), least_of_station("South")] {
        let before = stations::find(&mut connection, &OperatorBound::All, at).await.unwrap().unwrap();
        let rows = [entry(2, Some(at), details.clone())];
        assert_eq!(
            counts(&foresee(&mut connection, &OperatorBound::All, &rows).await.unwrap()),
            [0, 1, 0, 0]
        );
        assert_eq!(
            counts(&put_many(&mut connection, &OperatorBound::All, &rows, &stamp()).await.unwrap()),
            [0, 1, 0, 0]
        );
        let after = stations::find(&mut connection, &OperatorBound::All, at).await.unwrap().unwrap();
        assert_eq!((&after.details, after.revision.version), (&details, before.revision.version + 1));
        let edits = storage::assets::audit::list(
            &mut connection,
            &OperatorBound::All,
            Edited::Station,
            at.0,
            None,
            1,
        )
        .await
        .unwrap();
        assert_eq!((edits[0].version, edits[0].action.as_str()), (after.revision.version, "updated"));
        assert_eq!(edits[0].edited_by, "op-7");
        assert_eq!(edits[0].before, Some(serde_json::to_value(&before.details).unwrap()));
        assert_eq!(edits[0].after, Some(serde_json::to_value(&details).unwrap()));
    }
    let published = "select jsonb_agg(jsonb_build_array(change->'kind'->'data'->'stationId',
                                                   change->'kind'->'data'->'action', change->'kind'->'data'->'version')
                                 order by id, place)
                from feed_chunks, jsonb_array_elements(changes::jsonb) with ordinality as one (change, place)";
    let expected = json!([[at.0, "created", 1], [at.0, "updated", 2], [at.0, "updated", 3]]);
    assert_eq!(database.json(published).await, expected);
    // Its search text follows.
    assert_eq!(database.json("select search_text like '%south%' from stations").await, json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_retired_stations_and_ids_of_piles() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (open, retired) = (station(&mut connection).await, station(&mut connection).await);
    stations::retire(&mut connection, &OperatorBound::All, retired, None, &stamp()).await.unwrap().unwrap();
    let row = storage::assets::piles::Entry { line: 2, station_id: open, details: pile("CP-1", "a") };
    put_many(&mut connection, &OperatorBound::All, &[row], &stamp()).await.unwrap();
    let of_pile = StationId(pile_of(&mut connection, "CP-1").await.id.0);

    let rows = [
        entry(2, Some(retired), least_of_station("Back")),
        entry(3, Some(of_pile), least_of_station("Pile")),
        entry(4, Some(open), StationDetails { address: Some(label("x")), ..least_of_station("North") }),
    ];
    let refused = vec![(2, EntryRefusal::Retired), (3, EntryRefusal::OfPile)];
    assert_eq!(foresee(&mut connection, &OperatorBound::All, &rows).await.unwrap().refused, refused);
    let all = stream::iter([Ok::<_, StorageError>(rows.to_vec())]);
    assert_eq!(put_all(&mut connection, &OperatorBound::All, all, &stamp()).await.unwrap().refused, refused);
    assert_eq!(
        stations::find(&mut connection, &OperatorBound::All, open).await.unwrap().unwrap().revision.version,
        1
    );
    let outcome = put_many(&mut connection, &OperatorBound::All, &rows, &stamp()).await.unwrap();
    assert_eq!((counts(&outcome), outcome.refused), ([0, 1, 0, 2], refused));
    assert_eq!(
        stations::find(&mut connection, &OperatorBound::All, open).await.unwrap().unwrap().revision.version,
        2
    );
    assert_eq!(stations::find(&mut connection, &OperatorBound::All, retired).await.unwrap(), None);
}
