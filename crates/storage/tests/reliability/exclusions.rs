//! Downtime that does not count.

use crate::fixture::{Ledger, PILE, STATION, at, of, window};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{Actor, ConnectorId, ExclusionId, PileId};
use domain::reliability::{ExclusionReason, ExclusionScope};
use domain::text::Label;
use serde_json::{Value, json};
use std::time::Duration;
use storage::Slice;
use storage::assets::audit::{TrailFilter, list_trail};
use storage::reliability::exclusions::{
    ExclusionRecord, ExclusionRefusal, Filter, NewExclusion, WithdrawalRefusal, find, insert, list, prune,
    withdraw,
};
use storage::reliability::roll_up::backlog;
use uuid::Uuid;

fn stamp() -> EditStamp {
    EditStamp { at: at("2026-06-10T00:00:00Z"), by: Actor::parse("back-office").unwrap() }
}

/// An hour of the failure on 1 June.
fn new(scope: ExclusionScope) -> NewExclusion {
    NewExclusion {
        id: ExclusionId(Uuid::now_v7()),
        scope,
        from: at("2026-06-01T11:00:00Z"),
        until: at("2026-06-01T13:00:00Z"),
        reason: ExclusionReason::Grid,
        note: Label::parse("feeder outage").unwrap(),
    }
}

async fn enter(ledger: &mut Ledger, scope: ExclusionScope) -> ExclusionRecord {
    let entered = insert(&mut ledger.connection, &OperatorBound::All, &new(scope), &stamp()).await;
    entered.unwrap().unwrap()
}

