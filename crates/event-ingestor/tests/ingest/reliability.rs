//! The reliability ledger is computed by one of the replicas.

use crate::fixture::Fixture;
use serde_json::json;
use testkit::eventually;

/// A pile whose connector has been available for long.
const PILE: &str = "
    insert into stations (id, name, status, created_at, updated_at, version)
    values ('00000000-0000-0000-0000-000000000001', 'North', 'Open', now(), now(), 1);
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'CP-1', 'DC-120', 120, now(), now(), 1);
    insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now());
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    values ('CP-1', 1, 'Available', now() - interval '1 year', now() - interval '1 year', 0, 0, 1)";

#[tokio::test(flavor = "multi_thread")]
async fn computes_the_days_of_the_history_in_the_time_zone_of_the_setting() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(PILE).await;
    let settings = [("ingest.status_retention_days", "20"), ("reliability.time_zone", "Asia/Kolkata")];
    let replicas = [(); 2].map(|()| fixture.start_with(&settings));
    eventually("the days to be computed", || async {
        fixture.rows("select 1 as n from reliability_devices where computed_until is not null").await
            == json!([{ "n": 1 }])
    })
    .await;
    let kept = "select count(*) between 17 and 19 as all, bool_and(up_s = 86400) as up,
                       bool_and((began_at at time zone 'Asia/Kolkata')::time = '00:00') as local,
                       max(day) >= (now() at time zone 'Asia/Kolkata' - interval '2 hours')::date - 1 as until_now
                from reliability_days";
    let expected = json!([{ "all": true, "up": true, "local": true, "until_now": true }]);
    assert_eq!(fixture.rows(kept).await, expected);
    for replica in replicas {
        replica.stop().await;
    }
}
