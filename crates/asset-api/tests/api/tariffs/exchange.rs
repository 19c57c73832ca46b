//! Tariff versions in the formats of other platforms.

use super::lists::{band, daily, day_and_night, flat};
use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn exports_a_version_to_ocpi() {
    let app = TestApp::start().await;
    let path = app.tariff(&day_and_night()).await;
    let object = app.get(&format!("{path}/versions/1/ocpi?countryCode=CN&partyId=CPO&id=day-1")).await;
    assert_snapshot!(object.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "country_code": "CN",
      "currency": "CNY",
      "elements": [
        {
          "price_components": [
            {
              "price": 1.1158,
              "step_size": 1,
              "type": "ENERGY"
            }
          ],
          "restrictions": {
            "end_time": "06:00",
            "start_time": "00:00"
          }
        },
        {
          "price_components": [
            {
              "price": 1.1158,
              "step_size": 1,
              "type": "ENERGY"
            }
          ],
          "restrictions": {
            "end_time": "00:00",
            "start_time": "22:00"
          }
        },
        {
          "price_components": [
            {
              "price": 2.0345,
              "step_size": 1,
              "type": "ENERGY"
            }
          ],
          "restrictions": {
            "end_time": "22:00",
            "start_time": "06:00"
          }
        }
      ],
      "id": "day-1",
      "last_updated": "[now]",
      "party_id": "CPO",
      "start_date_time": "[now]",
      "type": "REGULAR"
    }
    "#);
    for (query, field) in [
        ("partyId=CPO", "countryCode"),
        ("countryCode=cn&partyId=CPO", "countryCode"),
        ("countryCode=CN&partyId=C", "partyId"),
        ("countryCode=CN&partyId=CPO&days=3", "from"),
        ("countryCode=CN&partyId=CPO&from=2099-12-31&days=300", "from"),
    ] {
        let refused = app.get(&format!("{path}/versions/1/ocpi?{query}")).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (400, &json!(field)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_export_what_a_format_cannot_express() {
    let app = TestApp::start().await;
    let mut list = flat("0.7");
    let mut summer = list["schedules"][0].clone();
    summer["seasons"] = json!([{ "from": "07-01", "to": "08-31" }]);
    summer["bands"][0]["electricityPrice"] = "0.70001".into();
    list["schedules"] = json!([summer, list["schedules"][0]]);
    let path = app.tariff(&list).await;
    let ocpi = format!("{path}/versions/1/ocpi?countryCode=CN&partyId=CPO");
    let refused = app.get(&ocpi).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (409, &json!("OCPI_INEXPRESSIBLE")));
    let written_out = app.get(&format!("{ocpi}&from=2098-07-30&days=40")).await.json();
    assert_eq!(written_out["elements"][0]["restrictions"]["start_date"], "2098-07-30");
    assert_eq!(written_out["elements"][0]["restrictions"]["end_date"], "2098-09-01");
    assert_eq!(written_out["end_date_time"], "2098-09-07T16:00:00Z");

    let tcec = app.get(&format!("{path}/versions/1/tcec?date=2098-07-01")).await;
    assert_eq!((tcec.status.as_u16(), &tcec.json()["code"]), (409, &json!("TCEC_INEXPRESSIBLE")));
    assert_eq!(app.get(&format!("{path}/versions/1/tcec?date=2098-09-01")).await.status, 200);
    app.put(&format!("{path}/draft"), &flat("1")).await;
    let draft = app.get(&format!("{path}/versions/2/tcec")).await;
    assert_eq!(draft.json()["code"], "TARIFF_VERSION_NOT_FOUND", "drafts are not exported");
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_a_day_to_tcec_102() {
    let app = TestApp::start().await;
    let mut list =
        daily(&[band("22:00", "06:00", "valley", "0.3158"), band("06:00", "22:00", "peak", "1.2345")]);
    list["sessionFee"] = "1".into();
    let path = app.tariff(&list).await;
    assert_snapshot!(app.get(&format!("{path}/versions/1/tcec?date=2026-12-01")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "date": "2026-12-01",
      "document": {
        "PolicyInfos": [
          {
            "ElecPrice": 0.3158,
            "SevicePrice": 0.8,
            "StartTime": "000000"
          },
          {
            "ElecPrice": 1.2345,
            "SevicePrice": 0.8,
            "StartTime": "060000"
          },
          {
            "ElecPrice": 0.3158,
            "SevicePrice": 0.8,
            "StartTime": "220000"
          }
        ],
        "SumPeriod": 3
      },
      "leftOut": [
        "sessionFee"
      ],
      "names": [
        "谷",
        "峰",
        "谷"
      ]
    }
    "#);
}
