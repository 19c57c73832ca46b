//! Days whose status history is deleted: they remain as they were computed.

use crate::fixture::{Ledger, PILE, at, window};
use chrono::{Days, NaiveDate};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{Actor, ExclusionId};
use domain::reliability::{ExclusionReason, ExclusionScope, Window};
use domain::text::Label;
use serde_json::{Value, json};
use storage::devices::status_changes::DAYS;
use storage::reliability::exclusions::{NewExclusion, insert, withdraw};
use storage::reliability::roll_up::{Computed, deleted_before};
use uuid::Uuid;

/// How long the status history is kept, in days.
const KEPT_DAYS: u32 = 3;
/// The columns of a day.
const COLUMNS: &str =
    "day, operator_id, array[up_s, faulted_s, unavailable_s, offline_s, grid_s, failures, repairs, repair_s]";

/// A day of June with its figures, in the order of [`COLUMNS`].
type Figures = (u32, [i64; 8]);

fn date(day: u32) -> NaiveDate {
    format!("2026-06-{day:02}").parse().unwrap()
}

/// What event-ingestor does two hours after the end of this day of June, in Shanghai: it drops the old
/// partitions of the status history, creates that of the next day, and computes what is due.
async fn pass(ledger: &mut Ledger, day: u32) -> Computed {
    let now = at(&format!("2026-06-{day:02}T18:00:00Z"));
    let oldest = now.date_naive() - Days::new(u64::from(KEPT_DAYS) + 1);
    DAYS.drop_before(&mut ledger.connection, oldest).await.unwrap();
    DAYS.ensure(&mut ledger.connection, date(day + 1)).await.unwrap();
    compute(ledger, day, KEPT_DAYS).await
}

/// Computes what is due two hours after the end of this day, of a history that is kept for `kept_days`.
async fn compute(ledger: &mut Ledger, day: u32, kept_days: u32) -> Computed {
    let kept = Window::at(window(day).zone, at(&format!("2026-06-{day:02}T18:00:00Z")), kept_days);
    let oldest = deleted_before(&mut ledger.connection).await.unwrap();
    ledger.compute(&oldest.map_or(kept, |oldest| kept.since(oldest))).await
}

fn stamp() -> EditStamp {
    EditStamp { at: at("2026-06-08T18:00:00Z"), by: Actor::parse("back-office").unwrap() }
}

/// Excludes a time of the pile because of the grid.
async fn exclude(ledger: &mut Ledger, from: &str, until: &str) -> ExclusionId {
    let exclusion = NewExclusion {
        id: ExclusionId(Uuid::now_v7()),
        scope: ExclusionScope::Pile(PILE),
        from: at(from),
        until: at(until),
        reason: ExclusionReason::Grid,
        note: Label::parse("feeder outage").unwrap(),
    };
    insert(&mut ledger.connection, &OperatorBound::All, &exclusion, &stamp()).await.unwrap().unwrap();
    exclusion.id
}

/// The device is faulted on 1 June, offline on 2 June, unavailable on 3 June, and faulted on 7 June. Eight
/// days are computed, each when it has ended; the history has the changes since 4 June (UTC).
async fn eight_days() -> Ledger {
    let mut ledger = Ledger::new().await;
    pass(&mut ledger, 1).await;
    ledger.connectivity("2026-06-01T20:00:00Z", false).await;
    ledger.connectivity("2026-06-01T23:00:00Z", true).await;
    pass(&mut ledger, 2).await;
    ledger.status("2026-06-03T02:00:00Z", 1, Some("Available"), "Unavailable").await;
    ledger.status("2026-06-03T06:00:00Z", 1, Some("Unavailable"), "Available").await;
    for day in 3..=6 {
        pass(&mut ledger, day).await;
    }
    ledger.status("2026-06-07T02:00:00Z", 1, Some("Available"), "Faulted").await;
    ledger.status("2026-06-07T04:00:00Z", 1, Some("Faulted"), "Available").await;
    pass(&mut ledger, 7).await;
    pass(&mut ledger, 8).await;
    assert_eq!(DAYS.list(&mut ledger.connection).await.unwrap().first(), Some(&date(4)));
    let left = ledger.database.json("select jsonb_agg(noted_at::date) from status_changes").await;
    assert_eq!(left, json!(["2026-06-07", "2026-06-07"]), "the changes of the first days are deleted");
    ledger
}

/// Such days of operator `a`.
fn figures(days: &[Figures]) -> Value {
    days.iter().map(|(day, figures)| json!([date(*day).to_string(), "a", figures])).collect()
}

const FIRST_SIX: [Figures; 6] = [
    (1, [79_200, 7_200, 0, 0, 0, 1, 1, 7_200]),
    (2, [75_600, 0, 0, 10_800, 0, 1, 1, 10_800]),
    (3, [72_000, 0, 14_400, 0, 0, 1, 1, 14_400]),
    (4, IDLE),
    (5, IDLE),
    (6, IDLE),
];
const IDLE: [i64; 8] = [86_400, 0, 0, 0, 0, 0, 0, 0];