async fn first_day(ledger: &mut Ledger) -> Value {
    ledger.compute(&window(3)).await;
    ledger.days("faulted_s, grid_s, repair_s").await[0].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_applies_to_computed_days_until_it_is_withdrawn() {
    let mut ledger = Ledger::new().await;
    assert_eq!(first_day(&mut ledger).await, json!([7_200, 0, 7_200]));
    let connector = ConnectorId::parse(1).unwrap();
    let scopes = [
        ExclusionScope::Station(STATION),
        ExclusionScope::Pile(PILE),
        ExclusionScope::Connector(PILE, connector),
    ];
    for scope in scopes {
        let entered = enter(&mut ledger, scope).await;
        assert_eq!(first_day(&mut ledger).await, json!([3_600, 3_600, 3_600]), "{scope:?}");
        let (note, bound) = (Label::parse("entered twice").unwrap(), &OperatorBound::All);
        let withdrawn = withdraw(&mut ledger.connection, bound, entered.id, &note, &stamp()).await.unwrap();
        assert_eq!(withdrawn.unwrap().withdrawn, Some((stamp(), Some(note.clone()))));
        assert_eq!(first_day(&mut ledger).await, json!([7_200, 0, 7_200]), "{scope:?}");
        let again = withdraw(&mut ledger.connection, bound, entered.id, &note, &stamp()).await.unwrap();
        assert_eq!(again, Err(WithdrawalRefusal::Withdrawn { at: stamp().at }));
    }
    let elsewhere = ExclusionScope::Connector(PILE, ConnectorId::parse(2).unwrap());
    enter(&mut ledger, elsewhere).await;
    assert_eq!(first_day(&mut ledger).await, json!([7_200, 0, 7_200]), "of another connector");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_of_the_future_leaves_computed_days_alone() {
    let mut ledger = Ledger::new().await;
    ledger.compute(&window(3)).await;
    let (from, until) = (at("2026-06-03T16:00:00Z"), at("2026-06-04T16:00:00Z"));
    let planned = NewExclusion { from, until, ..new(ExclusionScope::Pile(PILE)) };
    insert(&mut ledger.connection, &OperatorBound::All, &planned, &stamp()).await.unwrap().unwrap();
    assert_eq!(backlog(&mut ledger.connection, &window(3)).await.unwrap(), 0);
    ledger.status("2026-06-03T17:00:00Z", 1, Some("Available"), "Unavailable").await;
    ledger.compute(&window(4)).await;
    assert_eq!(ledger.days("unavailable_s, grid_s").await[3], json!([0, 23 * 3_600]));
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_a_job_that_computes_the_device_and_is_not_missed() {
    let mut ledger = Ledger::new().await;
    ledger.compute(&window(3)).await;
    // The job has read the exclusions, and commits later.
    let job = "update reliability_devices set dirty_from = null where charge_point_id = 'CP-1'";
    let job = ledger.database.open_transaction(job).await;
    let pool = ledger.database.pool.clone();
    let entering = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        let exclusion = new(ExclusionScope::Pile(PILE));
        insert(&mut connection, &OperatorBound::All, &exclusion, &stamp()).await.unwrap().unwrap()
    });
    testkit::eventually("the exclusion to wait for the job", || async {
        let waiting = "select count(*) from pg_locks where not granted";
        ledger.database.json(waiting).await.as_i64() > Some(0)
    })
    .await;
    job.commit().await;
    entering.await.unwrap();
    assert_eq!(first_day(&mut ledger).await, json!([3_600, 3_600, 3_600]));
}

#[tokio::test(flavor = "multi_thread")]
async fn exclusions_of_another_operator_cannot_be_reached() {
    let mut ledger = Ledger::new().await;
    let entered = enter(&mut ledger, ExclusionScope::Pile(PILE)).await;
    let connection = &mut ledger.connection;
    let (own, other, note) = (&of("a"), &of("b"), Label::parse("n").unwrap());
    for (scope, refusal) in [
        (ExclusionScope::Station(STATION), ExclusionRefusal::StationNotFound),
        (ExclusionScope::Pile(PILE), ExclusionRefusal::PileNotFound),
    ] {
        assert_eq!(insert(connection, other, &new(scope), &stamp()).await.unwrap(), Err(refusal));
    }
    let missing = new(ExclusionScope::Pile(PileId(Uuid::nil())));
    let refused = insert(connection, &OperatorBound::All, &missing, &stamp()).await.unwrap();
    assert_eq!(refused, Err(ExclusionRefusal::PileNotFound));
    let refused = withdraw(connection, other, entered.id, &note, &stamp()).await.unwrap();
    assert_eq!(refused, Err(WithdrawalRefusal::NotFound));
    assert_eq!(find(connection, other, entered.id).await.unwrap(), None);
    assert_eq!(list(connection, other, &Filter::default(), None, 10).await.unwrap(), []);
    assert_eq!(find(connection, own, entered.id).await.unwrap(), Some(entered.clone()));
    let filter = TrailFilter::default();
    assert_eq!(list_trail(connection, other, &filter, None, 10).await.unwrap().len(), 0);
    let trail = list_trail(connection, own, &filter, None, 10).await.unwrap();
    let [entry] = trail.as_slice() else { panic!("{trail:?}") };
    assert_eq!((entry.thing_type.as_str(), entry.thing_id()), ("reliabilityExclusion", entered.id.0));
    assert_eq!(entry.edit.after.as_ref().unwrap()["note"], "feeder outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_what_overlaps_a_time() {
    let mut ledger = Ledger::new().await;
    let entered = enter(&mut ledger, ExclusionScope::Pile(PILE)).await;
    let ends = (Some(entered.from), Some(entered.until));
    for (from, until, found) in
        [(None, ends.1, 1), (None, ends.0, 0), (ends.0, None, 1), (ends.1, None, 0), (None, None, 1)]
    {
        let filter = Filter { from, until, ..Filter::default() };
        let listed = list(&mut ledger.connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
        assert_eq!(listed.len(), found, "{filter:?}");
    }
    for (filter, found) in [
        (Filter { withdrawn: Some(true), ..Filter::default() }, 0),
        (Filter { withdrawn: Some(false), ..Filter::default() }, 1),
        (Filter { station_id: Some(STATION), ..Filter::default() }, 1),
        (Filter { reason: Some(ExclusionReason::Vandalism), ..Filter::default() }, 0),
    ] {
        let listed = list(&mut ledger.connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
        assert_eq!(listed.len(), found, "{filter:?}");
    }
    let after = Some((entered.entered.at, entered.id));
    let filter = Filter::default();
    let next = list(&mut ledger.connection, &OperatorBound::All, &filter, after, 10).await.unwrap();
    assert_eq!(next, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn exclusions_that_ended_long_ago_are_deleted() {
    let mut ledger = Ledger::new().await;
    enter(&mut ledger, ExclusionScope::Pile(PILE)).await;
    enter(&mut ledger, ExclusionScope::Station(STATION)).await;
    ledger
        .database
        .execute(
            "update reliability_exclusions set excluded_from = excluded_from - interval '30 years',
                                               excluded_until = excluded_until - interval '30 years' where pile_id is null;
             update reliability_exclusions set excluded_until = now() where pile_id is not null",
        )
        .await;
    let slice = Slice::first(Duration::from_hours(24), 10);
    assert_eq!(prune(&mut ledger.connection, slice).await.unwrap().rows, 1);
}
