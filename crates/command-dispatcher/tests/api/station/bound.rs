//! Batches of callers that are bound to operators.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_that_was_moved_to_another_operator_is_not_commanded() {
    let app = app(&[]).await;
    let (station, piles) = station(&app, 2).await;
    let other = app.station().await;
    let id = Uuid::now_v7();
    let [own, moved] = [&piles[0].id, &piles[1].id];
    // Pile by pile the batch is as the caller requested it; one of them was moved since.
    let sql = format!(
        "update stations set operator_id = 'op-1' where id = '{station}';
         update stations set operator_id = 'op-2' where id = '{other}';
         update piles set station_id = '{other}' where id = '{moved}';
         insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at, operators)
         values ('{id}', '{station}', 'Reset', '{{\"command\": \"reset\", \"type\": \"Soft\"}}', 100, 2, now(),
                 now() + interval '10 min', array['op-1']);
         insert into command_batch_items (batch_id, pile_id, charge_point_id)
         select '{id}', id, charge_point_id from piles where id in ('{own}', '{moved}')"
    );
    app.database.execute(&sql).await;
    testkit::eventually("the batch to be finished", || async {
        app.holds("(select finished_at is not null from command_batches)").await
    })
    .await;
    let refused = format!(
        "(select state = 'refused' and code = 'PILE_NOT_FOUND' and detail is null and command_id is null
          from command_batch_items where pile_id = '{moved}')"
    );
    assert!(app.holds(&refused).await);
    app.assert_each_commanded_once(&piles[..1]).await;
}
