//! Requests that are refused before the database is accessed, and `HEAD` requests.

use crate::answer::Answer;
use crate::app::TestApp;
use insta::assert_snapshot;
use reqwest::Method;

async fn post(app: &TestApp, body: &str) -> Answer {
    let request = app.request(Method::POST, "/api/v1/stations");
    Answer::to(request.header("content-type", "application/json").body(body.to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::start().await;
    let paths = testkit::openapi_get_paths(&asset_api::openapi());
    assert!(paths.len() > 20, "{paths:?}");
    for path in &paths {
        // The body of the feed never ends, so the test reads only the status.
        let read = app.request(Method::GET, path).send().await.unwrap().status();
        let head = app.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), read, "{path}");
        assert_eq!(head.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_body_that_is_not_a_json_object() {
    let app = TestApp::start().await;
    assert_snapshot!(post(&app, r#"{"name": NaN}"#).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "name",
          "message": "expected value at line 1 column 10"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(post(&app, "[]").await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "must be a JSON object"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(post(&app, r#"{"name": "a", "name": "b"}"#).await.snapshot(), @r#"
    400 Bad Request
    content-type: application/problem+json

    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "name is given twice at line 1 column 26"
        }
      ],
      "instance": "/api/v1/stations",
      "status": 400,
      "title": "Request is not valid",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_eq!(post(&app, r#"{"name": "a", "latitude": 1e999, "longitude": 0}"#).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_the_framework_are_problems() {
    let app = TestApp::start().await;
    let plain = app.request(Method::POST, "/api/v1/stations").body("North");
    assert_snapshot!(Answer::to(plain).await.snapshot(), @r#"
    415 Unsupported Media Type
    content-type: application/problem+json

    {
      "code": "UNSUPPORTED_MEDIA_TYPE",
      "detail": "send application/json",
      "instance": "/api/v1/stations",
      "status": 415,
      "title": "Content type is not supported",
      "type": "https://charging.example/problems/unsupported-media-type"
    }
    "#);
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(270_000));
    assert_snapshot!(post(&app, &long).await.snapshot(), @r#"
    413 Payload Too Large
    content-type: application/problem+json

    {
      "code": "BODY_TOO_LARGE",
      "detail": "at most 262144 bytes are accepted",
      "instance": "/api/v1/stations",
      "status": 413,
      "title": "Request body is too large",
      "type": "https://charging.example/problems/body-too-large"
    }
    "#);
    assert_snapshot!(app.delete("/api/v1/stations").await.snapshot(), @r#"
    405 Method Not Allowed
    content-type: application/problem+json
    allow: POST, GET, HEAD

    {
      "code": "METHOD_NOT_ALLOWED",
      "instance": "/api/v1/stations",
      "status": 405,
      "title": "Method is not allowed on this resource",
      "type": "https://charging.example/problems/method-not-allowed"
    }
    "#);
    assert_snapshot!(app.get("/api/v1/nothing").await.snapshot(), @r#"
    404 Not Found
    content-type: application/problem+json

    {
      "code": "NOT_FOUND",
      "instance": "/api/v1/nothing",
      "status": 404,
      "title": "No resource at this path",
      "type": "https://charging.example/problems/not-found"
    }
    "#);
}