/// The figures of all days: those of the first six, and then these.
fn all_days(later: &[Figures]) -> Value {
    figures(&[&FIRST_SIX, later].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn days_remain_when_an_exclusion_or_a_late_change_concerns_their_deleted_history() {
    let mut ledger = eight_days().await;
    let faulted = (7, [79_200, 7_200, 0, 0, 0, 1, 1, 7_200]);
    assert_eq!(ledger.days(COLUMNS).await, all_days(&[faulted, (8, IDLE)]));
    assert_eq!(pass(&mut ledger, 8).await.devices, [], "nothing is due");

    let exclusion = exclude(&mut ledger, "2026-05-31T16:00:00Z", "2026-06-08T16:00:00Z").await;
    assert_eq!(pass(&mut ledger, 8).await.rows, 2, "only 7 and 8 June are covered by the history");
    let excluded = (7, [79_200, 0, 0, 0, 7_200, 0, 0, 0]);
    assert_eq!(ledger.days(COLUMNS).await, all_days(&[excluded, (8, IDLE)]));

    let (bound, note) = (OperatorBound::All, Label::parse("entered twice").unwrap());
    withdraw(&mut ledger.connection, &bound, exclusion, &note, &stamp()).await.unwrap().unwrap();
    assert_eq!(pass(&mut ledger, 8).await.rows, 2);
    assert_eq!(ledger.days(COLUMNS).await, all_days(&[faulted, (8, IDLE)]));

    // The device reports on 9 June what its connector was on 2 June, and on 8 June.
    for (at, recorded, previous, status) in [
        ("2026-06-02T06:00:00Z", "2026-06-09T02:00:01Z", "Available", "Faulted"),
        ("2026-06-02T08:00:00Z", "2026-06-09T02:00:02Z", "Faulted", "Available"),
        ("2026-06-08T06:00:00Z", "2026-06-09T02:00:03Z", "Available", "Unavailable"),
        ("2026-06-08T07:00:00Z", "2026-06-09T02:00:04Z", "Unavailable", "Available"),
    ] {
        ledger.late_status((at, recorded), 1, Some(previous), status).await;
    }
    assert_eq!(pass(&mut ledger, 9).await.rows, 2, "8 June again, and 9 June");
    let unavailable = (8, [82_800, 0, 3_600, 0, 0, 1, 1, 3_600]);
    assert_eq!(ledger.days(COLUMNS).await, all_days(&[faulted, unavailable, (9, IDLE)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_remain_with_their_operator_when_a_handover_concerns_their_deleted_history() {
    let mut ledger = eight_days().await;
    let handover = "update stations set operator_id = 'b', version = 2, updated_at = '2026-06-02T04:00:00Z'";
    ledger.database.execute(handover).await;
    assert_eq!(pass(&mut ledger, 8).await.rows, 2);
    let days = ledger.days(COLUMNS).await;
    assert_eq!(days.as_array().unwrap()[..6], *figures(&FIRST_SIX).as_array().unwrap());
    let operators = ledger.days("day, operator_id").await;
    assert_eq!(operators[6], json!(["2026-06-07", "b"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_remain_when_the_history_is_kept_longer_after_it_was_deleted() {
    let mut ledger = eight_days().await;
    exclude(&mut ledger, "2026-05-31T16:00:00Z", "2026-06-08T16:00:00Z").await;
    compute(&mut ledger, 8, 90).await;
    let excluded = (7, [79_200, 0, 0, 0, 7_200, 0, 0, 0]);
    assert_eq!(ledger.days(COLUMNS).await, all_days(&[excluded, (8, IDLE)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_days_can_be_computed_again_while_nothing_was_deleted() {
    let mut ledger = Ledger::new().await;
    ledger.status("2026-06-02T02:00:00Z", 1, Some("Available"), "Faulted").await;
    ledger.status("2026-06-02T04:00:00Z", 1, Some("Faulted"), "Available").await;
    compute(&mut ledger, 3, 90).await;
    assert_eq!(deleted_before(&mut ledger.connection).await.unwrap(), None);
    exclude(&mut ledger, "2026-06-01T16:00:00Z", "2026-06-02T16:00:00Z").await;
    compute(&mut ledger, 3, 90).await;
    let days = ledger.days(COLUMNS).await;
    let day = days.as_array().unwrap().iter().find(|day| day[0] == "2026-06-02").unwrap();
    assert_eq!(day[2], json!([79_200, 0, 0, 0, 7_200, 0, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_lasts_since_its_beginning_although_the_change_is_deleted() {
    let mut ledger = Ledger::new().await;
    pass(&mut ledger, 1).await;
    ledger.status("2026-06-02T04:00:00Z", 1, Some("Available"), "Faulted").await;
    ledger.database.execute("update connectors set status = 'Faulted'").await;
    for day in 2..=8 {
        pass(&mut ledger, day).await;
    }
    let left = ledger.database.json("select count(*) from status_changes").await;
    assert_eq!(left, json!(0), "the change that began the failure is deleted");
    ledger.status("2026-06-09T04:00:00Z", 1, Some("Faulted"), "Available").await;
    ledger.database.execute("update connectors set status = 'Available'").await;
    pass(&mut ledger, 9).await;
    let last = ledger.days("day, faulted_s, grid_s, failures, repairs, repair_s").await;
    assert_eq!(last[8], json!(["2026-06-09", 43_200, 0, 0, 1, 7 * 86_400]));
    // The last two days are computed again, from what the day before them has left.
    exclude(&mut ledger, "2026-06-02T04:00:00Z", "2026-06-09T04:00:00Z").await;
    assert_eq!(pass(&mut ledger, 9).await.rows, 2);
    let last = ledger.days("day, faulted_s, grid_s, failures, repairs, repair_s").await;
    assert_eq!(last[6], json!(["2026-06-07", 86_400, 0, 0, 0, 0]));
    assert_eq!(last[8], json!(["2026-06-09", 0, 43_200, 0, 1, 5 * 86_400 + 43_200]));
}
