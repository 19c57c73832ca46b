//! Checks of the OpenAPI document of a service: whether it is the committed one, and whether its
//! examples are valid.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The methods of operations.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The operations of `document`: method, path and definition.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("the document has paths");
    paths.iter().flat_map(|(path, methods)| {
        METHODS.iter().filter_map(move |method| Some((*method, path.as_str(), methods.get(*method)?)))
    })
}

/// The paths of all GET operations, with the nil id in place of each parameter.
///
/// # Panics
/// When `document` has no paths.
#[must_use]
pub fn openapi_get_paths(document: &Value) -> Vec<String> {
    let nothing = "00000000-0000-7000-8000-000000000000";
    let gets = operations(document).filter(|(method, ..)| *method == "get");
    let filled = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { nothing } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    gets.map(|(_, path, _)| filled(path)).collect()
}

/// Compares `document` with the one in `docs/openapi`. With `UPDATE_OPENAPI=1` in the environment,
/// writes it there instead.
///
/// # Panics
/// When they differ.
pub fn openapi_is_committed(service: &str, document: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/openapi/{service}.json"));
    let text = format!("{}\n", serde_json::to_string_pretty(document).unwrap());
    if crate::environment("UPDATE_OPENAPI").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi/{service}.json differs from the code: run UPDATE_OPENAPI=1 cargo test -p {service} openapi and review the changes"
    );
}

/// Checks that every body in `document` has an example that matches its schema, and that every
/// operation has a successful response and a unique id.
///
/// # Panics
/// When one does not.
pub fn openapi_has_true_examples(document: &Value) {
    let mut ids = BTreeSet::new();
    let mut found = 0;
    for (method, path, operation) in operations(document) {
        let place = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{place}: its operationId is not unique"
        );
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place} has no successful response");
        let responses = responses.iter().map(|(status, response)| (status.as_str(), response));
        let bodies = responses.chain([("request", &operation["requestBody"])]);
        for (name, body) in bodies {
            for (media, content) in
                openapi_resolve(document, body)["content"].as_object().into_iter().flatten()
            {
                let examples = content["examples"].as_object().into_iter().flat_map(|all| all.values());
                let examples: Vec<_> =
                    examples.map(|example| &example["value"]).chain(content.get("example")).collect();
                assert!(!examples.is_empty(), "{place} {name} {media} has no example");
                for example in examples {
                    let faults = openapi_faults(document, &content["schema"], example);
                    assert!(
                        faults.is_empty(),
                        "{place} {name} {media}: {}\nin {example:#}",
                        faults.join("\n")
                    );
                    found += 1;
                }
            }
        }
    }
    assert!(found > 0, "the document has no bodies to check");
}

/// Every property of every schema in `document` has a description, or refers to a schema that has
/// one.
///
/// # Panics
/// When one has none.
pub fn openapi_describes_every_property(document: &Value) {
    let schemas = document["components"]["schemas"].as_object().expect("a document has schemas");
    let mut silent = Vec::new();
    for (name, schema) in schemas {
        for (property, shape) in schema["properties"].as_object().into_iter().flatten() {
            if shape["description"].as_str().is_none_or(|text| text.len() < 10) {
                silent.push(format!("{name}.{property}"));
            }
        }
    }
    assert!(silent.is_empty(), "these properties have no description: {}", silent.join(", "));
}

/// How `value` differs from `schema`, a schema within `document`; empty if it matches.
///
/// # Panics
/// When the schema is invalid.
#[must_use]
pub fn openapi_faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut whole = json!({ "allOf": [schema], "components": document["components"] });
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    let validator = jsonschema::options().should_validate_formats(true).build(&whole).unwrap();
    validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

/// What `value` refers to within `document`, or `value` itself if it is not a reference.
///
/// # Panics
/// When the reference leads nowhere.
#[must_use]
pub fn openapi_resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    pointer.map_or(value, |pointer| document.pointer(pointer).unwrap())
}

/// The operation `method` on `path`. A parameter of the document's path stands for any part of
/// `path`; a path without parameters takes precedence.
#[must_use]
pub fn openapi_operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let mut pairs = template.split('/').zip(&parts);
        template.split('/').count() == parts.len()
            && pairs.all(|(known, part)| known.starts_with('{') || known == *part)
    };
    let fitting =
        operations(document).filter(|(known, place, _)| known.eq_ignore_ascii_case(method) && fits(place));
    let best = fitting.min_by_key(|(_, place, _)| place.matches('{').count());
    best.map(|(.., operation)| operation)
}

/// The operations of `document` as `METHOD path`, each with its scope.
pub(crate) fn scopes(document: &Value) -> BTreeSet<(String, String)> {
    let scope = |operation: &Value| operation["security"][0]["bearer"][0].as_str().unwrap().to_owned();
    let named = |(method, path, operation): (&str, &str, &Value)| {
        (format!("{} {path}", method.to_ascii_uppercase()), scope(operation))
    };
    operations(document).map(named).collect()
}

/// The query parameters of `method` on `path` in `document`. The variable parts of `path` are in
/// braces; their names do not matter.
///
/// # Panics
/// When there is no such operation.
#[must_use]
pub fn openapi_query(document: &Value, method: &str, path: &str) -> BTreeSet<String> {
    let parameters = operation_of(document, method, path)["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

/// The fields that the JSON body of `method` on `path` may have according to `document`.
///
/// # Panics
/// When there is no such operation.
#[must_use]
pub fn openapi_body(document: &Value, method: &str, path: &str) -> BTreeSet<String> {
    let schema =
        &operation_of(document, method, path)["requestBody"]["content"]["application/json"]["schema"];
    openapi_resolve(document, schema)["properties"]
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys().cloned())
        .collect()
}

fn operation_of<'a>(document: &'a Value, method: &str, path: &str) -> &'a Value {
    openapi_operation(document, method, path).unwrap_or_else(|| panic!("there is no {method} {path}"))
}
