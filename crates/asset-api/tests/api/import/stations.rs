//! `POST /api/v1/stations/import`: imports of many stations from one file.

use super::{counts, csv, lines};
use crate::answer::Answer;
use crate::app::TestApp;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

const HEADER: &str = "id,name,address,latitude,longitude,status,openingHours,facilities,startableStatuses";
const ID: &str = "0192f0b0-0000-4000-8000-000000000001";

async fn send(app: &TestApp, query: &str, kind: &str, body: String) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1/stations/import{query}"));
    Answer::to(request.header("content-type", kind).body(body)).await
}

async fn stations_of(app: &TestApp, query: &str, rows: &str) -> Answer {
    send(app, query, "text/csv", format!("{HEADER}\n{rows}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_stations_with_ids_that_a_file_of_piles_can_name() {
    let app = TestApp::start().await;
    let hours = r#""{""weekly"":[{""weekday"":""Monday"",""from"":""08:00"",""to"":""22:00""}]}""#;
    let rows = format!(
        "{ID},\"人民广场站\",\"上海市\",31.23,121.47,Planned,{hours},\"[\"\"Wifi\"\",\"\"Restroom\"\"]\",\"[\"\"Preparing\"\"]\"\n,South,,,,,,,\n"
    );
    let answer = stations_of(&app, "", &rows).await;
    assert_eq!((counts(&answer), &answer.json()["applied"]), ([2, 0, 0, 0], &json!(true)));
    assert_snapshot!(app.get(&format!("/api/v1/stations/{ID}")).await.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "1"

    {
      "address": "上海市",
      "availability": {
        "confidence": {},
        "connectors": {},
        "piles": {}
      },
      "createdAt": "[now]",
      "facilities": [
        "Restroom",
        "Wifi"
      ],
      "id": "[id 1]",
      "latitude": 31.23,
      "longitude": 121.47,
      "name": "人民广场站",
      "openingHours": {
        "weekly": [
          {
            "from": "08:00",
            "to": "22:00",
            "weekday": "Monday"
          }
        ]
      },
      "operatorId": null,
      "retiredAt": null,
      "startableStatuses": [
        "Preparing"
      ],
      "status": "Planned",
      "updatedAt": "[now]",
      "version": 1
    }
    "#);
    assert_eq!(counts(&csv(&app, "", &format!("{ID},CP-1,,DC,1,DC,\n")).await), [1, 0, 0, 0]);

    // The same file again: the station with an id is unchanged, the one without is created again.
    assert_eq!(counts(&stations_of(&app, "", &rows).await), [1, 0, 1, 0]);
    let again = app.get(&format!("/api/v1/stations/{ID}")).await.json();
    assert_eq!((&again["version"], &again["availability"]["piles"]["Unknown"]), (&json!(1), &json!(1)));
    let listed = app.get("/api/v1/stations").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn import_replaces_a_station_like_put() {
    let app = TestApp::start().await;
    let path = app.station().await;
    let id = path.rsplit('/').next().unwrap();
    let row = json!({"id": id, "name": "South", "facilities": ["Cafe"], "openingHours": {"always": true},
                     "startableStatuses": ["Available", "Preparing"]});
    let answer = send(&app, "?dryRun=true", "application/x-ndjson", row.to_string()).await;
    assert_eq!((counts(&answer), app.get(&path).await.json()["version"].clone()), ([0, 1, 0, 0], json!(1)));
    let answer = send(&app, "", "application/x-ndjson", row.to_string()).await;
    assert_eq!(counts(&answer), [0, 1, 0, 0]);
    let now = app.get(&path).await.json();
    assert_eq!(
        (&now["name"], &now["version"], &now["facilities"]),
        (&json!("South"), &json!(2), &json!(["Cafe"]))
    );
    assert_eq!(now["startableStatuses"], json!(["Available", "Preparing"]));
    let audit = app.get(&format!("{path}/audit")).await.json();
    assert_eq!(
        (&audit["items"][0]["action"], &audit["items"][0]["before"]["name"]),
        (&json!("updated"), &json!("North"))
    );
    assert_eq!(app.delete(&path).await.status, 204);
    let answer = send(&app, "", "application/x-ndjson", row.to_string()).await;
    assert_eq!((counts(&answer), lines(&answer)), ([0, 0, 0, 1], vec![(1, "id".to_owned())]));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_rows_one_by_one() {
    let app = TestApp::start().await;
    let rows = format!(
        "{ID},North,,,,,,,\n{},Again,,,,,,,\nCP-1,Id,,,,,,,\n,,Nameless,,,,,,\n,Half,,31,,,,,\n,Far,,91,181,Shut,x,Wifi,[]\n,Good,,,,,,,\n",
        ID.to_uppercase()
    );
    let answer = stations_of(&app, "", &rows).await;
    let expected = [(3, "id"), (4, "id"), (5, "name"), (6, "longitude")].into_iter();
    let last = ["latitude", "longitude", "status", "openingHours", "facilities", "startableStatuses"]
        .map(|field| (7, field));
    let expected: Vec<_> = expected.chain(last).map(|(line, field)| (line, field.to_owned())).collect();
    assert_eq!((lines(&answer), counts(&answer)), (expected, [2, 0, 0, 5]));
    assert_eq!(answer.json()["errors"][0]["message"], "is the same as in line 2");
    assert_eq!((&answer.json()["applied"], answer.status.as_u16()), (&json!(false), 200));
    let listed = async || app.get("/api/v1/stations").await.json()["items"].as_array().unwrap().len();
    assert_eq!(listed().await, 0);
    assert_eq!(counts(&stations_of(&app, "?mode=best-effort", &rows).await), [2, 0, 0, 5]);
    assert_eq!(listed().await, 2);
    let header = send(&app, "", "text/csv", "chargePointId\n".to_owned()).await.json();
    assert_eq!(header["errors"].as_array().map(Vec::len), Some(2), "{header}");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_and_pages_through_thousands_of_stations() {
    let app = TestApp::start().await;
    let mut rows = String::new();
    for number in 0..20_000 {
        let row =
            json!({"id": format!("0192f0b0-0000-7000-8000-{number:012}"), "name": format!("S {number}")});
        writeln!(rows, "{row}").unwrap();
    }
    let put = async || counts(&send(&app, "", "application/x-ndjson", rows.clone()).await);
    assert_eq!((put().await, put().await), ([20_000, 0, 0, 0], [0, 0, 20_000, 0]));
    // All stations were created at the same instant; each is listed once.
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = Value::Null;
    for _ in 0..3 {
        let after = cursor.as_str().map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let page = app.get(&format!("/api/v1/stations?limit=200{after}")).await.json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|station| station["id"].as_str().unwrap().to_owned()));
        cursor = page["nextCursor"].clone();
    }
    assert_eq!(seen.len(), 600);
}
