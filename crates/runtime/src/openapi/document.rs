//! Assembly of the OpenAPI document.

use super::answer::Answer;
use super::json::without_nulls;
use super::operation::{Body, Operation};
use super::parameter::Parameter;
use super::problems::Refusals;
use super::schemas::Schemas;
use crate::http::Routes;
use actix_web::App;
use actix_web::http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The `info` object of a document.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Name of the API.
    pub title: &'static str,
    /// Purpose of the API, in Markdown.
    pub description: &'static str,
    /// Version of the service.
    pub version: &'static str,
}

/// An operation with its path and method.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) path: String,
    pub(crate) method: Method,
    pub(crate) operation: Operation,
}

/// The OpenAPI 3.1 document of the routes that `set_up` defines.
pub fn document(about: &About, set_up: impl FnOnce(&mut Routes<'_>)) -> Value {
    let mut all = Vec::new();
    // Only an application can create the framework's route configuration.
    let _never_served = App::new().configure(|config| set_up(&mut Routes::new(config, &mut all)));
    assemble(about, &all)
}

fn assemble(about: &About, all: &[Described]) -> Value {
    let (mut schemas, mut refusals) = (Schemas::new(), Refusals::new());
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for Described { path, method, operation } in all {
        let path_item = paths.entry(path).or_default();
        path_item.insert(
            method.as_str().to_ascii_lowercase(),
            describe(&mut schemas, &mut refusals, path, operation),
        );
    }
    let requests = paths.values_mut().flat_map(Map::values_mut).flat_map(|operation| {
        let operation = operation.as_object_mut().into_iter().flatten();
        operation.filter(|(part, _)| *part == "parameters" || *part == "requestBody").map(|(_, part)| part)
    });
    let mut named = schemas.finish(&mut requests.collect::<Vec<_>>());
    if let Some(code) = named.get_mut("Problem").and_then(|problem| problem.pointer_mut("/properties/code")) {
        let (codes, about) = refusals.codes();
        code["enum"] = codes.into();
        // Generators of clients know this extension.
        code["x-enum-descriptions"] = about.into();
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": about.title, "description": about.description, "version": about.version },
        "servers": [{ "url": "/", "description": "The service that serves this document." }],
        "tags": tags(all),
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": refusals.finish(),
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "A token with the scopes that the operation names." } },
        },
    })
}

/// The tags of all operations, in order of definition.
fn tags(all: &[Described]) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for Described { operation, .. } in all {
        if !names.contains(&operation.tag) {
            names.push(operation.tag);
        }
    }
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

fn describe(schemas: &mut Schemas, refusals: &mut Refusals, path: &str, operation: &Operation) -> Value {
    let is_described = |name: &str| {
        operation.parameters.iter().any(|parameter| parameter.place == "path" && parameter.name == name)
    };
    let names = path.split('{').skip(1).filter_map(|part| part.split_once('}'));
    let in_path = names.filter(|(name, _)| !is_described(name)).map(|(name, _)| in_path(name));
    let described = operation.parameters.iter().map(|parameter| self::parameter(schemas, parameter));
    let parameters: Vec<_> = in_path.chain(described).collect();
    let mut responses: BTreeMap<u16, Value> = refusals.of(schemas, operation, path);
    for answer in &operation.answers {
        responses.insert(answer.status.as_u16(), response(schemas, answer));
    }
    without_nulls(json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "deprecated": operation.deprecation.map(|_announced| true),
        "security": [{ "bearer": [operation.scope.as_str()] }],
        // How the operators in the caller's token bound the operation.
        "x-reach": operation.reach.as_str(),
        "parameters": parameters,
        "requestBody": operation.body.as_ref().map(|body| request_body(schemas, body)),
        "responses": responses,
    }))
}

/// A path parameter without a description is a UUID. Other text names no resource and is answered
/// with 404, not 400.
fn in_path(name: &str) -> Value {
    json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn parameter(schemas: &mut Schemas, parameter: &Parameter) -> Value {
    json!({
        "in": parameter.place,
        "name": parameter.name,
        "description": parameter.about,
        "required": parameter.required,
        "schema": schemas.read(&parameter.shape),
    })
}

fn request_body(schemas: &mut Schemas, body: &Body) -> Value {
    let forms = body.forms.iter().map(|form| {
        let content = json!({ "schema": schemas.read(&form.shape), "example": form.example });
        (form.media.to_owned(), content)
    });
    json!({ "required": body.required, "content": forms.collect::<Map<_, _>>() })
}

fn response(schemas: &mut Schemas, answer: &Answer) -> Value {
    let content = answer.content.iter().map(|content| {
        let schema = schemas.written(&content.shape);
        (content.media.to_owned(), json!({ "schema": schema, "example": content.example }))
    });
    let content: Map<_, _> = content.collect();
    let content = Some(content).filter(|content| !content.is_empty());
    let headers = answer.headers.iter().map(|(name, about)| {
        ((*name).to_owned(), json!({ "description": about, "schema": { "type": "string" } }))
    });
    let headers: Map<_, _> = headers.collect();
    let headers = Some(headers).filter(|headers| !headers.is_empty());
    without_nulls(json!({ "description": answer.about, "content": content, "headers": headers }))
}
