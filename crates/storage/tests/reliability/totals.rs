//! Totals over days.

use crate::fixture::{Ledger, PILE, STATION, of, window};
use domain::assets::OperatorBound;
use domain::ids::ConnectorId;
use domain::reliability::Tally;
use domain::text::Label;
use storage::reliability::{Filter, GroupKey, Grouping, Total, computed_until, estimate_rows, list};

fn june(from: u32, until: u32) -> Filter {
    let day = |number: u32| format!("2026-06-{number:02}").parse().unwrap();
    Filter {
        from: day(from),
        until: day(until),
        station_id: None,
        pile_id: None,
        connector_id: None,
        operator_id: None,
    }
}

/// The days of a pile with two connectors, whose station was handed over at noon of 2 June.
async fn handed_over() -> Ledger {
    let mut ledger = Ledger::new().await;
    ledger.status("2026-06-01T16:00:00Z", 2, None, "Available").await;
    ledger
        .database
        .execute("update stations set operator_id = 'b', version = 2, updated_at = '2026-06-02T04:00:00Z'")
        .await;
    ledger.compute(&window(3)).await;
    ledger
}

async fn totals(
    ledger: &mut Ledger,
    bound: &OperatorBound,
    grouping: Grouping,
    filter: &Filter,
) -> Vec<Total> {
    list(&mut ledger.connection, bound, grouping, filter, None, 100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_every_kind_add_up_to_the_same() {
    let mut ledger = handed_over().await;
    let filter = june(1, 4);
    let expected = Tally {
        up_s: 2 * 86_400 + 79_200 + 2 * 86_400,
        faulted_s: 7_200,
        failures: 1,
        repairs: 1,
        repair_s: 7_200,
        ..Tally::default()
    };
    for (grouping, groups) in
        [(Grouping::Connector, 2), (Grouping::Pile, 1), (Grouping::Station, 1), (Grouping::Operator, 2)]
    {
        let found = totals(&mut ledger, &OperatorBound::All, grouping, &filter).await;
        assert_eq!(found.len(), groups, "{grouping:?}");
        assert_eq!(found.iter().map(|total| total.tally).sum::<Tally>(), expected, "{grouping:?}");
        assert!(found.iter().all(|total| total.key.grouping() == grouping));
    }
    let days = totals(&mut ledger, &OperatorBound::All, Grouping::Station, &june(2, 4)).await;
    let shown = (&days[0].key, days[0].first_day.to_string(), days[0].last_day.to_string());
    assert_eq!(shown, (&GroupKey::Station(STATION), "2026-06-02".to_owned(), "2026-06-03".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_the_sum_of_its_parts() {
    let mut ledger = handed_over().await;
    let mut sum = Tally::default();
    for day in 1..4 {
        for total in totals(&mut ledger, &OperatorBound::All, Grouping::Pile, &june(day, day + 1)).await {
            sum += total.tally;
        }
    }
    let whole = totals(&mut ledger, &OperatorBound::All, Grouping::Pile, &june(1, 4)).await;
    assert_eq!(whole[0].tally, sum);
    assert_eq!(totals(&mut ledger, &OperatorBound::All, Grouping::Pile, &june(5, 9)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_the_time_that_it_ran_the_station() {
    let mut ledger = handed_over().await;
    let mut known = 0;
    for (operator, seconds) in [("a", 86_400 + 2 * 43_200), ("b", 2 * 43_200 + 2 * 86_400), ("c", 0)] {
        for grouping in Grouping::ALL {
            let found = totals(&mut ledger, &of(operator), grouping, &june(1, 4)).await;
            let sum: i64 = found.iter().map(|total| total.tally.total_s()).sum();
            assert_eq!(sum, seconds, "{operator} {grouping:?}");
            known += found.len();
        }
        let filter = Filter { operator_id: Label::parse(operator).ok(), ..june(1, 4) };
        let found = totals(&mut ledger, &OperatorBound::All, Grouping::Station, &filter).await;
        assert_eq!(found.iter().map(|total| total.tally.total_s()).sum::<i64>(), seconds, "{operator}");
    }
    assert!(known > 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_continue_after_their_last_group() {
    let mut ledger = handed_over().await;
    for grouping in Grouping::ALL {
        let whole = totals(&mut ledger, &OperatorBound::All, grouping, &june(1, 4)).await;
        let (mut paged, mut after) = (Vec::new(), None::<GroupKey>);
        loop {
            let (bound, filter) = (&OperatorBound::All, june(1, 4));
            let page =
                list(&mut ledger.connection, bound, grouping, &filter, after.as_ref(), 1).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            paged.extend(page);
        }
        assert_eq!(paged, whole, "{grouping:?}");
    }
    let connector = ConnectorId::parse(2).unwrap();
    let filter = Filter { connector_id: Some(connector), pile_id: Some(PILE), ..june(1, 4) };
    let found = totals(&mut ledger, &OperatorBound::All, Grouping::Connector, &filter).await;
    assert_eq!(
        found.iter().map(|total| &total.key).collect::<Vec<_>>(),
        [&GroupKey::Connector(PILE, connector)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_ends_with_its_last_day() {
    let mut ledger = Ledger::new().await;
    assert_eq!(computed_until(&mut ledger.connection).await.unwrap(), None);
    ledger.compute(&window(2)).await;
    assert_eq!(computed_until(&mut ledger.connection).await.unwrap(), "2026-06-03".parse().ok());
}

/// A thousand days of connectors on each of 30 days, a tenth of them of operator `a`.
const MANY_DAYS: &str = "
    insert into reliability_days (charge_point_id, connector_id, began_at, day, operator_id, up_s, faulted_s, unavailable_s,
                                  offline_s, unknown_s, maintenance_s, grid_s, vandalism_s, third_party_s, failures, repairs,
                                  repair_s, starts_accepted, starts_charging)
    select 'CP-' || device, 1, timestamptz '2026-06-01T00:00:00Z' + make_interval(days => day), date '2026-06-01' + day,
           case device % 10 when 0 then 'a' else 'b' end, 86400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    from generate_series(1, 1000) as device, generate_series(0, 29) as day;
    analyze reliability_days";

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_total_are_estimated_without_reading_them() {
    let mut ledger = Ledger::new().await;
    ledger.database.execute(MANY_DAYS).await;
    let ten_of_a = Filter { operator_id: Label::parse("a").ok(), ..june(1, 11) };
    for (bound, filter, rows) in [
        (OperatorBound::All, june(1, 30), 29_000),
        (OperatorBound::All, ten_of_a, 1_000),
        (of("a"), june(1, 21), 2_000),
        (of("c"), june(1, 30), 0),
    ] {
        let estimate = estimate_rows(&mut ledger.connection, &bound, &filter).await.unwrap();
        assert!((rows * 2 / 3..=rows * 3 / 2 + 100).contains(&estimate), "{estimate} instead of {rows}");
    }
}
