//! Versions that come into force are announced once each, by any number of replicas.

use crate::fixture::{draft, feed_lines, flat, hours, in_an_hour, made, noon, publish, signed};
use domain::assets::OperatorBound;
use futures_util::future::join_all;
use storage::tariffs::{self, activate_due, versions};
use testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn announces_a_version_when_it_comes_into_force() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let tariff = made(connection, "Night").await;
    publish(connection, tariff, flat("0.8"), noon() + hours(2)).await;
    publish(connection, tariff, flat("0.7"), noon() + hours(1)).await;
    publish(connection, tariff, flat("0.9"), in_an_hour(&database).await).await;
    draft(connection, tariff, flat("1.0")).await;
    let retired = made(connection, "Day").await;
    publish(connection, retired, flat("0.7"), noon() + hours(1)).await;
    tariffs::retire(connection, &OperatorBound::All, retired, None, &signed(noon())).await.unwrap().unwrap();

    let other = made(connection, "Weekend").await;
    publish(connection, other, flat("0.7"), noon() + hours(1)).await;

    let one_by_one = [activate_due(connection, 1).await.unwrap(), activate_due(connection, 1).await.unwrap()];
    assert_eq!(one_by_one, [2, 1], "at most the limit of tariffs per call");
    assert_eq!(activate_due(connection, 10).await.unwrap(), 0, "the last version is not in force yet");
    let announced = feed_lines(connection, tariff).await;
    assert_eq!(
        announced.split_at(4).1,
        ["Activated 1 prices 2", "Activated 1 prices 1"],
        "announcements must be ordered by effective time"
    );
    assert_eq!(feed_lines(connection, retired).await.last().unwrap(), "Retired 2");
    let marked = versions::list(connection, tariff, None, 10).await.unwrap();
    let marked = marked.into_iter().filter_map(|version| Some((version.number, version.publication?)));
    let marked: Vec<_> =
        marked.map(|(number, publication)| (number, publication.activated_at.is_some())).collect();
    assert_eq!(marked, [(3, false), (2, true), (1, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_replicas_announces_each_version() {
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut expected = vec!["Created 1".to_owned()];
    expected.extend((1..=5).map(|number| format!("Published 1 prices {number}")));
    expected.extend((1..=5).map(|number| format!("Activated 1 prices {number}")));
    let mut tariffs = vec![];
    for _ in 0..12 {
        let tariff = made(&mut connection, "Night").await;
        for number in 1..=5 {
            publish(&mut connection, tariff, flat("0.7"), noon() + hours(number)).await;
        }
        tariffs.push(tariff);
    }
    let replicas = (0..6).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let mut own = pool.connection().await.unwrap();
            let mut announced = 0;
            for _ in 0..20 {
                announced += activate_due(&mut own, 4).await.unwrap();
            }
            announced
        })
    });
    let announced_by: Vec<usize> = join_all(replicas).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(announced_by.iter().sum::<usize>(), 60, "{announced_by:?}");
    for tariff in tariffs {
        assert_eq!(
            feed_lines(&mut connection, tariff).await,
            expected,
            "each change must occur once and in order"
        );
    }
}
