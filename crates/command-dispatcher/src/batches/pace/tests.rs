use super::*;
use futures_util::future::join_all;
use uuid::Uuid;

const GAP: Duration = Duration::from_millis(20);

const fn station(number: u128) -> StationId {
    StationId(Uuid::from_u128(number))
}

#[tokio::test]
async fn two_batches_to_one_station_share_its_pace() {
    let paces = StationPaces::default();
    let begun = Instant::now();
    let batch = async |pace: Arc<StationPace>| {
        let mut turns = Vec::new();
        for _ in 0..5 {
            pace.turn(GAP).await;
            turns.push(Instant::now());
        }
        turns
    };
    let (first, second) = tokio::join!(batch(paces.of(station(1))), batch(paces.of(station(1))));
    assert!(begun.elapsed() >= GAP * 9, "ten turns have nine gaps");
    let turns = |batch: &[Instant], name| batch.iter().map(|at| (*at, name)).collect::<Vec<_>>();
    let mut order = [turns(&first, 1), turns(&second, 2)].concat();
    order.sort_unstable();
    assert!(order.windows(2).all(|two| two[0].1 != two[1].1), "the batches are sent in turns: {order:?}");
}

#[tokio::test]
async fn stations_do_not_wait_for_each_other() {
    let paces = StationPaces::default();
    let begun = Instant::now();
    let hour = Duration::from_secs(3_600);
    join_all((0..9).map(|number| {
        let pace = paces.of(station(number));
        async move { pace.turn(hour).await }
    }))
    .await;
    assert!(begun.elapsed() < hour);
}

#[tokio::test]
async fn a_batch_that_follows_another_one_waits_for_its_turn() {
    let paces = StationPaces::default();
    // Before the first turn: a busy machine may suspend the test afterwards.
    let begun = Instant::now();
    paces.of(station(1)).turn(GAP * 2).await;
    paces.of(station(1)).turn(GAP).await;
    assert!(begun.elapsed() >= GAP * 2, "{:?}", begun.elapsed());
    tokio::time::sleep(GAP * 2).await;
    paces.of(station(2)).turn(GAP).await;
    assert_eq!(paces.known.locked().len(), 1, "paces that no batch waits for are forgotten");
}
