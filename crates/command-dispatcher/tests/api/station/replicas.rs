//! Several replicas, and what is left when one dies or stops.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_send_each_command_once() {
    let app = app(&[]).await;
    let _others = [app.replica(&[EAGER]), app.replica(&[EAGER])];
    let (station, _piles) = station(&app, 20).await;
    let orders = [
        app.order(station, "reset", json!({"ratePerSecond": 50})).await,
        app.order(station, "reset", json!({"ratePerSecond": 100})).await,
    ];
    for order in &orders {
        app.finished(order).await;
        assert!(
            app.holds(
                "(select bool_and(count = 1) from (select count(*) from command_batch_items
                            where state = 'sent' group by command_id) as sent)"
            )
            .await
        );
    }
    assert!(app.holds("(select count(*) from commands) = 40").await);
    assert!(app.holds("(select count(*) from command_batch_items where state = 'sent') = 40").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_claim_one_batch_send_each_command_once() {
    let app = app(&[]).await;
    let _other = app.replica(&[EAGER]);
    let (station, piles) = station(&app, 30).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 10})).await;
    // Simulates a frozen owner: another replica claims the batch while the first continues for a
    // while.
    testkit::eventually("the batch to be finished", || async {
        app.database.execute("update command_batches set leased_until = null").await;
        app.get(&format!("command-batches/{}", order.text("batchId"))).await.body["finishedAt"].is_string()
    })
    .await;
    assert!(app.holds("(select epoch > 1 from command_batches)").await);
    assert!(app.holds("(select bool_and(state = 'sent') from command_batch_items)").await);
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_replica_finishes_the_batch_of_a_dead_one_without_repeats() {
    let lease = ("dispatch.batch_lease_ms", "500");
    let mut app = app(&[lease]).await;
    let (station, piles) = station(&app, 25).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 5})).await;
    testkit::eventually("the first to be sent", || async {
        app.holds("exists (select 1 from command_batch_items where state = 'sent')").await
    })
    .await;
    app.served.abort();
    let next = app.replica(&[EAGER, lease]);
    app.switch_to(&next).await;
    app.finished(&order).await;
    assert!(app.holds("(select epoch > 1 from command_batches)").await);
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_recorded_item_outcome_is_not_sent_again() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    // Simulates a replica that died after it recorded its commands and before it recorded the
    // outcomes of the piles.
    app.database
        .execute(
            "update command_batch_items set state = 'waiting', command_id = null, settled_at = null;
             update command_batches set finished_at = null",
        )
        .await;
    app.finished(&order).await;
    assert!(
        app.holds("(select count(distinct command_id) from command_batch_items where state = 'sent') = 3")
            .await
    );
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_an_unknown_outcome_is_not_sent_again() {
    let app = app(&[("http.request_deadline_ms", "10000")]).await;
    let (station, piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 100})).await;
    app.finished(&order).await;
    // Simulates a replica that was killed before it recorded any outcome.
    app.database
        .execute(
            "update commands set state = 'accepted',
               life = jsonb_set(life, '{trail}', jsonb_build_array(life -> 'trail' -> 0));
             update command_batch_items set state = 'waiting', command_id = null, settled_at = null;
             update command_batches set finished_at = null",
        )
        .await;
    testkit::eventually("the batch to be finished", || async {
        app.holds("(select finished_at is not null from command_batches)").await
    })
    .await;
    assert!(
        app.holds("(select count(distinct command_id) from command_batch_items where state = 'sent') = 3")
            .await
    );
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stops_releases_its_batch() {
    let mut app = app(&[("dispatch.batch_lease_ms", "600000")]).await;
    let (station, piles) = station(&app, 20).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 4})).await;
    testkit::eventually("the first to be sent", || async {
        app.holds("exists (select 1 from command_batch_items where state = 'sent')").await
    })
    .await;
    app.context.shutdown.request();
    (&mut app.served).await.unwrap().unwrap();
    assert!(app.holds("(select leased_until is null and finished_at is null from command_batches)").await);
    assert!(
        app.holds(
            "(select count(*) from commands) =
                       (select count(*) from command_batch_items where state = 'sent')"
        )
        .await
    );
    let next = app.replica(&[EAGER]);
    app.switch_to(&next).await;
    app.finished(&order).await;
    app.assert_each_commanded_once(&piles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_stays_with_the_replica_that_carries_it_out() {
    // It is renewed every four seconds, and a busy machine may suspend the replica for eight.
    let lease = ("dispatch.batch_lease_ms", "12000");
    let app = app(&[lease]).await;
    let _other = app.replica(&[EAGER, lease]);
    let (station, _piles) = station(&app, 60).await;
    app.order(station, "reset", json!({"ratePerSecond": 1})).await;
    testkit::eventually("the lease to be renewed", || async {
        app.holds("(select leased_until > created_at + interval '15 s' and epoch = 1 from command_batches)")
            .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_batches_to_one_station_share_its_pace() {
    let app = app(&[]).await;
    let _others = [app.replica(&[EAGER]), app.replica(&[EAGER])];
    let (station, _piles) = station(&app, 10).await;
    let body = json!({"ratePerSecond": 10});
    let orders =
        [app.order(station, "reset", body.clone()).await, app.order(station, "reset", body.clone()).await];
    for order in &orders {
        app.finished(order).await;
    }
    // Twenty commands have nineteen gaps of 100 ms; twice as fast they would take less than 1 s.
    let took = "(select max(issued_at) - min(issued_at) > interval '1.5 s' from commands)";
    assert!(app.holds(took).await);
}
