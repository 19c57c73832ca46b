//! Sums over receipts in a real PostgreSQL: at any time they equal the sums over the latest receipts, by
//! day and by month, in total, per operator and per station.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::NaiveDate;
use domain::assets::OperatorBound;
use domain::ids::StationId;
use domain::text::Label;
use serde_json::{Value, json};
use std::time::Duration;
use storage::sessions::revenue::{
    PeriodRevenue, PeriodUnit, RevenueFilter, RevenueGrouping, RevenuePosition, list, prune, total_energy,
};
use storage::{PooledConnection, Slice};
use testkit::TestDatabase;
use uuid::Uuid;

const NORTH: StationId = StationId(Uuid::from_u128(1));
const SOUTH: StationId = StationId(Uuid::from_u128(2));

struct Fixture {
    database: TestDatabase,
    connection: PooledConnection,
}

impl Fixture {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let connection = database.pool.connection().await.unwrap();
        Self { database, connection }
    }

    /// Inserts the receipt `number` of a session.
    async fn receipt(&self, session: u32, number: u32, content: &Value) {
        let sql = format!(
            "insert into session_receipts (session_id, number, issued_at, digest, content)
             values ('00000000-0000-7000-8000-{session:012}', {number}, now(), '{session}-{number}', '{content}')"
        );
        self.database.execute(&sql).await;
    }

    async fn list(&mut self, bound: &OperatorBound, filter: &RevenueFilter) -> Vec<PeriodRevenue> {
        list(&mut self.connection, bound, filter, None, 1_000).await.unwrap()
    }

    /// The number of sessions and their energy in Wh.
    async fn energy(&mut self, bound: &OperatorBound, filter: &RevenueFilter) -> (i64, String) {
        let total = total_energy(&mut self.connection, bound, filter).await.unwrap();
        (total.sessions, total.energy_wh.wh().normalize().to_string())
    }

    async fn all(&mut self, grouping: RevenueGrouping) -> Vec<PeriodRevenue> {
        self.list(&OperatorBound::All, &of_2026(PeriodUnit::Day, grouping)).await
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn of_2026(unit: PeriodUnit, grouping: RevenueGrouping) -> RevenueFilter {
    let (from, until) = (day("2026-01-01"), day("2027-01-01"));
    RevenueFilter { unit, from, until, grouping, station_id: None, operator_id: None }
}

fn of(operator: &str) -> OperatorBound {
    OperatorBound::Only([operator.to_owned()].into())
}

/// The content of a receipt of 3 kWh that ended on `day` at 20:00 in Shanghai: 1 kWh in a peak band for
/// 1.03 + 0.80, 2 kWh in a valley band for 0.31 + 1.60, a session fee of 1 and an occupancy fee of 0.50.
fn priced(day: &str, station: StationId, operator: &str, currency: &str) -> Value {
    let money = |amount: &str| json!({ "amount": amount, "currency": currency });
    let item = |kind: &str, to: &str, energy: f64, electricity: &str, service: &str| {
        json!({ "kind": kind, "to": format!("{day}T{to}:00+08:00"), "energyWh": energy, "electricity": money(electricity),
                "service": money(service) })
    };
    json!({
        "endedAt": format!("{day}T12:00:00Z"), "stationId": station, "operatorId": operator, "withdrawn": false, "energyWh": 3_000.0,
        "price": {
            "currency": currency,
            "items": [item("peak", "19:30", 1_000.0, "1.03", "0.80"), item("valley", "20:00", 2_000.0, "0.31", "1.60")],
            "totals": { "sessionFee": money("1.00"), "chargingTime": money("0.00"), "occupancy": money("0.50"), "tax": null },
        },
    })
}

fn unpriced(ended_at: &str) -> Value {
    json!({ "endedAt": ended_at, "stationId": null, "operatorId": null, "withdrawn": false, "energyWh": null, "price": null })
}

/// The day, the station, the operator, the number of sessions, the energy in Wh, and the total with its
/// currency of each row.
fn shown(rows: &[PeriodRevenue]) -> Vec<String> {
    let row = |row: &PeriodRevenue| {
        let station = row.station_id().map_or("all".to_owned(), |id| id.0.as_u128().to_string());
        let total = row.revenue.map_or("unpriced".to_owned(), |revenue| revenue.total_with_tax.to_string());
        let (day, operator) = (row.position.starts_on, row.operator_id().unwrap_or("-"));
        format!("{day} {station} {operator} {} {} {total}", row.sessions, row.energy_wh.wh().normalize())
    };
    rows.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_added_to_its_day_its_month_its_station_and_its_operator() {
    let mut fixture = Fixture::new().await;
    fixture.receipt(1, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    fixture.receipt(2, 1, &priced("2026-03-02", NORTH, "a", "CNY")).await;
    fixture.receipt(3, 1, &priced("2026-03-02", SOUTH, "b", "CNY")).await;
    // 23:30 on 2 March in UTC.
    fixture.receipt(4, 1, &unpriced("2026-03-02T23:30:00Z")).await;
    let totals = fixture.all(RevenueGrouping::Total).await;
    assert_eq!(
        shown(&totals),
        [
            "2026-03-02 all - 2 6000 10.48 CNY",
            "2026-03-02 all - 1 0 unpriced",
            "2026-03-01 all - 1 3000 5.24 CNY"
        ]
    );
    let revenue = totals[0].revenue.unwrap();
    let parts = [
        revenue.bands.peak.electricity,
        revenue.bands.peak.service,
        revenue.bands.valley.electricity,
        revenue.bands.valley.service,
        revenue.electricity,
        revenue.service,
        revenue.session_fee,
        revenue.occupancy,
        revenue.tax,
    ];
    assert_eq!(
        parts.map(|part| part.amount().to_string()),
        ["2.06", "1.60", "0.62", "3.20", "2.68", "4.80", "2.00", "1.00", "0.00"]
    );
    assert_eq!(
        [revenue.bands.sharp, revenue.bands.peak, revenue.bands.valley].map(|band| band
            .energy_wh
            .wh()
            .normalize()
            .to_string()),
        ["0", "2000", "4000"]
    );
    assert_eq!(
        shown(&fixture.all(RevenueGrouping::Operator).await),
        [
            "2026-03-02 all b 1 3000 5.24 CNY",
            "2026-03-02 all a 1 3000 5.24 CNY",
            "2026-03-02 all - 1 0 unpriced",
            "2026-03-01 all a 1 3000 5.24 CNY"
        ]
    );
    assert_eq!(
        shown(&fixture.all(RevenueGrouping::Station).await),
        [
            "2026-03-02 2 b 1 3000 5.24 CNY",
            "2026-03-02 1 a 1 3000 5.24 CNY",
            "2026-03-01 1 a 1 3000 5.24 CNY"
        ],
        "sessions without a station belong to none"
    );
    let months = fixture.list(&OperatorBound::All, &of_2026(PeriodUnit::Month, RevenueGrouping::Total)).await;
    assert_eq!(shown(&months), ["2026-03-01 all - 3 9000 15.72 CNY", "2026-03-01 all - 1 0 unpriced"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_receipt_moves_to_the_day_station_and_currency_of_the_latest() {
    let mut fixture = Fixture::new().await;
    fixture.receipt(1, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    fixture.receipt(2, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    for (number, content, expected) in [
        (2, priced("2026-04-02", NORTH, "a", "CNY"), "2026-04-02 1 a 1 3000 5.24 CNY"),
        (3, priced("2026-04-02", SOUTH, "b", "CNY"), "2026-04-02 2 b 1 3000 5.24 CNY"),
        (4, priced("2026-04-02", SOUTH, "b", "EUR"), "2026-04-02 2 b 1 3000 5.24 EUR"),
    ] {
        fixture.receipt(1, number, &content).await;
        let rows = fixture.all(RevenueGrouping::Station).await;
        assert_eq!(shown(&rows), [expected, "2026-03-01 1 a 1 3000 5.24 CNY"]);
    }
    fixture
        .receipt(1, 5, &json!({ "endedAt": "2026-04-02T12:00:00Z", "withdrawn": true, "price": null }))
        .await;
    for grouping in RevenueGrouping::ALL {
        let rows = fixture.all(grouping).await;
        assert_eq!((rows.len(), rows[0].sessions), (1, 1), "{grouping:?} after the withdrawal");
    }
    fixture.receipt(1, 6, &priced("2026-04-02", SOUTH, "b", "EUR")).await;
    assert_eq!(fixture.all(RevenueGrouping::Total).await.len(), 2, "the session took place after all");
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_equal_those_of_the_latest_receipts() {
    let mut fixture = Fixture::new().await;
    let days = ["2026-02-27", "2026-02-28", "2026-03-01"];
    for session in 0..12_u32 {
        for number in 1..=(session % 3 + 1) {
            let station = if (session + number).is_multiple_of(2) { NORTH } else { SOUTH };
            let operator = if session.is_multiple_of(4) { "a" } else { "b" };
            let day = days[usize::try_from((session * number) % 3).unwrap()];
            let mut content = priced(day, station, operator, "CNY");
            content["energyWh"] = json!(f64::from(session * 100 + number));
            fixture.receipt(session, number, &content).await;
        }
    }
    let expected = fixture
        .database
        .json(
            "select json_agg(to_json(sums) order by day desc, operator desc)
             from (select day, operator, count(*) as sessions, sum(wh) as wh
                   from (select distinct on (session_id) left(content #>> '{price,items,-1,to}', 10) as day,
                                content ->> 'operatorId' as operator, (content ->> 'energyWh')::numeric as wh
                         from session_receipts order by session_id, number desc) as latest
                   group by day, operator) as sums",
        )
        .await;
    let expected: Vec<_> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| {
            let [day, operator] = ["day", "operator"].map(|name| sum[name].as_str().unwrap());
            let (sessions, wh) = (&sum["sessions"], sum["wh"].as_f64().unwrap());
            let total = f64::from(u32::try_from(sessions.as_u64().unwrap()).unwrap()) * 5.24;
            format!("{day} all {operator} {sessions} {wh} {total:.2} CNY")
        })
        .collect();
    assert_eq!(shown(&fixture.all(RevenueGrouping::Operator).await), expected);
    let months = of_2026(PeriodUnit::Month, RevenueGrouping::Total);
    let sessions: Vec<_> =
        fixture.list(&OperatorBound::All, &months).await.iter().map(|month| month.sessions).collect();
    assert_eq!(sessions.iter().sum::<i64>(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_caller_sees_the_sessions_of_its_operators() {
    let mut fixture = Fixture::new().await;
    fixture.receipt(1, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    fixture.receipt(2, 1, &priced("2026-03-01", NORTH, "b", "CNY")).await;
    fixture.receipt(3, 1, &unpriced("2026-03-01T12:00:00Z")).await;
    for grouping in RevenueGrouping::ALL {
        let rows = fixture.list(&of("a"), &of_2026(PeriodUnit::Day, grouping)).await;
        assert_eq!((rows.len(), rows[0].sessions), (1, 1), "{grouping:?}");
        assert_eq!(fixture.list(&of("c"), &of_2026(PeriodUnit::Day, grouping)).await, []);
        let operator_id = Label::parse("b").ok();
        let filter = RevenueFilter { operator_id, ..of_2026(PeriodUnit::Day, grouping) };
        assert_eq!(fixture.list(&of("a"), &filter).await, [], "the filter does not widen the bound");
        assert_eq!(fixture.list(&OperatorBound::All, &filter).await[0].sessions, 1);
        let filter = RevenueFilter { station_id: Some(NORTH), ..of_2026(PeriodUnit::Day, grouping) };
        let sessions: i64 =
            fixture.list(&OperatorBound::All, &filter).await.iter().map(|row| row.sessions).sum();
        assert_eq!(sessions, 2, "{grouping:?} of one station");
        let filter = RevenueFilter { station_id: Some(SOUTH), ..of_2026(PeriodUnit::Day, grouping) };
        assert_eq!(fixture.list(&OperatorBound::All, &filter).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn energy_is_summed_up_over_days_operators_and_currencies() {
    let mut fixture = Fixture::new().await;
    let year = of_2026(PeriodUnit::Day, RevenueGrouping::Total);
    assert_eq!(fixture.energy(&OperatorBound::All, &year).await, (0, "0".to_owned()));
    fixture.receipt(1, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    fixture.receipt(2, 1, &priced("2026-03-02", NORTH, "a", "EUR")).await;
    fixture.receipt(3, 1, &priced("2026-03-02", SOUTH, "b", "CNY")).await;
    fixture.receipt(4, 1, &unpriced("2026-03-02T12:00:00Z")).await;
    let second = RevenueFilter { from: day("2026-03-02"), until: day("2026-03-03"), ..year.clone() };
    let south = RevenueFilter { station_id: Some(SOUTH), ..year.clone() };
    let of_b = RevenueFilter { operator_id: Label::parse("b").ok(), ..year.clone() };
    for (bound, filter, sessions, wh) in [
        (OperatorBound::All, &year, 4, "9000"),
        (OperatorBound::All, &second, 3, "6000"),
        (OperatorBound::All, &south, 1, "3000"),
        (OperatorBound::All, &of_b, 1, "3000"),
        (of("a"), &year, 2, "6000"),
        (of("a"), &of_b, 0, "0"),
    ] {
        assert_eq!(fixture.energy(&bound, filter).await, (sessions, wh.to_owned()), "{bound:?} {filter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_continue_after_their_last_row() {
    let mut fixture = Fixture::new().await;
    for (session, (day, station)) in
        (1..).zip([("2026-03-01", NORTH), ("2026-03-01", SOUTH), ("2026-03-02", NORTH)])
    {
        for (offset, operator) in [(0, "a"), (10, "b")] {
            fixture.receipt(session + offset, 1, &priced(day, station, operator, "CNY")).await;
            fixture.receipt(session + offset + 20, 1, &priced(day, station, operator, "EUR")).await;
        }
    }
    for (grouping, rows) in
        [(RevenueGrouping::Total, 4), (RevenueGrouping::Operator, 8), (RevenueGrouping::Station, 12)]
    {
        let whole = fixture.all(grouping).await;
        let (mut paged, mut after) = (Vec::new(), None::<RevenuePosition>);
        loop {
            let filter = of_2026(PeriodUnit::Day, grouping);
            let page = list(&mut fixture.connection, &OperatorBound::All, &filter, after, 1).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.position.clone());
            paged.extend(page);
        }
        assert_eq!((paged.len(), &paged), (rows, &whole), "{grouping:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_are_in_no_sum_are_not_subtracted() {
    let mut fixture = Fixture::new().await;
    fixture.database.execute("alter table session_receipts disable trigger receipts_add_to_revenue").await;
    fixture.database.execute("alter table session_receipts alter column in_revenue set default false").await;
    fixture.receipt(1, 1, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    fixture.database.execute("alter table session_receipts enable trigger receipts_add_to_revenue").await;
    fixture.database.execute("alter table session_receipts alter column in_revenue set default true").await;
    assert_eq!(fixture.all(RevenueGrouping::Total).await, []);
    fixture.receipt(1, 2, &priced("2026-03-01", NORTH, "a", "CNY")).await;
    let rows = fixture.all(RevenueGrouping::Total).await;
    assert_eq!(shown(&rows), ["2026-03-01 all - 1 3000 5.24 CNY"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_periods_are_deleted() {
    let mut fixture = Fixture::new().await;
    fixture.receipt(1, 1, &priced("2001-03-01", NORTH, "a", "CNY")).await;
    fixture.receipt(2, 1, &unpriced("2999-03-01T12:00:00Z")).await;
    let slice = Slice::first(Duration::from_hours(24 * 365), 100);
    // A day and a month, each of the station and of all stations.
    assert_eq!(prune(&mut fixture.connection, slice).await.unwrap().rows, 4);
    assert_eq!(prune(&mut fixture.connection, slice).await.unwrap().rows, 0);
    let filter = RevenueFilter {
        from: day("2999-01-01"),
        until: day("3000-01-01"),
        ..of_2026(PeriodUnit::Day, RevenueGrouping::Total)
    };
    assert_eq!(fixture.list(&OperatorBound::All, &filter).await.len(), 1);
}
