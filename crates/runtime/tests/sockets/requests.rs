//! Valid HTTP: unusual requests, methods, encodings and origins.

use crate::app::{App, get, post};
use testkit::raw_http::{RawConnection, exchange};

#[tokio::test(flavor = "multi_thread")]
async fn serves_unusual_but_valid_http() {
    let app = App::patient().await;
    let old = exchange(&app.address, b"GET /hello HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!((old.status, old.body.as_slice()), (200, b"hello".as_slice()));
    let bare = exchange(&app.address, b"GET /hello HTTP/1.1\nhost: x\n\n").await.unwrap();
    assert_eq!(bare.body, b"hello", "lines may end without CR (RFC 9112, section 2.2)");
    let absolute =
        exchange(&app.address, b"GET http://elsewhere.test/hello HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(absolute.body, b"hello");

    let mut connection = RawConnection::open(&app.address).await;
    connection.write(&get("").repeat(200)).await;
    for _ in 0..200 {
        assert_eq!(connection.response().await.unwrap().body, b"hello");
    }
    connection.write(&post("expect: 100-continue\r\ncontent-length: 9\r\n", "")).await;
    connection.write(br#"{"a": 1} "#).await;
    assert_eq!(connection.response().await.unwrap().body, br#"{"a":1}"#);
    let chunks = "5;name=value\r\n{\"a\":\r\n4\r\n 1} \r\n0\r\nx-trailer: 1\r\n\r\n";
    connection.write(&post("transfer-encoding: chunked\r\n", chunks)).await;
    // Trailers are not supported; in any case the body is that of the chunks, and what follows is
    // not part of it.
    if let Some(answer) = connection.response().await {
        assert!(answer.body == br#"{"a":1}"# || answer.status == 400, "{answer:?}");
    }
    app.assert_serving("all this").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_returns_the_head_of_get_without_a_body() {
    let app = App::patient().await;
    let get = exchange(&app.address, b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut connection = RawConnection::open(&app.address).await;
    // Twice on one connection: no part of a body remains on it.
    for _ in 0..2 {
        connection.write(b"HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let head = connection.response_without_body().await.unwrap();
        assert_eq!((head.status, get.status), (200, 200));
        for name in ["content-length", "content-type"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
    connection.write(b"HEAD /nowhere HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(connection.response_without_body().await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_other_methods_with_problems() {
    let app = App::patient().await;
    let long = "X".repeat(2_000);
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get", "x-y", &long] {
        let lines = "x-http-method-override: GET\r\nx-method-override: GET\r\n";
        let request = format!("{method} /hello HTTP/1.1\r\nhost: x\r\n{lines}\r\n");
        let answer = exchange(&app.address, request.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.problem(method).as_str()), (405, "METHOD_NOT_ALLOWED"), "{method}");
        let mut allowed: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD"]);
    }
    for target in [
        "*",
        "elsewhere.test:443",
        "/nowhere",
        "//hello",
        "/hello/",
        "/./hello",
        "/a/../hello",
        "/HELLO",
        "/hello%00",
    ] {
        for method in ["GET", "OPTIONS", "CONNECT"] {
            let what = format!("{method} {target}");
            let answer = exchange(&app.address, format!("{what} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
                .await
                .unwrap();
            assert_eq!((answer.status, answer.problem(&what).as_str()), (404, "NOT_FOUND"), "{what}");
        }
    }
    let mut connection = RawConnection::open(&app.address).await;
    connection.write(b"HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(connection.response_without_body().await.unwrap().status, 200);
    connection.write(&get("")).await;
    assert_eq!(connection.response().await.unwrap().body, b"hello", "a response to HEAD must have no body");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_compressed_bodies() {
    let app = App::patient().await;
    for lines in [
        "content-encoding: gzip\r\n",
        "content-encoding: br\r\n",
        "content-encoding: identity, gzip\r\n",
        "content-encoding: identity\r\ncontent-encoding: gzip\r\n",
        "content-encoding: x\r\n",
    ] {
        let answer =
            exchange(&app.address, &post(&format!("{lines}content-length: 2\r\n"), "{}")).await.unwrap();
        assert_eq!((answer.status, answer.problem(lines).as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    }
    let plain = post("content-encoding: identity\r\ncontent-length: 2\r\n", "{}");
    assert_eq!(exchange(&app.address, &plain).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn allows_no_other_origin_and_no_caching() {
    let app = App::patient().await;
    let origin = "origin: https://evil.test\r\naccess-control-request-method: GET\r\n";
    let preflight = format!("OPTIONS /hello HTTP/1.1\r\nhost: x\r\n{origin}\r\n");
    let bad = post("content-length: 1\r\n", "x");
    for (request, status) in [
        (preflight.into_bytes(), 405),
        (get(origin), 200),
        (bad, 400),
        (b"GET /no HTTP/1.0\r\n\r\n".to_vec(), 404),
    ] {
        let answer = exchange(&app.address, &request).await.unwrap();
        assert_eq!(answer.status, status);
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
