//! Quotes of recorded sessions, by their own readings.

use crate::app::TestApp;
use crate::prices::summary;
use crate::tariffs::lists::day_and_night;
use serde_json::json;

/// `CP-1` charged from 05:30 to 06:30 in Shanghai, reported readings, some of them wrong, and was
/// free at 07:00. Another session is open, and a third was never metered. `CP-9` is assigned to no
/// pile.
const RECORDED: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now());
    insert into sessions (id, charge_point_id, connector_id, started_at, meter_start_wh, ended_at, meter_stop_wh)
    values ('0192f0c1-0000-7000-8000-000000000001', 'CP-1', 1, '2026-07-25T05:30:00+08', 1000, '2026-07-25T06:30:00+08', 21000),
           ('0192f0c1-0000-7000-8000-000000000002', 'CP-1', 1, '2026-07-25T08:00:00+08', 21000, null, null),
           ('0192f0c1-0000-7000-8000-000000000003', 'CP-1', 2, '2026-07-25T08:00:00+08', null, '2026-07-25T08:10:00+08', null),
           ('0192f0c1-0000-7000-8000-000000000004', 'CP-9', 1, '2026-07-25T08:00:00+08', 0, '2026-07-25T08:10:00+08', 10),
           ('0192f0c1-0000-7000-8000-000000000005', 'CP-1', 2, '2026-06-25T08:00:00+08', 0, '2026-06-25T08:10:00+08', 10);
    insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh)
    values ('CP-1', 1, '2026-07-25T05:20:00+08', 999),
           ('CP-1', 1, '2026-07-25T05:50:00+08', 13000), ('CP-1', 1, '2026-07-25T05:55:00+08', 12000),
           ('CP-1', 1, '2026-07-25T06:00:00+08', 16000), ('CP-1', 1, '2026-07-25T06:10:00+08', 99000),
           ('CP-1', 1, '2026-07-25T08:20:00+08', 25000);
    insert into status_changes (charge_point_id, noted_at, place, at, connector_id, status)
    values ('CP-1', '2026-07-25T06:30:05+08', 0, '2026-07-25T06:30:00+08', 1, 'Finishing'),
           ('CP-1', '2026-07-25T07:00:05+08', 0, '2026-07-25T07:00:00+08', 1, 'Available')";

/// Backdates all tariff versions and bindings to July.
const LONG_AGO: &str = "
    alter table tariff_versions disable trigger user;
    update tariff_versions set effective_from = '2026-07-01';
    update tariff_bindings set effective_from = '2026-07-01'";

pub(super) async fn recorded() -> TestApp {
    let app = TestApp::start().await;
    app.pile("CP-1").await;
    let mut connection = app.database.pool.connection().await.unwrap();
    for day in ["2026-07-24", "2026-07-25"] {
        storage::devices::meter_samples::DAYS.ensure(&mut connection, day.parse().unwrap()).await.unwrap();
        storage::devices::status_changes::DAYS.ensure(&mut connection, day.parse().unwrap()).await.unwrap();
    }
    drop(connection);
    app.database.execute(RECORDED).await;
    let mut list = day_and_night();
    list["occupancy"] = json!({ "pricePerMinute": "0.5", "graceMinutes": 15 });
    app.bind(&app.tariff(&list).await, &json!({ "level": "platform" })).await;
    app.database.execute(LONG_AGO).await;
    app
}

fn quote(number: u8) -> String {
    format!("/api/v1/sessions/0192f0c1-0000-7000-8000-00000000000{number}/quote")
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_a_recorded_session_by_its_own_readings() {
    let app = recorded().await;
    let quoted = app.get(&quote(1)).await.json();
    assert_eq!(
        summary(&quoted),
        ["15000 Wh valley 4.74 + 12.00", "5000 Wh sharp 6.17 + 4.00", "15 minutes 7.50", "total 34.41"]
    );
    assert_eq!((&quoted["ended"], &quoted["readings"]), (&json!(true), &json!(4)));
    assert_eq!(quoted["unpluggedAt"], "2026-07-24T23:00:00Z");
    let open = app.get(&quote(2)).await.json();
    assert_eq!(
        (&open["ended"], &open["energyWh"], &open["unpluggedAt"]),
        (&json!(false), &json!(4_000.0), &json!(null))
    );
    app.database.execute("delete from status_changes").await;
    let until_the_next = app.get(&quote(1)).await.json();
    assert_eq!(until_the_next["unpluggedAt"], "2026-07-25T00:00:00Z", "at that time the next session began");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_registers_has_the_same_energy_as_its_quote() {
    let app = recorded().await;
    app.database
        .execute(
            "insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, ended_at)
             values ('0192f0c1-0000-7000-8000-000000000006', 'CP-1', 3, 'seven', '2026-07-25T08:00:00+08', '2026-07-25T08:30:00+08');
             insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh, transaction_key)
             values ('CP-1', 3, '2026-07-25T08:00:00+08', 0, null), ('CP-1', 3, '2026-07-25T08:20:00+08', 500, null),
                    ('CP-1', 3, '2026-07-25T08:25:00+08', 13000000, 7)",
        )
        .await;
    let session = app.get("/api/v1/sessions/0192f0c1-0000-7000-8000-000000000006").await.json();
    let quote = app.get(&quote(6)).await.json();
    assert_eq!(
        (&session["energyWh"], &quote["energyWh"]),
        (&json!(500.0), &json!(500.0)),
        "the last sample belongs to another transaction"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn explains_why_a_session_has_no_quote() {
    let app = recorded().await;
    for (session, code) in [
        (3, "SESSION_NOT_METERED"),
        (4, "SESSION_WITHOUT_PILE"),
        (5, "NO_TARIFF_APPLIES"),
        (8, "SESSION_NOT_FOUND"),
    ] {
        assert_eq!(app.get(&quote(session)).await.json()["code"], code);
    }
}
