//! What sessions would have earned under another version.

use super::receipts::check_all;
use super::sessions::recorded;
use crate::app::id;
use crate::tariffs::lists::{day_and_night, flat};
use serde_json::{Value, json};

const JULY: &str = "from=2026-07-01T00:00:00%2B08:00&until=2026-07-31T00:00:00%2B08:00";

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_compared_with_what_the_receipts_of_a_station_came_to() {
    let app = recorded().await;
    let station = app.get("/api/v1/stations").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let own = app.get("/api/v1/tariffs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let other = app.tariff(&flat("2.00")).await;
    let what_if = async |tariff: &str, query: &str| -> Value {
        app.get(&format!("/api/v1/tariffs/{tariff}/versions/1/what-if?{query}")).await.json()
    };
    let query = format!("stationId={station}&{JULY}");
    let early = what_if(&own, &query).await;
    assert_eq!(
        (&early["sessions"], &early["complete"]),
        (&json!(0), &json!(true)),
        "no receipt is written yet"
    );
    check_all(&app).await;

    let same = what_if(&own, &query).await;
    assert_eq!((&same["sessions"], &same["energyWh"]), (&json!(1), &json!(20_000.0)), "{same}");
    assert_eq!(same["earned"], same["wouldEarn"], "the version by which it was priced");
    assert_eq!(same["earned"]["total"], json!({ "amount": "34.41", "currency": "CNY" }));
    let dearer = what_if(id(&other), &query).await;
    assert_eq!(dearer["earned"], same["earned"]);
    assert_eq!(dearer["wouldEarn"]["electricity"]["amount"], "40.00");
    assert_eq!(dearer["wouldEarn"]["occupancy"]["amount"], "0.00", "the other version has no occupancy fee");

    app.put(&format!("/api/v1/tariffs/{own}/draft"), &day_and_night()).await;
    let draft = app.get(&format!("/api/v1/tariffs/{own}/versions/2/what-if?{query}")).await;
    assert_eq!((draft.status.as_u16(), &draft.json()["earned"]), (200, &same["earned"]));
    app.database.execute("update stations set retired_at = now()").await;
    assert_eq!(what_if(&own, &query).await, same, "what a retired station earned remains");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_time_of_more_than_a_month_and_unknown_versions_and_stations() {
    let app = recorded().await;
    let own = app.get("/api/v1/tariffs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let station = "stationId=0192f0c1-0000-7000-8000-0000000000ff";
    let path = format!("/api/v1/tariffs/{own}/versions");
    for time in [
        "from=2026-07-01T00:00:00Z&until=2026-08-02T00:00:00Z",
        "from=2026-09-30T22:00:00Z&until=2026-10-31T23:00:01Z",
        "from=2026-07-02T00:00:00Z&until=2026-07-01T00:00:00Z",
    ] {
        let refused = app.get(&format!("{path}/1/what-if?{station}&{time}")).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["errors"][0]["field"]),
            (400, &json!("until")),
            "{time}"
        );
    }
    let autumn = "from=2026-10-01T00:00:00%2B02:00&until=2026-11-01T00:00:00%2B01:00";
    let longest = app.get(&format!("{path}/1/what-if?{station}&{autumn}")).await;
    assert_eq!(longest.status.as_u16(), 404, "the month in which clocks are set back has one hour more");
    let unknown = app.get(&format!("{path}/7/what-if?{station}&{JULY}")).await;
    assert_eq!(unknown.json()["code"], "TARIFF_VERSION_NOT_FOUND");
    let unknown = app.get(&format!("{path}/1/what-if?{station}&{JULY}")).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (404, &json!("STATION_NOT_FOUND")));
}
