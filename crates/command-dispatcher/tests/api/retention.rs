//! Old commands, batches and limits go; what refers to a command goes first.

use crate::app::TestApp;
use testkit::eventually;

/// Two closed commands of a batch and of limits, 500 and 300 days old.
const OLD: &str = "
    insert into stations (id, name, status, created_at, updated_at, version)
    values ('00000000-0000-7000-8000-000000000009', 'North', 'Open', now(), now(), 1);
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    values ('00000000-0000-7000-8000-000000000009', '00000000-0000-7000-8000-000000000009', 'OLD-1', 'DC-120', 120, now(), now(), 1);
    insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at,
                          life, open)
    select ('00000000-0000-7000-8000-000000000' || days)::uuid, '00000000-0000-7000-8000-000000000009', 'OLD-1', 'Reset', '{}',
           'confirmed', 'gateway-0', 0, now() - days * interval '1 day', now() - days * interval '1 day', '{\"trail\": []}', false
    from (values (500), (300)) as old (days);
    insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at, finished_at)
    values ('00000000-0000-7000-8000-000000000009', '00000000-0000-7000-8000-000000000009', 'Reset', '{}', 1, 1,
            now() - interval '501 days', now(), now());
    insert into command_batch_items (batch_id, pile_id, charge_point_id, state, command_id, settled_at)
    values ('00000000-0000-7000-8000-000000000009', '00000000-0000-7000-8000-000000000009', 'OLD-1', 'sent',
            '00000000-0000-7000-8000-000000000500', now());
    insert into session_limits (command_id, limits, created_at, settled_at)
    select id, '{}', issued_at, now() from commands";

#[tokio::test(flavor = "multi_thread")]
async fn old_commands_go_after_what_refers_to_them() {
    let app = TestApp::start().await;
    app.database.execute(OLD).await;
    // The first search was at the start of this replica; another one begins with its own.
    app.context.shutdown.request();
    let replica = app.replica(&[]);
    eventually("the old command to be deleted", || async {
        app.database.json("select json_agg(id) from commands").await
            == serde_json::json!(["00000000-0000-7000-8000-000000000300"])
    })
    .await;
    assert_eq!(app.database.json("select count(*) from command_batches").await, 0);
    assert_eq!(app.database.json("select count(*) from session_limits").await, 1);
    drop(replica);
}
