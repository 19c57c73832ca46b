//! Edits of tariffs, their history, and pages.

use crate::fixture::{binding, draft, feed_lines, flat, hours, label, noon, operator, signed, tariff};
use domain::assets::{OperatorBound, Revision};
use domain::ids::TariffId;
use domain::tariffs::{Binding, Currency, Subject, TariffDetails, TariffStatus};
use storage::assets::audit;
use storage::assets::audit::Edited;
use storage::tariffs::{Filter, TariffRecord, TariffRefusal, bindings, versions};
use storage::{Connection, tariffs};
use testkit::TestDatabase;
use uuid::Uuid;

async fn update(
    connection: &mut Connection,
    id: TariffId,
    expected: Option<&[i64]>,
    details: &TariffDetails,
) -> Result<TariffRecord, TariffRefusal> {
    let change = |_: &_| Ok(details.clone());
    tariffs::update(connection, &OperatorBound::All, id, expected, &signed(noon() + hours(1)), change)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_publishes_each_edit_of_a_tariff() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = tariff("Night", noon());
    tariffs::insert(connection, &tariff, &operator()).await.unwrap();
    assert_eq!(
        tariffs::find(connection, &OperatorBound::All, tariff.id).await.unwrap(),
        Some(tariff.clone())
    );

    let details = TariffDetails {
        name: label("夜间"),
        operator_id: None,
        currency: Currency::parse("EUR").unwrap(),
        status: TariffStatus::Draft,
        change_rule: domain::tariffs::ChangeRule::FrozenAtStart,
    };
    let other = update(connection, tariff.id, Some(&[2]), &details).await;
    assert_eq!(other, Err(TariffRefusal::OtherVersion { current: 1 }));
    let updated = update(connection, tariff.id, Some(&[1]), &details).await.unwrap();
    let revision = Revision { updated_at: noon() + hours(1), version: 2, ..tariff.revision };
    assert_eq!(updated, TariffRecord { details: details.clone(), revision, ..tariff.clone() });

    let later = signed(noon() + hours(2));
    let other =
        tariffs::retire(connection, &OperatorBound::All, tariff.id, Some(&[1]), &later).await.unwrap();
    assert_eq!(other, Err(TariffRefusal::OtherVersion { current: 2 }));
    tariffs::retire(connection, &OperatorBound::All, tariff.id, Some(&[2]), &later).await.unwrap().unwrap();
    assert_eq!(tariffs::find(connection, &OperatorBound::All, tariff.id).await.unwrap(), None);
    assert!(tariffs::is_known(connection, &OperatorBound::All, tariff.id).await.unwrap());
    assert!(!tariffs::is_known(connection, &OperatorBound::All, TariffId(Uuid::now_v7())).await.unwrap());
    let gone = tariffs::retire(connection, &OperatorBound::All, tariff.id, None, &later).await.unwrap();
    assert_eq!(gone, Err(TariffRefusal::NotFound));
    assert_eq!(update(connection, tariff.id, None, &details).await, Err(TariffRefusal::NotFound));

    assert_eq!(feed_lines(connection, tariff.id).await, ["Created 1", "Updated 2", "Retired 3"]);
    let edits =
        audit::list(connection, &OperatorBound::All, Edited::Tariff, tariff.id.0, None, 10).await.unwrap();
    let (was, is) = (serde_json::to_value(&tariff.details).unwrap(), serde_json::to_value(&details).unwrap());
    let details_of_edits: Vec<_> =
        edits.into_iter().map(|edit| (edit.action, edit.before, edit.after)).collect();
    assert_eq!(
        details_of_edits,
        [
            ("retired".to_owned(), Some(is.clone()), None),
            ("updated".to_owned(), Some(was.clone()), Some(is)),
            ("created".to_owned(), None, Some(was)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_currency_is_fixed_once_there_are_prices() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = tariff("Night", noon());
    tariffs::insert(&mut connection, &tariff, &operator()).await.unwrap();
    draft(&mut connection, tariff.id, flat("0.7")).await;
    let euros = TariffDetails { currency: Currency::parse("EUR").unwrap(), ..tariff.details.clone() };
    assert_eq!(update(&mut connection, tariff.id, None, &euros).await, Err(TariffRefusal::CurrencyFixed));
    let renamed = TariffDetails { name: label("Day"), ..tariff.details };
    update(&mut connection, tariff.id, None, &renamed).await.unwrap();
    versions::discard_draft(&mut connection, &OperatorBound::All, tariff.id, None, &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    update(&mut connection, tariff.id, None, &euros).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_tariff_is_not_retired() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = tariff("Night", noon());
    tariffs::insert(connection, &tariff, &operator()).await.unwrap();
    let later = noon() + hours(5);
    let bound = binding(Subject::Platform, tariff.id, later, None);
    bindings::insert(connection, &OperatorBound::All, &bound, &signed(noon())).await.unwrap().unwrap();
    let refused =
        tariffs::retire(connection, &OperatorBound::All, tariff.id, None, &signed(noon())).await.unwrap();
    assert_eq!(refused, Err(TariffRefusal::Bound { by: Some(bound.id) }));
    bindings::end(connection, &OperatorBound::All, bound.id, later + hours(1), &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    let refused =
        tariffs::retire(connection, &OperatorBound::All, tariff.id, None, &signed(later)).await.unwrap();
    assert_eq!(refused, Err(TariffRefusal::Bound { by: Some(bound.id) }));
    tariffs::retire(connection, &OperatorBound::All, tariff.id, None, &signed(later + hours(1)))
        .await
        .unwrap()
        .unwrap();

    let gone = binding(Subject::Platform, tariff.id, later + hours(2), None);
    let refused = bindings::insert(connection, &OperatorBound::All, &gone, &signed(noon())).await.unwrap();
    assert_eq!(refused, Err(bindings::BindingRefusal::TariffNotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_no_binding_of_another_operator() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = tariff("Night", noon());
    tariffs::insert(connection, &tariff, &operator()).await.unwrap();
    let of = |operator: &str| Subject::Operator { operator_id: label(operator) };
    let other = binding(of("OP-2"), tariff.id, noon(), None);
    let own = binding(of("OP-1"), tariff.id, noon() + hours(1), None);
    let bound = OperatorBound::Only(["OP-1".to_owned()].into());
    let mut retire = async |by: &OperatorBound, bindings: &[&Binding]| {
        for binding in bindings {
            bindings::insert(connection, &OperatorBound::All, binding, &signed(noon()))
                .await
                .unwrap()
                .unwrap();
        }
        tariffs::retire(connection, by, tariff.id, None, &signed(noon())).await.unwrap().unwrap_err()
    };
    let refused = retire(&bound, &[&other]).await;
    assert_eq!(refused, TariffRefusal::Bound { by: None });
    assert_eq!(refused.to_string(), "the tariff is bound");
    assert_eq!(retire(&OperatorBound::All, &[]).await, TariffRefusal::Bound { by: Some(other.id) });
    assert_eq!(retire(&bound, &[&own]).await, TariffRefusal::Bound { by: Some(own.id) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_tariff_does_not_become_a_draft_and_a_draft_is_not_bound() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = tariff("Night", noon());
    tariffs::insert(connection, &tariff, &operator()).await.unwrap();
    let draft = TariffDetails { status: TariffStatus::Draft, ..tariff.details.clone() };
    update(connection, tariff.id, None, &draft).await.unwrap();
    let bound = binding(Subject::Platform, tariff.id, noon(), Some(noon() + hours(1)));
    let refused = bindings::insert(connection, &OperatorBound::All, &bound, &signed(noon())).await.unwrap();
    assert_eq!(refused, Err(bindings::BindingRefusal::TariffNotActive));
    update(connection, tariff.id, None, &tariff.details).await.unwrap();
    bindings::insert(connection, &OperatorBound::All, &bound, &signed(noon())).await.unwrap().unwrap();
    bindings::end(connection, &OperatorBound::All, bound.id, noon() + hours(1), &signed(noon() + hours(2)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        update(connection, tariff.id, None, &draft).await,
        Err(TariffRefusal::Bound { by: Some(bound.id) })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_never_applied_does_not_prevent_retirement() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let tariff = tariff("Night", noon());
    tariffs::insert(&mut connection, &tariff, &operator()).await.unwrap();
    let bound = binding(Subject::Platform, tariff.id, noon() + hours(5), None);
    bindings::insert(&mut connection, &OperatorBound::All, &bound, &signed(noon())).await.unwrap().unwrap();
    bindings::end(&mut connection, &OperatorBound::All, bound.id, noon(), &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    tariffs::retire(&mut connection, &OperatorBound::All, tariff.id, None, &signed(noon()))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_pages_from_the_newest_to_the_oldest() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let mut all = vec![];
    for number in 0..7 {
        // Some have the same creation time.
        let mut tariff = tariff(&format!("T{number}"), noon() + hours(number / 2));
        if number % 2 == 0 {
            tariff.details.operator_id = Some(label("OP-2"));
            tariff.details.status = TariffStatus::Draft;
        }
        tariffs::insert(connection, &tariff, &operator()).await.unwrap();
        all.push(tariff);
    }
    all.sort_by_key(|tariff| (tariff.revision.created_at, tariff.id));
    all.reverse();
    let (mut read, mut after) = (vec![], None);
    loop {
        let page =
            tariffs::list(connection, &OperatorBound::All, &Filter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.revision.created_at, last.id));
        read.extend(page);
    }
    assert_eq!(read, all);

    let mut listed =
        async |filter| tariffs::list(connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
    let named = |operator: &str| Some(label(operator));
    assert_eq!(listed(Filter { operator_id: named("OP-2"), ..Filter::default() }).await.len(), 4);
    assert_eq!(listed(Filter { operator_id: named("OP-1"), ..Filter::default() }).await.len(), 3);
    assert_eq!(listed(Filter { status: Some(TariffStatus::Active), ..Filter::default() }).await.len(), 3);
    assert!(listed(Filter { retired: true, ..Filter::default() }).await.is_empty());
    let gone = all.remove(0);
    let mut other = database.pool.connection().await.unwrap();
    tariffs::retire(&mut other, &OperatorBound::All, gone.id, None, &signed(noon())).await.unwrap().unwrap();
    assert_eq!(listed(Filter::default()).await, all);
    let retired = listed(Filter { retired: true, ..Filter::default() }).await;
    assert_eq!(retired.iter().map(|tariff| tariff.id).collect::<Vec<_>>(), [gone.id]);
}
