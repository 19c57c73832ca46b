//! The time and the revision of edits, and their HTTP headers: `ETag`, `If-Match` and `If-None-Match`.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ETag, EntityTag, Header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, SubsecRound, Utc};
use domain::assets::{EditStamp, Revision};
use domain::ids::Actor;
use runtime::Problem;
use runtime::openapi::Parameter;
use runtime::problem::FieldError;
use schemars::json_schema;
use std::future::{Ready, ready};

/// The current time with the precision of PostgreSQL (1 µs), so that it reads the same after it was
/// stored.
pub fn now() -> DateTime<Utc> {
    runtime::clock::now().trunc_subsecs(6)
}

/// The stamp of an edit by `by` at the current time.
pub fn stamp(by: Actor) -> EditStamp {
    EditStamp { at: now(), by }
}

/// The revision of an asset that is created at `at`.
pub const fn first(at: DateTime<Utc>) -> Revision {
    Revision { created_at: at, updated_at: at, version: 1, retired_at: None }
}

/// Begins a response that shows an asset, with its version as `ETag`.
pub fn respond(status: StatusCode, revision: Revision) -> HttpResponseBuilder {
    respond_at(status, revision.version)
}

/// Begins a response with `version` as `ETag`.
pub fn respond_at(status: StatusCode, version: i64) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header(ETag(EntityTag::new_strong(version.to_string())));
    response
}

/// The header parameter `If-Match` for the OpenAPI document.
pub fn if_match() -> [Parameter; 1] {
    [Parameter::header::<String>(
        "If-Match",
        "The `ETag` of the version to change. Without it, the current version is changed, whatever it is.",
    )]
}

/// The versions that may be changed according to `If-Match`.
pub struct IfMatch(Option<Vec<i64>>);

impl IfMatch {
    /// The versions; `None` when any version may be changed.
    pub fn versions(&self) -> Option<&[i64]> {
        self.0.as_deref()
    }

    /// The versions that `request` names.
    pub fn of(request: &HttpRequest) -> Self {
        Self(Self::read(request))
    }

    fn read(request: &HttpRequest) -> Option<Vec<i64>> {
        request.headers().get(header::IF_MATCH)?;
        match header::IfMatch::parse(request) {
            Ok(header::IfMatch::Any) => None,
            // A tag that this service never issued matches nothing, and neither does a weak one.
            Ok(header::IfMatch::Items(tags)) => {
                let strong = tags.iter().filter(|tag| !tag.weak);
                Some(strong.filter_map(|tag| version(tag.tag())).collect())
            }
            Err(_unreadable) => Some(Vec::new()),
        }
    }
}

/// The version whose tag is exactly `tag`. Tags are compared as text, so `03` is not the tag of
/// version 3.
fn version(tag: &str) -> Option<i64> {
    tag.parse().ok().filter(|version: &i64| *version > 0 && version.to_string() == tag)
}

/// Whether a resource is only to be created: the header `If-None-Match` is `*`.
pub struct OnlyCreate(pub bool);

impl OnlyCreate {
    /// The header as a parameter of an operation.
    pub fn parameter() -> [Parameter; 1] {
        let about = "`*`: only create the resource; if it exists, it is not changed.";
        // A pattern instead of a constant, which generators of clients do not take in a header.
        let schema = json_schema!({ "type": "string", "pattern": r"^\*$" });
        [Parameter::header::<String>("If-None-Match", about).like(schema)]
    }
}

impl FromRequest for OnlyCreate {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let mut given = request.headers().get_all(header::IF_NONE_MATCH);
        ready(match (given.next(), given.next()) {
            (None, _) => Ok(Self(false)),
            (Some(value), None) if value == "*" => Ok(Self(true)),
            _ => Err(Problem::invalid(vec![FieldError::new("If-None-Match", "must be *")]).into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn versions(header: &str) -> Option<Vec<i64>> {
        IfMatch::read(&TestRequest::get().insert_header((header::IF_MATCH, header)).to_http_request())
    }

    #[test]
    fn compares_tags_as_text() {
        assert_eq!(versions(r#""3""#), Some(vec![3]));
        assert_eq!(versions(r#""3", "5""#), Some(vec![3, 5]));
        assert_eq!(versions(r#"W/"3", "5", "x""#), Some(vec![5]), "a weak tag matches nothing");
        for unknown in
            [r#""0""#, r#""-1""#, r#""03""#, r#""+3""#, r#""3.0""#, r#"" 3""#, r#""""#, "3", r#""3"#]
        {
            assert_eq!(versions(unknown), Some(vec![]), "{unknown}");
        }
        assert_eq!(versions("*"), None);
        assert_eq!(IfMatch::read(&TestRequest::get().to_http_request()), None);
    }
}
