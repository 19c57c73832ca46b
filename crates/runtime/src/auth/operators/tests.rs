use super::*;
use serde_json::json;

fn read(required: bool, claims: Value) -> Result<Option<Vec<String>>, String> {
    let claim = OperatorsClaim { name: "operators".to_owned(), required };
    let Value::Object(mut claims) = claims else { panic!("claims are an object") };
    claim.read(&mut claims).map(|operators| operators.ids().map(<[String]>::to_vec))
}

fn only(ids: &[&str]) -> Result<Option<Vec<String>>, String> {
    Ok(Some(ids.iter().map(|&id| id.to_owned()).collect()))
}

#[test]
fn reads_the_operators_of_a_token() {
    assert_eq!(read(false, json!({})), Ok(None));
    assert_eq!(read(false, json!({ "other": ["op-1"] })), Ok(None));
    assert_eq!(read(false, json!({ "operators": ["op-2", "op-1", "op-2"] })), only(&["op-1", "op-2"]));
    assert_eq!(read(false, json!({ "operators": "op 1, op 2" })), only(&["op 1, op 2"]));
    assert_eq!(read(true, json!({ "operators": [] })), only(&[]));
}

#[test]
fn refuses_claims_that_do_not_list_operators() {
    let malformed = Err("the token's claim operators must be a list of operator ids".to_owned());
    for claim in [json!(null), json!(1), json!({}), json!([1]), json!(["op-1", null])] {
        assert_eq!(read(false, json!({ "operators": claim })), malformed);
    }
    for id in [String::new(), "o".repeat(201), "op\0".to_owned(), "op\u{1f}1".to_owned()] {
        assert!(
            read(false, json!({ "operators": [id] })).unwrap_err().ends_with("without control characters")
        );
    }
    assert_eq!(read(true, json!({})), Err("the token lacks the claim operators".to_owned()));
}

#[test]
fn an_empty_name_binds_no_token() {
    let claim = OperatorsClaim { name: String::new(), required: false };
    let Value::Object(mut claims) = json!({ "": ["op-1"], "operators": ["op-1"] }) else { return };
    assert_eq!(claim.read(&mut claims), Ok(Operators::All));
}

#[test]
fn only_platform_routes_refuse_bounded_callers() {
    let bounded = Operators::Only(["op-1".to_owned()].into());
    let admitted = [Reach::Operator, Reach::Platform, Reach::Everyone].map(|reach| reach.admits(&bounded));
    assert_eq!(admitted, [true, false, true]);
    assert!(Reach::Platform.admits(&Operators::All));
    assert!(!Reach::Platform.admits(&Operators::Only([].into())));
}
