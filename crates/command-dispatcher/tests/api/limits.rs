//! Limits of sessions: which starts may set them, and the one stop when one is reached.

use crate::app::TestApp;
use crate::fleet::{Device, Pile};
use chrono::{DateTime, Utc};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{Actor, TariffId};
use domain::tariffs::{
    BandDraft, ChangeRule, Currency, PriceList, PriceListDraft, ScheduleDraft, TariffDetails, TariffStatus,
};
use domain::text::Label;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::Duration;
use storage::devices::meter_samples::DAYS;
use storage::tariffs::{self, TariffRecord, versions};
use uuid::Uuid;

const EAGER: [(&str, &str); 2] = [("stops.poll_ms", "20"), ("stops.limit_interval_ms", "20")];

async fn app() -> TestApp {
    let app = TestApp::with(&EAGER).await;
    app.create_topic(crate::app::PARTITIONS).await;
    app
}

/// A charge on connector 1 of a pile, which a start with limits began.
struct Charge {
    pile: Pile,
    start: Uuid,
    session: Uuid,
}

impl Charge {
    /// Commands a start with `limits` and lets the device begin a session `ago` before now, with the
    /// transaction `transaction` and the register 5,000 Wh.
    async fn begin(app: &TestApp, limits: Value, ago: &str, transaction: Option<&str>) -> Self {
        let pile = app.pile(Device::online(&[(1, "Available")])).await;
        let mut body = json!({"idTag": "T", "connectorId": 1});
        body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let answer = app.command(pile.id, "start-transaction", body).await;
        assert_eq!(answer.status, 202, "{answer}");
        app.settled(answer.text("commandId")).await;
        let charge = Self { pile, start: answer.command_id(), session: Uuid::now_v7() };
        let (device, id, start) = (&charge.pile.charge_point_id, charge.session, charge.start);
        let transaction = transaction.map_or("null".to_owned(), |id| format!("'{id}'"));
        app.database
            .execute(&format!(
                "insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at,
                                       meter_start_wh, command_id)
                 values ('{id}', '{device}', 1, {transaction}, 'T', now() - interval '{ago}', 5000, '{start}')"
            ))
            .await;
        charge
    }

    /// Reports the register of the connector, as an ingestor does.
    async fn meter(&self, app: &TestApp, wh: u32) {
        let device = &self.pile.charge_point_id;
        let sql = format!(
            "update connectors set energy_wh = {wh}, energy_at = now() where charge_point_id = '{device}';
             insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh)
             values ('{device}', 1, now(), {wh})"
        );
        app.database.execute(&sql).await;
    }

    async fn end(&self, app: &TestApp, wh: u32) {
        let sql = format!(
            "update sessions set ended_at = clock_timestamp(), meter_stop_wh = {wh} where id = '{}'",
            self.session
        );
        app.database.execute(&sql).await;
    }

    /// A row of `session_limits` once it satisfies the condition.
    async fn limits(&self, app: &TestApp, condition: &str) -> Value {
        testkit::eventually_some("the limits of the session to be recorded", || async {
            let sql = format!(
                "coalesce((select to_jsonb(recorded) from session_limits recorded
                           where command_id = '{}' and {condition}), 'null')",
                self.start
            );
            let row = app.database.json(&sql).await;
            row.is_object().then_some(row)
        })
        .await
    }

    async fn assert_stopped_once(&self, app: &TestApp) -> String {
        self.limits(app, "stop_attempts = 1").await;
        testkit::eventually("the stop to be sent", || async { !app.stops_of(&self.pile).await.is_empty() })
            .await;
        // Time enough for another one; there is no condition to wait for.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let stops = app.stops_of(&self.pile).await;
        let [stop] = stops.as_slice() else { panic!("one stop: {stops:?}") };
        let recorded = self.limits(app, "stop_attempts = 1").await;
        assert_eq!(recorded["stop_command_id"], *stop);
        stop.as_str().unwrap().to_owned()
    }
}

