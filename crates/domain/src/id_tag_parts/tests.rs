use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Held {
    Session {
        #[serde(flatten, with = "super")]
        id_tag: Option<IdTag>,
        meter_wh: Option<f64>,
    },
}

fn stored(id_tag: Option<&str>) -> String {
    let id_tag = id_tag.map(|tag| IdTag::parse(tag).unwrap());
    let held = Held::Session { id_tag, meter_wh: Some(1.5) };
    let json = serde_json::to_string(&held).unwrap();
    assert_eq!(serde_json::from_str::<Held>(&json).unwrap(), held);
    json
}

#[test]
fn a_long_tag_is_stored_in_two_parts() {
    assert_eq!(stored(None), r#"{"session":{"meter_wh":1.5}}"#);
    let short = r#"{"session":{"id_tag":"12345678901234567890","meter_wh":1.5}}"#;
    assert_eq!(stored(Some("12345678901234567890")), short);
    let long = r#"{"session":{"id_tag":"12345678901234567890","id_tag_rest":"1","meter_wh":1.5}}"#;
    assert_eq!(stored(Some("123456789012345678901")), long);
    let blank = r#"{"session":{"id_tag":"1234567890123456789","id_tag_rest":" 1","meter_wh":1.5}}"#;
    assert_eq!(stored(Some("1234567890123456789 1")), blank);
}

#[test]
fn reads_what_earlier_releases_stored() {
    let held = |json| serde_json::from_str::<Held>(json).unwrap();
    let none = Held::Session { id_tag: None, meter_wh: None };
    assert_eq!(held(r#"{"session":{"id_tag":null,"meter_wh":null}}"#), none);
    assert!(serde_json::from_str::<Held>(r#"{"session":{"id_tag":""}}"#).is_err());
}
