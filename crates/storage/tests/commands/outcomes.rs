//! The outcomes of commands: publication and expiry.

use crate::fixture::{database, found, new, noon, outcome, record, reset, state, unpublished};
use chrono::TimeDelta;
use domain::commands::{Command, CommandState, FailureCode, Step};
use domain::ids::GatewayId;
use std::time::Duration;
use storage::PooledConnection;
use storage::commands::{self, NewCommand};

#[tokio::test(flavor = "multi_thread")]
async fn records_the_outcome_of_a_publication_once() {
    let (_database, mut connection) = database().await;
    let published = Step::Published { offset: 7 };
    let unconfirmed = Step::Unconfirmed { detail: "no answer".to_owned() };
    for (first, expected) in [
        (&published, CommandState::Published),
        (&unconfirmed, CommandState::Unknown),
        (&unpublished(), CommandState::Failed),
    ] {
        let new = new(reset());
        record(&mut connection, std::slice::from_ref(&new)).await.unwrap();
        for _ in 0..2 {
            commands::record_outcomes(&mut connection, &[outcome(&new, first.clone())]).await.unwrap();
            let record = found(&mut connection, new.command.id).await.record;
            assert_eq!((record.life.state(), record.life.trail().len()), (expected, 2));
        }
    }
    let unrecorded = new(reset());
    commands::record_outcomes(&mut connection, &[outcome(&unrecorded, published)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_response_expires_by_postgresql_s_clock() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at, gateway_id)
             values ('CP-1', true, now(), 'gateway-0')",
        )
        .await;
    let due = new(reset());
    let moved = new(Command { gateway_id: GatewayId::parse("gateway-7").unwrap(), ..reset() });
    let later = new(Command { expires_at: noon() + TimeDelta::days(36_500), ..reset() });
    record(&mut connection, &[due.clone(), moved.clone(), later.clone()]).await.unwrap();
    let grace = Duration::from_secs(5);
    let ended = commands::expire_due(&mut connection, grace, None, 10).await.unwrap();
    assert_eq!(ended.len(), 2);
    assert!(commands::expire_due(&mut connection, grace, None, 10).await.unwrap().is_empty());
    let failure = async |connection: &mut PooledConnection, new: &NewCommand| {
        found(connection, new.command.id).await.record.life.failure().map(|failure| failure.code)
    };
    assert_eq!(failure(&mut connection, &due).await, Some(FailureCode::NoAnswer));
    assert_eq!(failure(&mut connection, &moved).await, Some(FailureCode::RouteStale));
    assert_eq!(state(&mut connection, later.command.id).await, CommandState::Accepted);
    // Resets stay open for longer: the device may have executed them nevertheless.
    assert_eq!(commands::close_past(&mut connection, Duration::ZERO, 10).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_only_commands_that_expired_within_the_given_time() {
    let (database, mut connection) = database().await;
    let (old, recent) = (new(reset()), new(reset()));
    record(&mut connection, &[old.clone(), recent.clone()]).await.unwrap();
    let expired = format!(
        "update commands set expires_at = now() - case id when '{}' then interval '1 hour' else interval '1 minute' end",
        old.command.id
    );
    database.execute(&expired).await;
    let mut expire = async |within: Option<u64>| {
        let within = within.map(Duration::from_secs);
        let ended = commands::expire_due(&mut connection, Duration::from_secs(5), within, 10).await.unwrap();
        ended.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert!(expire(Some(10)).await.is_empty());
    assert_eq!(expire(Some(600)).await, [recent.command.id]);
    assert_eq!(expire(None).await, [old.command.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_expire_each_command_once() {
    let (database, mut connection) = database().await;
    let due: Vec<_> = (0..20).map(|_| new(reset())).collect();
    record(&mut connection, &due).await.unwrap();
    let expire = async || {
        let mut connection = database.pool.connection().await.unwrap();
        commands::expire_due(&mut connection, Duration::ZERO, None, 100).await.unwrap().len()
    };
    let (a, b, c) = tokio::join!(expire(), expire(), expire());
    assert_eq!(a + b + c, 20);
}