impl TestApp {
    /// The ids of the stops of a pile, on the topic, in order.
    async fn stops_of(&self, pile: &Pile) -> Vec<Value> {
        let records = self.published(1).await;
        let commands =
            records.into_iter().map(|record| serde_json::from_slice(&record.value.unwrap()).unwrap());
        let is_stop = |command: &Value| {
            command["commandName"] == "RemoteStopTransaction"
                && command["chargePointId"] == pile.charge_point_id.as_str()
        };
        commands.filter(is_stop).map(|command| command["commandId"].clone()).collect()
    }

    async fn create_sample_partitions(&self) {
        let mut connection = self.database.pool.connection().await.unwrap();
        let today: DateTime<Utc> =
            serde_json::from_value(self.database.json("clock_timestamp()").await).unwrap();
        for day in [today.date_naive(), today.date_naive().succ_opt().unwrap()] {
            DAYS.ensure(&mut connection, day).await.unwrap();
        }
    }

    /// Binds a tariff of 1.50 CNY for each kWh to all places.
    async fn bind_tariff(&self) {
        let mut connection = self.database.pool.connection().await.unwrap();
        let at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let stamp = EditStamp { at, by: Actor::parse("op").unwrap() };
        let id = TariffId(Uuid::now_v7());
        let details = TariffDetails {
            name: Label::parse("Flat").unwrap(),
            operator_id: None,
            currency: Currency::parse("CNY").unwrap(),
            status: TariffStatus::Active,
            change_rule: ChangeRule::ByConsumption,
        };
        let revision =
            domain::assets::Revision { created_at: at, updated_at: at, version: 1, retired_at: None };
        let tariff = TariffRecord { id, details, revision, awaits_approval: false };
        tariffs::insert(&mut connection, &tariff, &stamp.by).await.unwrap();
        let list = flat();
        let check = |_: &_| Ok::<_, versions::DraftRefusal>(list);
        versions::put_draft(&mut connection, &OperatorBound::All, id, None, &stamp, check)
            .await
            .unwrap()
            .unwrap();
        versions::publish(&mut connection, &OperatorBound::All, id, None, Some(at), &stamp)
            .await
            .unwrap()
            .unwrap();
        self.database
            .execute(&format!(
                "insert into tariff_bindings (id, level, tariff_id, effective_from, created_at, created_by)
                 values ('{}', 'platform', '{id}', '2026-01-01', now(), 'op')",
                Uuid::now_v7()
            ))
            .await;
    }
}

