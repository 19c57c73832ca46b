//! The refusals of an operation, by status.

use super::json::without_nulls;
use super::operation::Operation;
use super::schemas::{Schemas, Shape};
use crate::problem::{Body, FieldError};
use crate::{Problem, auth, http};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The problem responses of a document, each named after its codes, because many operations share
/// them.
#[derive(Default)]
pub(super) struct Refusals {
    responses: Map<String, Value>,
    codes: BTreeMap<String, Code>,
}

/// A code that a problem may have.
struct Code {
    title: String,
    /// Whether the same request may succeed later without a change.
    waiting_helps: bool,
}

impl Refusals {
    /// Starts with the problems of requests that no operation serves.
    pub(super) fn new() -> Self {
        let mut refusals = Self::default();
        [http::not_found(), http::method_not_allowed()].iter().for_each(|problem| refusals.list(problem));
        refusals
    }

    /// Lists the code of `problem`.
    fn list(&mut self, problem: &Problem) {
        let code = Code { title: problem.title().to_owned(), waiting_helps: problem.says_when_to_retry() };
        self.codes.entry(problem.code().to_owned()).or_insert(code);
    }

    /// References to the refusals of `operation`, by status.
    pub(super) fn of(
        &mut self,
        schemas: &mut Schemas,
        operation: &Operation,
        path: &str,
    ) -> BTreeMap<u16, Value> {
        let mut by_status: BTreeMap<u16, Vec<Problem>> = BTreeMap::new();
        for problem in of_all(operation, path).into_iter().chain(operation.refusals.iter().cloned()) {
            self.list(&problem);
            let same = by_status.entry(problem.status().as_u16()).or_default();
            if same.iter().all(|other| other.code() != problem.code()) {
                same.push(problem);
            }
        }
        by_status.into_iter().map(|(status, problems)| (status, self.refer_to(schemas, &problems))).collect()
    }

    fn refer_to(&mut self, schemas: &mut Schemas, problems: &[Problem]) -> Value {
        let name =
            problems.iter().map(|problem| in_camel_case(problem.code())).collect::<Vec<_>>().join("Or");
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses
            .entry(name)
            .or_insert_with(|| response(&schemas.written(&Shape::of::<Body<'_>>()), problems));
        reference
    }

    /// All collected responses.
    pub(super) fn finish(self) -> Map<String, Value> {
        self.responses
    }

    /// The values of a problem's `code`, and for each its title and whether waiting helps.
    pub(super) fn codes(&self) -> (Vec<&str>, Vec<String>) {
        let described = self.codes.iter().map(|(code, Code { title, waiting_helps })| {
            let advice = if *waiting_helps {
                "Waiting helps: repeat the request after `Retry-After`."
            } else {
                "Waiting does not help: change the request or what it is about."
            };
            (code.as_str(), format!("{title}. {advice}"))
        });
        described.unzip()
    }
}

/// Converts `PILE_NOT_FOUND` to `PileNotFound`.
fn in_camel_case(code: &str) -> String {
    let words = code.split('_').filter_map(|word| word.split_at_checked(1));
    words.map(|(first, rest)| format!("{first}{}", rest.to_ascii_lowercase())).collect()
}

/// The refusals that every operation of this kind has.
fn of_all(operation: &Operation, path: &str) -> Vec<Problem> {
    let mut problems = vec![
        Problem::invalid(vec![FieldError::new("limit", "must be a whole number from 1 to 200")]),
        Problem::unauthenticated(),
        Problem::forbidden(),
        auth::too_many_requests(1),
        Problem::bare_internal(),
        http::too_late(),
        http::too_long(),
        auth::no_keys(),
    ];
    if path.contains('{') {
        problems.push(http::not_found());
    }
    if operation.body.is_some() {
        problems.extend(http::body_problems());
    }
    problems
}

/// A response that lists its codes, each with an example.
fn response(schema: &Value, problems: &[Problem]) -> Value {
    let listed: Vec<_> =
        problems.iter().map(|problem| format!("`{}`: {}", problem.code(), problem.title())).collect();
    let example = |problem: &Problem| {
        (problem.code().to_owned(), json!({ "value": problem.body(Some(EXAMPLE_PATH), Some(EXAMPLE_TRACE)) }))
    };
    let examples: Map<_, _> = problems.iter().map(example).collect();
    let retry = problems.iter().any(Problem::says_when_to_retry).then(|| {
        json!({ "Retry-After": {
            "description": "Seconds after which a retry may succeed.",
            "schema": { "type": "integer" },
        } })
    });
    without_nulls(json!({
        "description": listed.join("\n\n"),
        "headers": retry,
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    }))
}

const EXAMPLE_PATH: &str = "/api/v1/piles/0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02";
const EXAMPLE_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
