//! The prices of a place are loaded at once, from all levels of bindings.

use crate::fixture::{binding, elaborate, flat, hours, label, made, noon, place, publish, signed};
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{ConnectorId, PileId, StationId, TariffId};
use domain::tariffs::{Binding, Level, Outcome, PriceBook, PricedPlace, Subject, Tariff};
use storage::Connection;
use storage::assets::piles;
use storage::tariffs::{self, PriceTarget, bindings, load_book, versions};
use testkit::TestDatabase;
use uuid::Uuid;

async fn bind(
    connection: &mut Connection,
    subject: Subject,
    tariff: TariffId,
    from: DateTime<Utc>,
) -> Binding {
    let wanted = binding(subject, tariff, from, None);
    bindings::insert(connection, &OperatorBound::All, &wanted, &signed(noon()))
        .await
        .unwrap()
        .unwrap()
        .binding
}

async fn load(
    connection: &mut Connection,
    spot: PriceTarget,
    from: i64,
    to: i64,
) -> (PricedPlace, PriceBook) {
    load_book(connection, &OperatorBound::All, spot, noon() + hours(from), noon() + hours(to))
        .await
        .unwrap()
        .unwrap()
}

fn first() -> ConnectorId {
    ConnectorId::parse(1).unwrap()
}

/// Creates a binding with its own tariff at each level, and bindings elsewhere whose tariffs must
/// not matter.
async fn bind_all(connection: &mut Connection, station_id: StationId, pile_id: PileId) -> Vec<Binding> {
    let (other_station, other_pile) = place(connection).await;
    let second = ConnectorId::parse(2).unwrap();
    let elsewhere = [
        Subject::Operator { operator_id: label("OP-2") },
        Subject::Station { station_id: other_station },
        Subject::Pile { pile_id: other_pile },
        Subject::Connector { pile_id, connector_id: second },
        Subject::Connector { pile_id: other_pile, connector_id: first() },
    ];
    let here = [
        Subject::Platform,
        Subject::Operator { operator_id: label("OP-1") },
        Subject::Station { station_id },
        Subject::Pile { pile_id },
        Subject::Connector { pile_id, connector_id: first() },
    ];
    for subject in elsewhere {
        let tariff = made(connection, "Elsewhere").await;
        bind(connection, subject, tariff, noon()).await;
    }
    let mut bound = vec![];
    for (subject, price) in here.into_iter().zip(["0.1", "0.2", "0.3", "0.4", "0.5"]) {
        let tariff = made(connection, price).await;
        publish(connection, tariff, flat(price), noon()).await;
        bound.push(bind(connection, subject, tariff, noon()).await);
    }
    bound
}