fn flat() -> PriceList {
    let band = BandDraft {
        from: "00:00".to_owned(),
        to: "24:00".to_owned(),
        kind: "flat".to_owned(),
        electricity_price: "0.70".to_owned(),
        service_fee: "0.80".to_owned(),
        tiers: None,
    };
    let daily = ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands: vec![band] };
    let draft = PriceListDraft {
        time_zone: "Asia/Shanghai".to_owned(),
        holidays: None,
        schedules: vec![daily],
        session_fee: None,
        occupancy: None,
        charging_time: None,
        tax_percent: None,
    };
    PriceList::try_from(draft).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_stopped_at_its_limit_of_energy() {
    let app = app().await;
    app.create_sample_partitions().await;
    let charge = Charge::begin(&app, json!({"maxEnergyWh": 1_000}), "1 minute", Some("634")).await;
    charge.meter(&app, 5_999).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(app.stops_of(&charge.pile).await.is_empty(), "the limit is not reached");
    charge.meter(&app, 6_050).await;
    let stop = charge.assert_stopped_once(&app).await;
    let command = app.get(&format!("commands/{stop}")).await;
    assert_eq!(command.body["payload"], json!({"transactionId": 634}));
    assert_eq!(command.body["limits"], Value::Null);
    let limits = json!({"maxEnergyWh": 1_000, "maxDurationS": null, "maxAmount": null, "currency": null});
    let start = app.get(&format!("commands/{}", charge.start)).await;
    assert_eq!(start.body["limits"], limits);
    let listed = app.get(&format!("piles/{}/commands", charge.pile.id)).await;
    assert_eq!(listed.body["items"][1]["limits"], limits, "the start is listed after the stop");
    assert_eq!(command.text("sessionId"), charge.session.to_string());
    let reached = charge.limits(&app, "reached is not null").await;
    assert_eq!((&reached["reached"], &reached["reached_value"]), (&json!("energy"), &json!("1050")));
    charge.end(&app, 6_075).await;
    let settled = charge.limits(&app, "settled_at is not null").await;
    assert_eq!(settled["final_value"], json!("1075"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_stopped_at_its_limit_of_duration() {
    let app = app().await;
    let long = Charge::begin(&app, json!({"maxDurationS": 3_600}), "1 minute", Some("1")).await;
    let over = Charge::begin(&app, json!({"maxDurationS": 60}), "61 seconds", Some("2")).await;
    over.assert_stopped_once(&app).await;
    assert!(app.stops_of(&long.pile).await.is_empty());
    assert_eq!(over.limits(&app, "reached = 'duration'").await["reached_value"], json!("60"));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_cannot_be_read_hold_up_no_other_session() {
    let app = app().await;
    let unreadable = Charge::begin(&app, json!({"maxDurationS": 60}), "1 second", Some("1")).await;
    let of_a_newer_release = format!(
        "update session_limits set limits = '{{\"maxDurationS\": \"PT60S\"}}' where command_id = '{}'",
        unreadable.start
    );
    app.database.execute(&of_a_newer_release).await;
    let over = Charge::begin(&app, json!({"maxDurationS": 60}), "61 seconds", Some("2")).await;
    over.assert_stopped_once(&app).await;
    assert!(app.stops_of(&unreadable.pile).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_stopped_at_its_limit_of_money() {
    let app = app().await;
    app.create_sample_partitions().await;
    app.bind_tariff().await;
    // 2 kWh cost 3.00 CNY.
    let charge = Charge::begin(&app, json!({"maxAmount": "3.00"}), "0 seconds", Some("634")).await;
    charge.meter(&app, 6_990).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(app.stops_of(&charge.pile).await.is_empty(), "2.99 CNY are below the limit");
    charge.meter(&app, 7_000).await;
    charge.assert_stopped_once(&app).await;
    let reached = charge.limits(&app, "reached is not null").await;
    assert_eq!((&reached["reached"], &reached["reached_value"]), (&json!("amount"), &json!("3")));
    charge.end(&app, 7_100).await;
    assert_eq!(charge.limits(&app, "settled_at is not null").await["final_value"], json!("3.15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_a_limit_waits_for_the_transaction_id() {
    let app = app().await;
    let charge = Charge::begin(&app, json!({"maxDurationS": 60}), "61 seconds", None).await;
    charge.limits(&app, "stop_attempts = 1").await;
    assert!(app.holds("(select count(*) from commands where state = 'waiting') = 1").await);
    let sql = format!("update sessions set transaction_id = '634' where id = '{}'", charge.session);
    app.database.execute(&sql).await;
    charge.assert_stopped_once(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_send_one_stop_for_a_limit() {
    let app = app().await;
    let _others = [app.replica(&EAGER), app.replica(&EAGER)];
    let mut charges = Vec::new();
    for number in 0..10 {
        let transaction = number.to_string();
        let limits = json!({"maxDurationS": 60, "maxEnergyWh": 9_000});
        charges.push(Charge::begin(&app, limits, "61 seconds", Some(&transaction)).await);
        // Simulates a replica that lost the lease without noticing.
        app.database
            .execute("update ingest_partitions set owner = null, lease_until = now() where topic = 'commands/stops'")
            .await;
    }
    for charge in &charges {
        charge.assert_stopped_once(&app).await;
    }
    assert!(app.holds("(select count(*) from commands where name = 'RemoteStopTransaction') = 10").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_dies_before_it_records_the_attempt_causes_no_second_stop() {
    let app = app().await;
    let charge = Charge::begin(&app, json!({"maxDurationS": 60}), "61 seconds", Some("634")).await;
    let stop = charge.assert_stopped_once(&app).await;
    let forget = format!(
        "update session_limits set stop_attempts = 0, stop_command_id = null where command_id = '{}'",
        charge.start
    );
    app.database.execute(&forget).await;
    assert_eq!(charge.assert_stopped_once(&app).await, stop);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stop_follows_if_the_first_had_no_effect() {
    let app = app().await;
    let charge = Charge::begin(&app, json!({"maxDurationS": 60}), "61 seconds", Some("634")).await;
    let first = charge.assert_stopped_once(&app).await;
    let over = format!(
        "update commands set issued_at = now() - interval '10 minutes', expires_at = now() - interval '9 minutes'
         where id = '{first}'"
    );
    app.database.execute(&over).await;
    let second = charge.limits(&app, "stop_attempts = 2").await["stop_command_id"].clone();
    testkit::eventually("the second stop", || async {
        app.stops_of(&charge.pile).await == [json!(first), second.clone()]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_by_itself_needs_no_stop() {
    let app = app().await;
    let charge = Charge::begin(&app, json!({"maxEnergyWh": 1_000}), "1 minute", Some("634")).await;
    charge.end(&app, 5_900).await;
    let settled = charge.limits(&app, "settled_at is not null").await;
    assert_eq!((&settled["reached"], &settled["final_value"]), (&Value::Null, &Value::Null));
    // The charge passed its limit between the last check and its end.
    let charge = Charge::begin(&app, json!({"maxEnergyWh": 1_000}), "1 minute", Some("634")).await;
    charge.end(&app, 6_100).await;
    let settled = charge.limits(&app, "settled_at is not null").await;
    assert_eq!((&settled["reached"], &settled["final_value"]), (&json!("energy"), &json!("1100")));
    assert!(app.holds("(select count(*) from commands where name = 'RemoteStopTransaction') = 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_needs_a_tariff() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    for connector in [json!(1), Value::Null] {
        let body = json!({"idTag": "T", "connectorId": connector, "maxAmount": "30"});
        let answer = app.command(pile.id, "start-transaction", body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (409, "NO_TARIFF_APPLIES"));
    }
    assert!(app.holds("(select count(*) from commands) + (select count(*) from session_limits) = 0").await);
    app.bind_tariff().await;
    let body = json!({"idTag": "T", "connectorId": 1, "maxAmount": "30.00"});
    assert_eq!(app.command(pile.id, "start-transaction", body).await.status, 202);
    let limits = app.database.json("select limits from session_limits").await;
    assert_eq!(limits, json!({"maxAmount": "30.00", "currency": "CNY"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_limits_has_none() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let body = json!({"idTag": "T", "connectorId": 1, "maxEnergyWh": null});
    assert_eq!(app.command(pile.id, "start-transaction", body).await.status, 202);
    assert!(app.holds("(select count(*) from session_limits) = 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_limits_that_are_none() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let bodies = [
        json!({"idTag": "T", "maxEnergyWh": 0, "maxDurationS": -1}),
        json!({"idTag": "T", "maxEnergyWh": 1.5, "maxDurationS": 604_801}),
        json!({"idTag": "T", "maxEnergyWh": 10_000_001}),
        json!({"idTag": "T", "maxAmount": "0.00"}),
        json!({"idTag": "T", "maxAmount": "-3"}),
        json!({"idTag": "T", "maxAmount": 30}),
        json!({"idTag": "T", "maxAmount": "3e2"}),
    ];
    assert_snapshot!(app.field_errors(pile.id, "start-transaction", &bodies).await, @r#"
    "maxEnergyWh": "must be a whole number from 1 to 10000000", "maxDurationS": "must be a whole number from 1 to 604800"
    "maxEnergyWh": "must be a whole number from 1 to 10000000", "maxDurationS": "must be a whole number from 1 to 604800"
    "maxEnergyWh": "must be a whole number from 1 to 10000000"
    "maxAmount": "must be above zero"
    "maxAmount": "must not be negative"
    "maxAmount": "must be a string"
    "maxAmount": "must be a decimal number as a string, with at most 9 digits before the decimal point and 6 after it, such as \"0.8765\""
    "#);
}
