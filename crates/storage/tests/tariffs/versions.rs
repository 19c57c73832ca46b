//! The life of a version: draft, published, in force, superseded; it never changes after its
//! publication.

use crate::fixture::{draft, elaborate, feed_lines, flat, hours, made, noon, operator, publish, signed};
use diesel_async::SimpleAsyncConnection;
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{Actor, TariffId};
use storage::tariffs::versions::{
    self, DraftRefusal, NO_DRAFT, Publication, Version, VersionState, discard_draft, find, find_draft,
    put_draft,
};
use storage::{StorageError, tariffs};
use testkit::TestDatabase;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_drafted_published_and_superseded() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = made(connection, "Night").await;
    assert_eq!(find_draft(connection, tariff).await.unwrap(), None);
    let made = draft(connection, tariff, flat("0.7")).await;
    let editor = EditStamp { at: noon() + hours(1), by: Actor::parse("editor").unwrap() };
    let put = |_: &_| Ok::<_, DraftRefusal>(elaborate());
    let edited =
        put_draft(connection, &OperatorBound::All, tariff, Some(&[1]), &editor, put).await.unwrap().unwrap();
    let expected = Version { price_list: elaborate(), revision: 2, updated: editor.clone(), ..made.clone() };
    assert_eq!(edited, expected);
    assert_eq!((edited.number, &edited.created), (1, &signed(noon())));
    assert_eq!(edited.state(noon()), VersionState::Draft);
    assert_eq!(find_draft(connection, tariff).await.unwrap().as_ref(), Some(&edited));

    let now = signed(noon() + hours(2));
    let stale =
        versions::publish(connection, &OperatorBound::All, tariff, Some(&[1]), None, &now).await.unwrap();
    assert_eq!(stale, Err(DraftRefusal::OtherRevision { current: 2 }));
    let first = versions::publish(connection, &OperatorBound::All, tariff, Some(&[2]), None, &now)
        .await
        .unwrap()
        .unwrap();
    let mut publication = Publication {
        published: now.clone(),
        effective_from: now.at,
        superseded_from: None,
        activated_at: Some(now.at),
    };
    assert_eq!(first, Version { publication: Some(publication.clone()), ..edited });
    assert_eq!(find_draft(connection, tariff).await.unwrap(), None);

    let soon = now.at + hours(10);
    publish(connection, tariff, flat("0.9"), soon).await;
    publish(connection, tariff, flat("0.8"), now.at + hours(5)).await;
    let drafted = draft(connection, tariff, flat("1.1")).await;
    publication.superseded_from = Some(now.at + hours(5));
    let first = find(connection, tariff, 1).await.unwrap().unwrap();
    assert_eq!(first.publication, Some(publication));
    assert_eq!(first.state(now.at + hours(4)), VersionState::InForce);
    assert_eq!(first.state(now.at + hours(5)), VersionState::Superseded);
    let third = find(connection, tariff, 3).await.unwrap().unwrap();
    assert_eq!(third.state(now.at + hours(4)), VersionState::Scheduled);
    assert_eq!(
        third.publication.unwrap().superseded_from,
        Some(soon),
        "the next version follows by time, not by number"
    );
    assert_eq!(find(connection, tariff, 4).await.unwrap(), Some(drafted));
    assert_eq!(find(connection, tariff, 5).await.unwrap(), None);
    assert_eq!(find(connection, tariff, u32::MAX).await.unwrap(), None);

    let feed_lines = feed_lines(connection, tariff).await;
    let expected = [
        "Created 1",
        "Published 1 prices 1",
        "Activated 1 prices 1",
        "Published 1 prices 2",
        "Published 1 prices 3",
    ];
    assert_eq!(feed_lines, expected, "drafts must not be published in the feed");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_drafts_and_publications() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = made(connection, "Night").await;
    let now = signed(noon());
    let list = |_: &_| Ok::<_, DraftRefusal>(flat("0.7"));
    let none = versions::publish(connection, &OperatorBound::All, tariff, None, None, &now).await.unwrap();
    assert_eq!(none, Err(DraftRefusal::NoDraft));
    let none = put_draft(connection, &OperatorBound::All, tariff, Some(&[1]), &now, list).await.unwrap();
    assert_eq!(none, Err(DraftRefusal::NoDraft), "the caller expects a draft that no longer exists");
    let none = discard_draft(connection, &OperatorBound::All, tariff, None, &now).await.unwrap();
    assert_eq!(none, Err(DraftRefusal::NoDraft));
    let unknown = TariffId(Uuid::now_v7());
    let none = put_draft(connection, &OperatorBound::All, unknown, None, &now, list).await.unwrap();
    assert_eq!(none, Err(DraftRefusal::NotFound));

    let first =
        put_draft(connection, &OperatorBound::All, tariff, Some(&[NO_DRAFT]), &now, list).await.unwrap();
    assert_eq!(first.map(|draft| draft.revision), Ok(1));
    let second =
        put_draft(connection, &OperatorBound::All, tariff, Some(&[NO_DRAFT]), &now, list).await.unwrap();
    assert_eq!(second, Err(DraftRefusal::OtherRevision { current: 1 }), "there is a draft");
    let wrong = put_draft(connection, &OperatorBound::All, tariff, None, &now, |_| Err(DraftRefusal::InPast))
        .await
        .unwrap();
    assert_eq!(wrong, Err(DraftRefusal::InPast), "the refusal of the check must be returned");
    let stale = put_draft(connection, &OperatorBound::All, tariff, Some(&[7]), &now, list).await.unwrap();
    assert_eq!(stale, Err(DraftRefusal::OtherRevision { current: 1 }));
    let stale = discard_draft(connection, &OperatorBound::All, tariff, Some(&[7]), &now).await.unwrap();
    assert_eq!(stale, Err(DraftRefusal::OtherRevision { current: 1 }));
    let past = Some(noon() - hours(1));
    let past = versions::publish(connection, &OperatorBound::All, tariff, None, past, &now).await.unwrap();
    assert_eq!(past, Err(DraftRefusal::InPast));

    versions::publish(connection, &OperatorBound::All, tariff, None, None, &now).await.unwrap().unwrap();
    draft(connection, tariff, flat("0.8")).await;
    let taken =
        versions::publish(connection, &OperatorBound::All, tariff, None, Some(noon()), &now).await.unwrap();
    assert_eq!(taken, Err(DraftRefusal::InstantTaken { number: 1 }));
    discard_draft(connection, &OperatorBound::All, tariff, Some(&[1]), &now).await.unwrap().unwrap();
    assert_eq!(
        draft(connection, tariff, flat("0.9")).await.number,
        2,
        "the number of a discarded draft must be used again"
    );

    tariffs::retire(connection, &OperatorBound::All, tariff, None, &now).await.unwrap().unwrap();
    let gone = versions::publish(connection, &OperatorBound::All, tariff, None, None, &now).await.unwrap();
    assert_eq!(gone, Err(DraftRefusal::NotFound));
    assert_eq!(
        versions::list(connection, tariff, None, 10).await.unwrap().len(),
        2,
        "versions of a retired tariff must stay readable"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_changes_a_published_version() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = made(&mut connection, "Night").await;
    publish(&mut connection, tariff, flat("0.7"), noon() + hours(1)).await;
    draft(&mut connection, tariff, flat("0.8")).await;
    let before = versions::list(&mut connection, tariff, None, 10).await.unwrap();
    let statements = [
        "update tariff_versions set price_list = '{}' where number = 1",
        "update tariff_versions set effective_from = effective_from + interval '1 second' where number = 1",
        "update tariff_versions set published_at = null, published_by = null, effective_from = null where number = 1",
        "update tariff_versions set number = 9 where number = 1",
        "update tariff_versions set published_by = 'me', activated_at = now() where number = 1",
        "delete from tariff_versions where number = 1",
        "delete from tariff_versions",
        "truncate tariff_versions",
        "truncate tariffs cascade",
        "insert into tariff_versions (tariff_id, number, price_list, revision, created_at, created_by, updated_at, updated_by)
         select tariff_id, 3, price_list, 1, now(), 'me', now(), 'me' from tariff_versions where number = 2",
    ];
    for statement in statements {
        let refused = connection.batch_execute(statement).await;
        assert!(refused.is_err(), "{statement}");
    }
    assert_eq!(versions::list(&mut connection, tariff, None, 10).await.unwrap(), before);

    let activate = "update tariff_versions set activated_at = now() where number = 1";
    connection.batch_execute(activate).await.unwrap();
    assert!(connection.batch_execute(activate).await.is_err(), "a version is activated only once");
    let back = "update tariff_versions set activated_at = null where number = 1";
    assert!(connection.batch_execute(back).await.is_err());
    connection.batch_execute("update tariff_versions set revision = 7 where number = 2").await.unwrap();
    connection.batch_execute("delete from tariff_versions where number = 2").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_invalid_stored_price_list_as_an_error() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = made(&mut connection, "Night").await;
    draft(&mut connection, tariff, flat("0.7")).await;
    database.execute("update tariff_versions set price_list = '{\"timeZone\": \"Mars\"}'").await;
    let broken = find(&mut connection, tariff, 1).await;
    assert!(matches!(broken, Err(StorageError::Inconsistent { table: "tariff_versions", .. })), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_concurrent_publications_succeeds() {
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = made(&mut connection, "Night").await;
    for round in 1..=10 {
        draft(&mut connection, tariff, flat("0.7")).await;
        let publishers = (0..4).map(|publisher| {
            let pool = database.pool.clone();
            async move {
                let mut own = pool.connection().await.unwrap();
                let at = Some(noon() + hours(round * 10 + publisher));
                versions::publish(&mut own, &OperatorBound::All, tariff, Some(&[1]), at, &signed(noon()))
                    .await
                    .unwrap()
            }
        });
        let outcomes = futures_util::future::join_all(publishers).await;
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused, [&DraftRefusal::NoDraft; 3], "{outcomes:?}");
    }
    let mut expected = vec!["Created 1".to_owned()];
    expected.extend((1..=10).map(|number| format!("Published 1 prices {number}")));
    assert_eq!(feed_lines(&mut connection, tariff).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_first_edits_share_one_draft() {
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = made(&mut connection, "Night").await;
    let writers = (0..4).map(|_| {
        let pool = database.pool.clone();
        async move { draft(&mut pool.connection().await.unwrap(), tariff, flat("0.7")).await }
    });
    let mut written = futures_util::future::join_all(writers).await;
    written.sort_by_key(|draft| draft.revision);
    let seen: Vec<_> = written.iter().map(|draft| (draft.number, draft.revision)).collect();
    assert_eq!(seen, [(1, 1), (1, 2), (1, 3), (1, 4)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_versions_in_pages_newest_first() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (tariff, other) = (made(connection, "Night").await, made(connection, "Day").await);
    publish(connection, other, flat("0.7"), noon()).await;
    for number in 1..=5 {
        publish(connection, tariff, flat("0.7"), noon() + hours(10 - number)).await;
    }
    let (mut numbers, mut before) = (vec![], None);
    loop {
        let page = versions::list(connection, tariff, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        numbers.extend(page.iter().map(|version| version.number));
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    let by = operator();
    let all = versions::list(connection, tariff, Some(u32::MAX), 10).await.unwrap();
    assert!(all.iter().all(|version| version.created.by == by) && all.len() == 5);
}
