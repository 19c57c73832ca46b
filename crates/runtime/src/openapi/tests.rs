use super::*;
use crate::Problem;
use crate::auth::{Reach, Scope};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde_json::{Value, json};

const ABOUT: About = About { title: "Things", description: "About things.", version: "1.2.3" };
const READ: Scope = Scope::new("things:read");
const WRITE: Scope = Scope::new("things:write");

/// Its read and written forms differ: `size` is optional in requests and always present in
/// responses.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct Thing {
    name: String,
    #[schemars(default)]
    size: u8,
    parts: Vec<Part>,
}

/// The same in both forms.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Part {
    name: String,
}

async fn nothing() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

fn thing() -> Value {
    json!({ "name": "Lamp", "size": 3, "parts": [] })
}

fn things() -> Value {
    document(&ABOUT, |routes| {
        let list = Operation::new("listThings", "Things", READ, Reach::Operator, "List things")
            .with([Parameter::query::<bool>("broken", "Only broken ones.")])
            .answers(Answer::json::<Vec<Thing>>(StatusCode::OK, "Things", json!([thing()])));
        let put = Operation::new("putThing", "Things", WRITE, Reach::Platform, "Put a thing")
            .describe("Wherever it was before.")
            .takes::<Thing>(thing())
            .answers(
                Answer::json::<Thing>(StatusCode::OK, "The thing", thing()).header("ETag", "Its version."),
            )
            .refuses([
                Problem::conflict("TAKEN", "Taken"),
                Problem::conflict("LOCKED", "Locked").retry_after(1),
            ]);
        routes.resource("/things", |on| on.get(list, nothing));
        let part = Operation::new("getPart", "Things", READ, Reach::Operator, "Get a part")
            .with([Parameter::path::<u8>("number", "Which.")])
            .answers(Answer::json::<Part>(StatusCode::OK, "The part", json!({ "name": "Bulb" })));
        routes.under("/things/{thingId}", |below| {
            below.resource("/parts/{number}", |on| on.get(part, nothing));
            below.resource("/place", |on| on.put(put, nothing));
        });
    })
}

#[test]
fn lists_operations_by_path_with_their_scopes() {
    let document = things();
    let list = &document["paths"]["/things"]["get"];
    let put = &document["paths"]["/things/{thingId}/place"]["put"];
    assert_eq!(document["info"]["version"], "1.2.3");
    assert_eq!(document["tags"], json!([{ "name": "Things" }]));
    assert_eq!(list["security"], json!([{ "bearer": ["things:read"] }]));
    assert_eq!(put["security"], json!([{ "bearer": ["things:write"] }]));
    assert_eq!((&list["x-reach"], &put["x-reach"]), (&json!("operator"), &json!("platform")));
    assert_eq!(list["parameters"][0]["name"], "broken");
    assert_eq!(
        (&put["parameters"][0]["in"], &put["parameters"][0]["name"]),
        (&json!("path"), &json!("thingId"))
    );
    assert_eq!(put["description"], "Wherever it was before.");
    assert_eq!(put["responses"]["200"]["headers"]["ETag"]["description"], "Its version.");
}

#[test]
fn a_path_parameter_is_a_uuid_by_default() {
    let document = things();
    let part = &document["paths"]["/things/{thingId}/parts/{number}"]["get"];
    let described = |index: usize| {
        let parameter = &part["parameters"][index];
        [&parameter["name"], &parameter["required"], &parameter["schema"]["format"]].map(Value::to_string)
    };
    assert_eq!(
        [described(0), described(1)],
        [["\"thingId\"", "true", "\"uuid\""], ["\"number\"", "true", "\"uint8\""]]
    );
    assert_eq!(part["parameters"].as_array().unwrap().len(), 2);
}

#[test]
fn a_type_whose_read_form_differs_is_listed_twice() {
    let document = things();
    let place = &document["paths"]["/things/{thingId}/place"]["put"];
    let reference = |body: &Value| body["content"]["application/json"]["schema"]["$ref"].clone();
    assert_eq!(reference(&place["requestBody"]), "#/components/schemas/ThingInput");
    assert_eq!(reference(&place["responses"]["200"]), "#/components/schemas/Thing");
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["ThingInput"]["required"], json!(["name", "parts"]));
    assert_eq!(schemas["Thing"]["required"], json!(["name", "size", "parts"]));
    assert_eq!(schemas["ThingInput"]["properties"]["parts"]["items"]["$ref"], "#/components/schemas/Part");
    assert!(schemas["PartInput"].is_null());
}

/// The response that a reference points to.
fn response<'a>(document: &'a Value, reference: &Value) -> &'a Value {
    document.pointer(reference["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap()
}

#[test]
fn lists_refusals_by_status_each_with_an_example() {
    let document = things();
    let responses = &document["paths"]["/things/{thingId}/place"]["put"]["responses"];
    let codes = |status: &str| {
        let content = &response(&document, &responses[status])["content"]["application/problem+json"];
        let examples = content["examples"].as_object().unwrap();
        for (code, example) in examples {
            assert_eq!(
                (&example["value"]["code"], &example["value"]["status"].to_string()),
                (&json!(code), &status.to_owned())
            );
        }
        examples.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(codes("400"), "INVALID_REQUEST");
    assert_eq!(codes("401"), "UNAUTHENTICATED");
    assert_eq!(codes("403"), "FORBIDDEN");
    assert_eq!(codes("404"), "NOT_FOUND");
    assert_eq!(codes("409"), "LOCKED TAKEN");
    assert_eq!(codes("413"), "BODY_TOO_LARGE");
    assert_eq!(codes("503"), "REQUEST_DEADLINE_EXCEEDED TOKEN_KEYS_UNAVAILABLE");
    assert!(response(&document, &responses["409"])["headers"]["Retry-After"].is_object());
    assert!(response(&document, &responses["403"])["headers"].is_null());
    // An operation without a body or a path parameter has no refusals about them.
    let of_list = document["paths"]["/things"]["get"]["responses"].as_object().unwrap();
    assert!(
        ["404", "413", "415"].iter().all(|status| !of_list.contains_key(*status)),
        "{:?}",
        of_list.keys()
    );
}