#[tokio::test(flavor = "multi_thread")]
async fn the_narrowest_binding_prices_a_place() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (station, pile) = place(connection).await;
    let bound = bind_all(connection, station, pile).await;
    let levels = |book: &PriceBook| {
        let mut levels: Vec<_> = book.bindings.iter().map(|binding| binding.subject.level()).collect();
        levels.sort_unstable();
        levels
    };
    let all = [Level::Platform, Level::Operator, Level::Station, Level::Pile, Level::Connector];
    let spots = [
        (PriceTarget::Station(station), 3),
        (PriceTarget::Pile(pile), 4),
        (PriceTarget::Connector(pile, first()), 5),
    ];
    for (spot, known) in spots {
        let (place, book) = load(connection, spot, 0, 1).await;
        assert_eq!(levels(&book), all.split_at(known).0);
        assert_eq!(book.tariffs.len(), known);
        assert_eq!((place.operator_id.as_ref(), place.station_id), (Some(&label("OP-1")), station));
        let price = book.price_at(&place, noon()).unwrap();
        assert_eq!(price.rate.electricity_price.to_string(), format!("0.{known}"));
        for binding in &book.bindings {
            assert!(bound.contains(binding));
        }
    }
    for left in (1..5).rev() {
        let narrowest = bound[left].id;
        bindings::end(connection, &OperatorBound::All, narrowest, noon(), &signed(noon()))
            .await
            .unwrap()
            .unwrap();
        let (place, book) = load(connection, PriceTarget::Connector(pile, first()), 0, 1).await;
        let price = book.price_at(&place, noon()).unwrap();
        assert_eq!(price.rate.electricity_price.to_string(), format!("0.{left}"));
    }
    piles::retire(connection, &OperatorBound::All, pile, None, &signed(noon())).await.unwrap().unwrap();
    load(connection, PriceTarget::Pile(pile), 0, 1).await;
    for spot in [PriceTarget::Pile(PileId(Uuid::now_v7())), PriceTarget::Station(StationId(Uuid::now_v7()))] {
        assert_eq!(load_book(connection, &OperatorBound::All, spot, noon(), noon()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_book_contains_what_is_in_force_in_its_period() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (station, _) = place(connection).await;
    let tariff = made(connection, "Night").await;
    publish(connection, tariff, elaborate(), noon()).await;
    for number in 1..=4 {
        publish(connection, tariff, flat("0.7"), noon() + hours(number * 10)).await;
    }
    let check = |_: &_| Ok::<_, versions::DraftRefusal>(flat("9"));
    versions::put_draft(connection, &OperatorBound::All, tariff, None, &signed(noon()), check)
        .await
        .unwrap()
        .unwrap();
    let early = bind(connection, Subject::Station { station_id: station }, tariff, noon()).await;
    let end = noon() + hours(25);
    bindings::end(connection, &OperatorBound::All, early.id, end, &signed(noon())).await.unwrap().unwrap();
    let late = bind(connection, Subject::Station { station_id: station }, tariff, end).await;

    let spot = PriceTarget::Station(station);
    let seen = async |connection: &mut Connection, from, to| {
        let (_, book) = load(connection, spot, from, to).await;
        let mut bound: Vec<_> = book.bindings.iter().map(|binding| binding.id).collect();
        bound.sort_unstable();
        let mut numbers: Vec<u32> =
            book.tariffs.iter().flat_map(|tariff| &tariff.versions).map(|version| version.number).collect();
        numbers.sort_unstable();
        (bound, numbers)
    };
    let both = vec![early.id, late.id];
    assert_eq!(seen(connection, -5, -1).await, (vec![early.id], vec![]), "only the next one is loaded");
    assert_eq!(seen(connection, -5, 0).await, (both.clone(), vec![1]));
    assert_eq!(seen(connection, 0, 9).await, (both.clone(), vec![1]));
    assert_eq!(seen(connection, 9, 10).await, (both.clone(), vec![1, 2]));
    assert_eq!(seen(connection, 10, 24).await, (both.clone(), vec![2, 3]));
    assert_eq!(seen(connection, 24, 25).await, (both.clone(), vec![3]));
    assert_eq!(seen(connection, 25, 99).await, (both.clone(), vec![3, 4, 5]));
    assert_eq!(
        seen(connection, 99, 9).await,
        (both, vec![5]),
        "a reversed period is treated as its beginning"
    );

    let (_, book) = load(connection, spot, 0, 50).await;
    let mut whole = book.tariffs;
    for tariff in &mut whole {
        tariff.versions.sort_by_key(|version| version.number);
    }
    let details = tariffs::find(connection, &OperatorBound::All, tariff).await.unwrap().unwrap().details;
    let mut listed = versions::list(connection, tariff, None, 10).await.unwrap();
    listed.reverse();
    let published = listed.into_iter().filter_map(|version| {
        let effective_from = version.publication?.effective_from;
        let (number, price_list) = (version.number, version.price_list);
        Some(domain::tariffs::TariffVersion { number, effective_from, price_list })
    });
    let versions: Vec<_> = published.collect();
    assert_eq!(versions[0].price_list, elaborate());
    assert_eq!(whole, [Tariff { id: tariff, details, versions }]);
}

/// Five bindings of a station from hour 0 on, an hour each with an hour between them; the fourth was
/// ended before it began. The platform has one from hour 100 on.
#[tokio::test(flavor = "multi_thread")]
async fn the_bindings_before_and_after_the_period_are_loaded_without_their_tariffs() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (station, _) = place(connection).await;
    let tariff = made(connection, "Hourly").await;
    publish(connection, tariff, flat("0.7"), noon()).await;
    let subject = Subject::Station { station_id: station };
    let mut hourly = vec![];
    for number in 0..5 {
        let from = noon() + hours(2 * number);
        let wanted = binding(subject.clone(), tariff, from, Some(from + hours(1)));
        let made = bindings::insert(connection, &OperatorBound::All, &wanted, &signed(noon())).await.unwrap();
        hourly.push(made.unwrap().binding);
    }
    let (fourth, begin) = (hourly[3].id, hourly[3].effective_from);
    bindings::end(connection, &OperatorBound::All, fourth, begin, &signed(noon())).await.unwrap().unwrap();
    let later = bind(connection, Subject::Platform, tariff, noon() + hours(100)).await;
    let at = |hour: i64, minutes: i64| noon() + hours(hour) + chrono::TimeDelta::minutes(minutes);
    let found = async |connection: &mut Connection, at| {
        let (place, book) = load_book(connection, &OperatorBound::All, PriceTarget::Station(station), at, at)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(book.tariffs.len(), usize::from(book.price_at(&place, at).is_ok()));
        let considered = book.resolve(&place, at).considered;
        considered.into_iter().map(|one| (one.binding_id, one.outcome)).collect::<Vec<_>>()
    };
    let over = |index: usize| {
        let effective_until = hourly[index].effective_until.unwrap();
        (hourly[index].id, Outcome::Over { effective_until })
    };
    let not_yet =
        |binding: &Binding| (binding.id, Outcome::NotYet { effective_from: binding.effective_from });
    let applies = |index: usize| (hourly[index].id, Outcome::Applies);
    let platform = not_yet(&later);
    assert_eq!(found(connection, at(-1, 0)).await, [not_yet(&hourly[0]), platform]);
    assert_eq!(found(connection, at(0, 30)).await, [not_yet(&hourly[1]), applies(0), platform]);
    assert_eq!(found(connection, at(1, 0)).await, [not_yet(&hourly[1]), over(0), platform]);
    assert_eq!(found(connection, at(5, 30)).await, [not_yet(&hourly[4]), over(2), platform]);
    assert_eq!(found(connection, at(9, 0)).await, [over(4), platform]);
    let after = [over(4), (later.id, Outcome::Applies)];
    assert_eq!(found(connection, at(100, 0)).await, after);
}
