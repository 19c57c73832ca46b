//! The examples are valid: JSON parses, the messages of the contract decode, bodies of requests and
//! responses match the OpenAPI documents, and events of the feed are changes.

use crate::markdown::{Block, Document};
use crate::repository::{documents, root, shown};
use domain::feed::{FeedKind, FeedPosition};
use serde_json::{Value, json};
use std::fs;
use testkit::{openapi_faults, openapi_operation, openapi_resolve};
use wire::RawRecord;

fn read(page: &str) -> Document {
    Document::parse(&fs::read_to_string(root().join(page)).unwrap())
}

fn openapi() -> [Value; 2] {
    ["asset-api", "command-dispatcher"].map(|service| {
        let text = fs::read_to_string(root().join(format!("docs/openapi/{service}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    })
}

#[test]
fn json_is_json() {
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        for block in document.blocks.iter().filter(|block| block.language == "json") {
            let parsed: Result<Value, _> = serde_json::from_str(&block.text);
            assert!(parsed.is_ok(), "{}:{}: {parsed:?}", shown(&path), block.line);
        }
    }
}

#[test]
fn messages_of_the_contract_decode() {
    let contract = read("docs/gateway-contract.md");
    let (mut events, mut commands) = (0, 0);
    for block in contract.blocks.iter().filter(|block| block.language == "json") {
        let message: Value = serde_json::from_str(&block.text).unwrap();
        let record = RawRecord::json(block.text.as_bytes());
        if message.get("eventType").is_some() {
            wire::decode(&record).unwrap_or_else(|error| panic!("line {}: {error}", block.line));
            events += 1;
        } else if message.get("commandName").is_some() {
            let decoded = wire::command::decode_command(&record);
            decoded.unwrap_or_else(|error| panic!("line {}: {error}", block.line));
            commands += 1;
        }
    }
    assert!(events > 0 && commands > 0, "the contract shows {events} events and {commands} commands");
}

#[test]
fn events_of_the_feed_are_changes() {
    let api = read("docs/api.md");
    let in_docs = api.blocks.iter().filter(|block| block.language == "sse").map(|block| block.text.clone());
    let operation = "/paths/~1api~1v1~1feed/get/responses/200/content/text~1event-stream/example";
    let [assets, _] = openapi();
    let in_openapi = assets.pointer(operation).and_then(Value::as_str).unwrap().to_owned();
    let mut seen = 0;
    for stream in in_docs.chain([in_openapi]) {
        let before = seen;
        for event in stream.split("\n\n").filter(|event| event.contains("data: ")) {
            assert_is_change(event);
            seen += 1;
        }
        assert!(seen > before, "no event in:\n{stream}");
    }
}

fn assert_is_change(event: &str) {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let data: Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
    let id: FeedPosition =
        field("id: ").unwrap().parse().unwrap_or_else(|error| panic!("{event}: {error:?}"));
    assert_eq!(data["id"], id.to_string());
    assert_eq!(data["type"].as_str(), field("event: "));
    assert_eq!(data["specversion"], "1.0");
    let kind = json!({ "type": data["type"], "data": data["data"] });
    let kind: FeedKind = serde_json::from_value(kind).unwrap_or_else(|error| panic!("{event}: {error}"));
    assert_eq!(Some(kind.type_name()), field("event: "));
}

#[test]
fn requests_and_responses_match_the_openapi_documents() {
    let documents = openapi();
    let mut checked = 0;
    let mut faults = Vec::new();
    for page in ["docs/api.md", "docs/tariffs.md", "docs/sessions.md"] {
        let mut operation = None;
        for block in &read(page).blocks {
            // Requests whose bodies are not JSON are shown as text, or as a call of curl.
            if ["sh", "text"].contains(&block.language.as_str()) {
                let first = block.text.lines().next().and_then(|line| line.split_once(' '));
                let called = curl(&block.text).or(first);
                operation = called.and_then(|(method, path)| find(&documents, method, path)).or(operation);
            }
            if block.language != "http" {
                continue;
            }
            let place = format!("{page}:{}", block.line);
            let (first, body) = split(block);
            let words: Vec<&str> = first.split_whitespace().collect();
            let bodies = match words.as_slice() {
                [method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD"), path, ..] => {
                    operation = find(&documents, method, path);
                    if operation.is_none() {
                        faults.push(format!("{place}: there is no {method} {path}"));
                    }
                    operation.map(|(_, operation)| &operation["requestBody"])
                }
                [status, ..] => operation.map(|(_, operation)| &operation["responses"][*status]),
                [] => None,
            };
            let (Some((document, _)), Some(bodies), Some(body)) = (operation, bodies, body) else { continue };
            checked += 1;
            let content = openapi_resolve(document, bodies)["content"].as_object();
            match content.and_then(|content| content.values().next()) {
                None => faults.push(format!("{place}: the OpenAPI document has no such body")),
                Some(content) => {
                    let found = openapi_faults(document, &content["schema"], &body);
                    faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} bodies were checked");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The method and the path of a call of `curl`, if `commands` has one.
fn curl(commands: &str) -> Option<(&str, &str)> {
    let call = &commands[commands.find("curl ")?..];
    let (_host, rest) = call.split_once("://127.0.0.1")?;
    let path = rest[rest.find('/')?..].split(['?', '\'', '"', ' ', '\n']).next()?;
    let named = call.split_once("-X ").and_then(|(_, rest)| rest.split_whitespace().next());
    let sends = ["-d ", "--data"].iter().any(|option| call.contains(option));
    Some((named.unwrap_or(if sends { "POST" } else { "GET" }), path))
}

/// The first line of a block, and the JSON behind its headers.
fn split(block: &Block) -> (String, Option<Value>) {
    let (head, body) = block.text.split_once("\n\n").unwrap_or((&block.text, ""));
    let first = head.lines().next().unwrap_or_default().to_owned();
    let body = body.trim();
    let parsed = (!body.is_empty())
        .then(|| serde_json::from_str(body).unwrap_or_else(|error| panic!("line {}: {error}", block.line)));
    (first, parsed)
}

/// The document and the operation of `method` on `path`.
fn find<'a>(documents: &'a [Value; 2], method: &str, path: &str) -> Option<(&'a Value, &'a Value)> {
    let path = path.split('?').next().unwrap_or_default();
    let method = if method == "HEAD" { "GET" } else { method };
    documents.iter().find_map(|document| Some((document, openapi_operation(document, method, path)?)))
}
