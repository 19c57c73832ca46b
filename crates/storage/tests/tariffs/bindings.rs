//! Bindings of tariffs: those of one subject never overlap.

use crate::fixture::{binding, feed_lines, hours, label, made, noon, operator, place, signed};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{BindingId, ConnectorId, PileId, StationId};
use domain::tariffs::{Binding, Subject};
use futures_util::future::join_all;
use storage::Connection;
use storage::assets::{piles, stations};
use storage::tariffs::bindings::{
    BindingEndRefusal, BindingRecord, BindingRefusal, Filter, end, find, insert, list,
};
use testkit::TestDatabase;
use uuid::Uuid;

async fn bind(connection: &mut Connection, binding: &Binding) -> Result<BindingRecord, BindingRefusal> {
    insert(connection, &OperatorBound::All, binding, &signed(noon())).await.unwrap()
}

fn subjects(station_id: StationId, pile_id: PileId) -> [Subject; 6] {
    let connector = |number| ConnectorId::parse(number).unwrap();
    [
        Subject::Platform,
        Subject::Operator { operator_id: label("OP-1") },
        Subject::Station { station_id },
        Subject::Pile { pile_id },
        Subject::Connector { pile_id, connector_id: connector(1) },
        Subject::Connector { pile_id, connector_id: connector(2) },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_subject_has_its_own_bindings() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (tariff, other) = (made(connection, "Night").await, made(connection, "Day").await);
    let (station, pile) = place(connection).await;
    let mut records = vec![];
    for subject in subjects(station, pile) {
        let early = binding(subject.clone(), tariff, noon() + hours(1), Some(noon() + hours(2)));
        let late = binding(subject.clone(), other, noon() + hours(2), None);
        let clashing = binding(subject.clone(), other, noon(), Some(noon() + hours(2)));
        let early = bind(connection, &early).await.unwrap();
        let late = bind(connection, &late).await.unwrap();
        assert_eq!(early.made, signed(noon()));
        assert_eq!(
            find(connection, &OperatorBound::All, early.binding.id).await.unwrap().as_ref(),
            Some(&early)
        );
        let refused = Err(BindingRefusal::Clash(Box::new(early.binding.clone())));
        assert_eq!(bind(connection, &clashing).await, refused);
        let by_subject = Filter { subject: Some(subject), ..Filter::default() };
        let listed = list(connection, &OperatorBound::All, &by_subject, None, 10).await.unwrap();
        assert_eq!(listed, [late.clone(), early.clone()]);
        records.extend([early, late]);
    }
    let by_tariff = Filter { tariff_id: Some(tariff), ..Filter::default() };
    let mut listed = list(connection, &OperatorBound::All, &by_tariff, None, 10).await.unwrap();
    listed.reverse();
    let of_tariff = records.iter().filter(|made| made.binding.tariff_id == tariff);
    assert_eq!(listed, of_tariff.cloned().collect::<Vec<_>>());
    assert_eq!(feed_lines(connection, other).await.len(), 1 + 6);

    let (mut read, mut after) = (vec![], None);
    loop {
        let page = list(connection, &OperatorBound::All, &Filter::default(), after, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.made.at, last.binding.id));
        read.extend(page);
    }
    read.reverse();
    assert_eq!(read, records);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_binding_makes_room_for_another() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = made(connection, "Night").await;
    let held = binding(Subject::Platform, tariff, noon() + hours(2), None);
    bind(connection, &held).await.unwrap();
    let by = EditStamp { at: noon() + hours(3), by: operator() };
    let past = end(connection, &OperatorBound::All, held.id, noon() + hours(2), &by).await.unwrap();
    assert_eq!(past, Err(BindingEndRefusal::InPast));
    let until = noon() + hours(9);
    let ended = end(connection, &OperatorBound::All, held.id, until, &by).await.unwrap().unwrap();
    let expected = Binding { effective_until: Some(until), ..held.clone() };
    assert_eq!((&ended.binding, &ended.ended), (&expected, &Some(by.clone())));
    let again = end(connection, &OperatorBound::All, held.id, until, &signed(noon())).await.unwrap();
    assert_eq!(again.as_ref(), Ok(&ended), "ending it again must change nothing");
    let longer = end(connection, &OperatorBound::All, held.id, until + hours(1), &by).await.unwrap();
    assert_eq!(longer, Err(BindingEndRefusal::EndsEarlier { current: until }));

    let next = binding(Subject::Platform, tariff, until, None);
    bind(connection, &next).await.unwrap();
    let never = end(connection, &OperatorBound::All, next.id, by.at, &by).await.unwrap().unwrap();
    assert_eq!(never.binding.effective_until, Some(until), "the binding must end at its beginning");
    bind(connection, &binding(Subject::Platform, tariff, until, None)).await.unwrap();
    let over = end(connection, &OperatorBound::All, held.id, until, &signed(until + hours(1))).await.unwrap();
    assert_eq!(over, Ok(ended));
    let earlier =
        end(connection, &OperatorBound::All, held.id, noon() + hours(8), &signed(until)).await.unwrap();
    assert_eq!(earlier, Err(BindingEndRefusal::EndsEarlier { current: until }), "the binding has ended");
    let none = end(connection, &OperatorBound::All, BindingId(Uuid::now_v7()), until, &by).await.unwrap();
    assert_eq!(none, Err(BindingEndRefusal::NotFound));
    let feed_lines = feed_lines(connection, tariff).await;
    let expected =
        ["Created 1", "Made platform", "Ended platform", "Made platform", "Ended platform", "Made platform"];
    assert_eq!(feed_lines, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_bindings() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = made(connection, "Night").await;
    let (station, pile) = place(connection).await;
    let from = noon() + hours(1);
    let past = binding(Subject::Platform, tariff, noon() - hours(1), None);
    assert_eq!(bind(connection, &past).await, Err(BindingRefusal::InPast));
    let empty = binding(Subject::Platform, tariff, from, Some(from));
    assert_eq!(bind(connection, &empty).await, Err(BindingRefusal::NoTime));
    let unknown = binding(Subject::Platform, domain::ids::TariffId(Uuid::now_v7()), from, None);
    assert_eq!(bind(connection, &unknown).await, Err(BindingRefusal::TariffNotFound));
    piles::retire(connection, &OperatorBound::All, pile, None, &signed(noon())).await.unwrap().unwrap();
    stations::retire(connection, &OperatorBound::All, station, None, &signed(noon())).await.unwrap().unwrap();
    for subject in subjects(station, pile).into_iter().skip(2) {
        let gone = binding(subject, tariff, from, None);
        assert_eq!(bind(connection, &gone).await, Err(BindingRefusal::SubjectNotFound));
    }
    assert_eq!(feed_lines(connection, tariff).await, ["Created 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_concurrent_bindings_succeeds_and_is_named_to_the_others() {
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut tariffs = vec![];
    for number in 0..4 {
        tariffs.push(made(&mut connection, &format!("T{number}")).await);
    }
    for round in 0..15 {
        let operator_id = label(&format!("OP-{round}"));
        let binders = tariffs.iter().map(|tariff| {
            let subject = Subject::Operator { operator_id: operator_id.clone() };
            let wanted = binding(subject, *tariff, noon() + hours(1), None);
            let pool = database.pool.clone();
            tokio::spawn(async move { bind(&mut pool.connection().await.unwrap(), &wanted).await })
        });
        let outcomes: Vec<_> = join_all(binders).await.into_iter().map(Result::unwrap).collect();
        let made: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        let [winner] = made.as_slice() else { panic!("{outcomes:?}") };
        let refused = BindingRefusal::Clash(Box::new(winner.binding.clone()));
        let others: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(others, [&refused; 3]);
    }
}
