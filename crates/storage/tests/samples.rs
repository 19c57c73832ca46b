//! Partitions of meter samples, created and dropped concurrently.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::NaiveDate;
use storage::devices::meter_samples::DAYS;
use testkit::TestDatabase;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_create_a_day_once() {
    let database = TestDatabase::new().await;
    let creators = (0..16).map(|number| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            DAYS.ensure(&mut connection, day(1 + number % 3)).await.unwrap();
        })
    });
    for creator in creators.collect::<Vec<_>>() {
        creator.await.unwrap();
    }
    let mut connection = database.pool.connection().await.unwrap();
    assert_eq!(DAYS.list(&mut connection).await.unwrap(), [day(1), day(2), day(3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn drops_old_days_with_their_samples() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    for number in 1..=3 {
        DAYS.ensure(&mut connection, day(number)).await.unwrap();
        let at = format!("2026-11-{number:02} 12:00:00+00");
        database.execute(&format!("insert into meter_samples values ('CP', 1, '{at}', 1)")).await;
    }
    assert_eq!(DAYS.drop_before(&mut connection, day(3)).await.unwrap(), [day(1), day(2)]);
    assert_eq!(database.json("select count(*) from meter_samples").await, serde_json::json!(1));
    DAYS.ensure(&mut connection, day(2)).await.unwrap();
    assert_eq!(DAYS.list(&mut connection).await.unwrap(), [day(2), day(3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_drop_days_of_a_locked_table() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    DAYS.ensure(&mut connection, day(1)).await.unwrap();
    let mut reader = database.pool.connection().await.unwrap();
    diesel_async::SimpleAsyncConnection::batch_execute(&mut *reader, "begin; select 1 from meter_samples")
        .await
        .unwrap();
    assert!(DAYS.drop_before(&mut connection, day(2)).await.is_err());
    diesel_async::SimpleAsyncConnection::batch_execute(&mut *reader, "commit").await.unwrap();
    assert_eq!(DAYS.drop_before(&mut connection, day(2)).await.unwrap(), [day(1)]);
}
