//! The commands of all piles by time and by what they are.

use crate::fixture::{PILE, database, new, noon, outcome, record, reset, unpublished};
use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::commands::{Command, CommandState};
use domain::ids::{Actor, CommandId, PileId, StationId};
use storage::PooledConnection;
use storage::commands::{self, LogFilter, LogPlace, NewCommand};
use testkit::TestDatabase;
use uuid::Uuid;

/// The time of the command `number`.
fn at(number: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(number)
}

/// Six commands at [`at`] 0 to 5, two of them at their end: those with odd numbers were requested by
/// `night-shift`.
async fn filled() -> (TestDatabase, PooledConnection) {
    let (database, mut connection) = database().await;
    let commands: Vec<NewCommand> = (0..6_i64)
        .map(|number| {
            let by = if number % 2 == 0 { "order-service" } else { "night-shift" };
            let id = CommandId(Uuid::from_u128(u128::try_from(number).unwrap() + 1));
            let command = new(Command { id, issued_at: at(number), ..reset() });
            NewCommand { issued_by: Some(Actor::parse(by).unwrap()), ..command }
        })
        .collect();
    record(&mut connection, &commands).await.unwrap();
    let ended: Vec<_> =
        [1, 4].map(|number: usize| outcome(commands.get(number).unwrap(), unpublished())).into();
    commands::record_outcomes(&mut connection, &ended).await.unwrap();
    (database, connection)
}

/// The numbers of the listed commands.
async fn listed(connection: &mut PooledConnection, filter: LogFilter) -> Vec<i64> {
    let page = commands::list(connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
    assert_eq!(page.examined_to, None);
    page.commands.iter().map(|found| (found.record.issued_at - noon()).num_seconds()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_and_ended_commands_are_listed_in_one_order() {
    let (_database, mut connection) = filled().await;
    let failed = Some(CommandState::Failed);
    let issued_by = Some(Actor::parse("night-shift").unwrap());
    let nowhere = PileId(Uuid::from_u128(9));
    for (filter, expected) in [
        (LogFilter::default(), vec![5, 4, 3, 2, 1, 0]),
        (LogFilter { place: LogPlace::Pile(PILE), ..LogFilter::default() }, vec![5, 4, 3, 2, 1, 0]),
        (
            LogFilter { place: LogPlace::Station(StationId(PILE.0)), ..LogFilter::default() },
            vec![5, 4, 3, 2, 1, 0],
        ),
        (LogFilter { place: LogPlace::Pile(nowhere), ..LogFilter::default() }, vec![]),
        (LogFilter { from: Some(at(2)), until: Some(at(4)), ..LogFilter::default() }, vec![3, 2]),
        (LogFilter { state: failed, ..LogFilter::default() }, vec![4, 1]),
        (LogFilter { issued_by: issued_by.clone(), ..LogFilter::default() }, vec![5, 3, 1]),
        (LogFilter { state: failed, issued_by, name: Some("Reset"), ..LogFilter::default() }, vec![1]),
        (LogFilter { name: Some("UnlockConnector"), ..LogFilter::default() }, vec![]),
    ] {
        assert_eq!(listed(&mut connection, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_begins_after_its_position() {
    let (_database, mut connection) = filled().await;
    let third = (at(3), Uuid::from_u128(4));
    for place in [LogPlace::Fleet, LogPlace::Station(StationId(PILE.0)), LogPlace::Pile(PILE)] {
        let filter = LogFilter { place, ..LogFilter::default() };
        let page =
            commands::list(&mut connection, &OperatorBound::All, &filter, Some(third), 2).await.unwrap();
        let times: Vec<_> = page.commands.iter().map(|found| found.record.issued_at).collect();
        assert_eq!(times, [at(2), at(1)], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_caller_sees_the_commands_of_its_operators() {
    let (database, mut connection) = filled().await;
    database.execute("update stations set operator_id = 'op-1'").await;
    for (operator, expected) in [("op-1", 6), ("op-2", 0)] {
        let bound = OperatorBound::Only([operator.to_owned()].into());
        let page = commands::list(&mut connection, &bound, &LogFilter::default(), None, 10).await.unwrap();
        assert_eq!(page.commands.len(), expected, "{operator}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rare_filter_makes_a_page_short_and_states_where_the_next_one_begins() {
    let (database, mut connection) = filled().await;
    // Ended commands, newer than the others, of which a page examines only a part.
    let many = format!(
        "insert into commands (id, pile_id, charge_point_id, name, payload, state, open, gateway_id, partition, issued_at,
                               expires_at, life, issued_by)
         select gen_random_uuid(), pile_id, charge_point_id, name, payload, state, open, gateway_id, partition,
                issued_at + number * interval '1 s', expires_at, life, 'order-service'
         from commands cross join generate_series(10, 5010) as number where id = '{}'",
        Uuid::from_u128(2)
    );
    database.execute(&many).await;
    let filter = LogFilter { issued_by: Some(Actor::parse("night-shift").unwrap()), ..LogFilter::default() };
    let (mut found, mut position, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = commands::list(&mut connection, &OperatorBound::All, &filter, position, 10).await.unwrap();
        found.extend(page.commands.into_iter().map(|command| command.record.issued_at));
        position = page.examined_to;
        pages += 1;
        if position.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (vec![at(5), at(3), at(1)], 2));
}
