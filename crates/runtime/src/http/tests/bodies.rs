//! Refused bodies and parameters.

use super::*;

#[actix_web::test]
async fn refuses_invalid_bodies() {
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[{"connectorId":"x"}]}"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "connectors[0].connectorId",
          "message": "invalid type: string \"x\", expected u32 at line 1 column 45"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[],"oops":1}"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "oops",
          "message": "unknown field `oops`, expected `idTag` or `connectors` at line 1 column 35"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "idTag",
          "message": "EOF while parsing a value at line 1 column 9"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post(r#"{"idTag":"A","connectors":[]} x"#)).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "trailing characters at line 1 column 31"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(post("")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "body",
          "message": "must not be empty"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[actix_web::test]
async fn refuses_bodies_of_the_wrong_size_or_type() {
    let long = r#"{"idTag":"0123456789012345678901234567890123456789","connectors":[]}"#;
    assert_snapshot!(ask(post(long)).await, @r#"
    413
    content-type: application/problem+json
    {
      "code": "BODY_TOO_LARGE",
      "detail": "at most 64 bytes are accepted",
      "instance": "/starts",
      "status": 413,
      "title": "Request body is too large",
      "traceId": "…",
      "type": "https://charging.example/problems/body-too-large"
    }
    "#);
    let text = TestRequest::post()
        .uri("/starts")
        .insert_header((header::CONTENT_TYPE, "text/plain"))
        .set_payload("{}");
    assert_snapshot!(ask(text).await, @r#"
    415
    content-type: application/problem+json
    {
      "code": "UNSUPPORTED_MEDIA_TYPE",
      "detail": "send application/json",
      "instance": "/starts",
      "status": 415,
      "title": "Content type is not supported",
      "traceId": "…",
      "type": "https://charging.example/problems/unsupported-media-type"
    }
    "#);
    assert_snapshot!(ask(TestRequest::post().uri("/starts").set_payload("{}")).await, @r#"
    415
    content-type: application/problem+json
    {
      "code": "UNSUPPORTED_MEDIA_TYPE",
      "detail": "send application/json",
      "instance": "/starts",
      "status": 415,
      "title": "Content type is not supported",
      "traceId": "…",
      "type": "https://charging.example/problems/unsupported-media-type"
    }
    "#);
}

#[actix_web::test]
async fn refuses_invalid_parameters() {
    assert_snapshot!(ask(get("/piles/nonsense")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "path",
          "message": "UUID parsing failed: invalid character: found `n` at 0"
        }
      ],
      "instance": "/piles/nonsense",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/plain/nonsense")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "path",
          "message": "can not parse \"nonsense\" to a u32"
        }
      ],
      "instance": "/plain/nonsense",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/starts?limit=many")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limit",
          "message": "invalid digit found in string"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
    assert_snapshot!(ask(get("/starts?limt=5")).await, @r#"
    400
    content-type: application/problem+json
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "limt",
          "message": "unknown field `limt`, expected `limit`"
        }
      ],
      "instance": "/starts",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "…",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}
