//! Input at the port: invalid, partial, oversized, slow, or none. The server must keep serving.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use actix_web::HttpResponse;
use runtime::auth::{AuthSettings, Scope};
use runtime::http::{JsonBody, Routes};
use runtime::openapi::{About, Operation};
use runtime::settings::{HttpSettings, LogFormat, LogSettings};
use runtime::{Context, settings};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use testkit::raw_http::{RawConnection, exchange};
use tokio::task::JoinSet;

const ABOUT: About = About { title: "test", description: "A test.", version: "1" };
const ANY: Scope = Scope::new("any");

#[derive(Deserialize)]
struct Settings {
    http: HttpSettings,
    auth: AuthSettings,
}

/// A service, stopped when dropped.
struct App {
    address: String,
    context: Context,
}

impl App {
    /// With short limits, except for idle connections, so that no connection ends for being idle.
    /// Not too short: the framework's clock has half-second steps.
    async fn start() -> Self {
        Self::with(&[("http.client_timeout_ms", "1500"), ("http.send_timeout_ms", "500")]).await
    }

    /// With limits that no test reaches.
    async fn patient() -> Self {
        Self::with(&[("http.client_timeout_ms", "30000")]).await
    }

    async fn with(own: &[(&str, &str)]) -> Self {
        let settings: Settings = settings::parse(include_str!("../examples/smallest.toml"), own).unwrap();
        let quiet = LogSettings { format: LogFormat::Text, level: "runtime::telemetry=error".to_owned() };
        runtime::telemetry::init(&quiet).unwrap();
        let context = Context::new("test");
        runtime::http::serve(&settings.http, &settings.auth, &context, ABOUT, routes).unwrap();
        let address = context.http_address().await.to_string();
        Self { address, context }
    }

    /// Asserts that the service still serves requests.
    async fn assert_serving(&self, after: &str) {
        let answer = exchange(&self.address, b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(answer.expect("an answer").body, b"hello", "after {after}");
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

fn operation(id: &'static str) -> Operation {
    Operation::new(id, "Tests", ANY, "Return a body")
}

fn routes(routes: &mut Routes<'_>) {
    let echo = |JsonBody(body): JsonBody<Value>| async move { HttpResponse::Ok().json(body) };
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        "slow"
    };
    routes
        .resource("/hello", |on| on.get(operation("hello"), || async { "hello" }))
        .resource("/slow", |on| on.get(operation("wait"), slow))
        .resource("/echo", |on| on.post(operation("echo"), echo));
}

/// A request with these header lines.
fn get(lines: &str) -> Vec<u8> {
    format!("GET /hello HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes()
}

fn post(lines: &str, body: &str) -> Vec<u8> {
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    format!("{head}{lines}\r\n{body}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_http_ends_only_its_own_connection() {
    let app = App::patient().await;
    let smuggled = "5\r\n{}   \r\n0\r\n\r\nGET /hello HTTP/1.1\r\nhost: x\r\n\r\n";
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(40);
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("no words", b"\r\n\r\nnonsense\r\n\r\n".to_vec(), 400),
        ("no path", b"GET\r\n\r\n".to_vec(), 400),
        ("no version", b"GET /hello\r\n\r\n".to_vec(), 400),
        ("another version", b"GET /hello HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(), 400),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 400),
        ("TLS", tls, 400),
        ("zeros", vec![0; 512], 400),
        ("a zero in the path", b"GET /hel\x00lo HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), 400),
        ("a blank in the path", b"GET /hel lo HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), 400),
        ("no host", b"GET /hello HTTP/1.1\r\n\r\n".to_vec(), 400),
        ("two hosts", get("host: y\r\n"), 400),
        ("a zero in a header", get("x: a\0b\r\n"), 400),
        ("a header without a colon", get("nonsense\r\n"), 400),
        ("a blank before the colon", get("x : 1\r\n"), 400),
        ("a folded header", get("x: 1\r\n 2\r\n"), 400),
        ("a bare CR", get("x: 1\rcontent-length: 5\r\n"), 400),
        ("too many headers", get(&many), 431),
        ("a header too long", get(&format!("x: {}\r\n", "x".repeat(200_000))), 431),
        (
            "a path too long for any",
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(80_000)).into(),
            400,
        ),
        ("two lengths", post("content-length: 2\r\ncontent-length: 3\r\n", "{} "), 400),
        ("one length twice", post("content-length: 2\r\ncontent-length: 2\r\n", "{}"), 400),
        ("a list of lengths", post("content-length: 2, 2\r\n", "{}"), 400),
        ("a negative length", post("content-length: -1\r\n", "{}"), 400),
        ("a length with a sign", post("content-length: +2\r\n", "{}"), 400),
        ("a length in hexadecimal", post("content-length: 0x2\r\n", "{}"), 400),
        ("a length beyond numbers", post("content-length: 99999999999999999999\r\n", "{}"), 400),
        ("length and chunks", post("content-length: 5\r\ntransfer-encoding: chunked\r\n", smuggled), 400),
        ("chunks and length", post("transfer-encoding: chunked\r\ncontent-length: 5\r\n", smuggled), 400),
        ("chunked twice", post("transfer-encoding: chunked, chunked\r\n", smuggled), 400),
        (
            "chunked in two headers",
            post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", smuggled),
            400,
        ),
        ("not quite chunked", post("transfer-encoding: xchunked\r\n", smuggled), 400),
        ("compressed on the way", post("transfer-encoding: gzip, chunked\r\n", smuggled), 400),
        (
            "chunks before there were any",
            b"POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            400,
        ),
    ];
    for (what, request, status) in cases {
        let mut connection = RawConnection::open(&app.address).await;
        connection.write(&request).await;
        // A part of the request may still be in flight when the connection is closed, and discard
        // the response.
        if let Some(answer) = connection.response().await {
            assert_eq!(answer.status, status, "{what}");
            assert!(answer.body.is_empty(), "{what}");
        }
        assert_eq!(
            String::from_utf8_lossy(&connection.closed().await),
            "",
            "{what}: unexpected data after the response"
        );
        app.assert_serving(what).await;
    }
}

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
async fn refuses_invalid_chunks() {
    let app = App::patient().await;
    for chunks in [
        "ffffffffffffffff\r\n{}",
        "10000000000000000\r\n{}",
        "-1\r\n{}",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "zz\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "\r\n\r\n",
        " 2\r\n{}\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
    ] {
        let mut connection = RawConnection::open(&app.address).await;
        connection.write(&post("transfer-encoding: chunked\r\n", chunks)).await;
        connection.finish().await;
        if let Some(answer) = connection.response().await {
            assert!((400..500).contains(&answer.status), "{chunks:?}: {answer:?}");
        }
        app.assert_serving(chunks).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_oversized_body_before_it_is_sent() {
    let app = App::patient().await;
    let announced = post("content-length: 1000000000000\r\n", "");
    let answer = exchange(&app.address, &announced).await.unwrap();
    assert_eq!((answer.status, answer.problem("announced").as_str()), (413, "BODY_TOO_LARGE"));
    let mut connection = RawConnection::open(&app.address).await;
    connection.write(&post("transfer-encoding: chunked\r\n", "")).await;
    let chunk = [b"8000\r\n".as_slice(), &[b' '; 0x8000], b"\r\n"].concat();
    connection.write(&chunk.repeat(3)).await;
    let answer = connection.response().await.unwrap();
    assert_eq!((answer.status, answer.problem("in chunks").as_str()), (413, "BODY_TOO_LARGE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_oversized_path_or_query_without_repeating_it() {
    let app = App::patient().await;
    let parameters: String = (0..5_000).map(|number| format!("p{number}=1&")).collect();
    for target in [format!("/{}", "x".repeat(40_000)), format!("/hello?{parameters}")] {
        let answer = exchange(&app.address, format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
            .await
            .unwrap();
        assert_eq!((answer.status, answer.problem("too long").as_str()), (414, "URI_TOO_LONG"));
        assert!(answer.body.len() < 1_000, "{} bytes", answer.body.len());
    }
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

/// Bytes to write, and more bytes to repeat until the server closes the connection.
struct Dribble {
    what: &'static str,
    first: Vec<u8>,
    more: &'static [u8],
    /// The status of the last response before the connection is closed, if one is expected.
    status: Option<u16>,
}

fn dribbles() -> Vec<Dribble> {
    let dribble = |what, first: Vec<u8>, more, status| Dribble { what, first, more, status };
    let endless = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    vec![
        dribble("silence", Vec::new(), b"", Some(408)),
        dribble("half a head", b"GET /hello HT".to_vec(), b"", Some(408)),
        dribble("a slow head", b"GET /hello HTTP/1.1\r\nx: ".to_vec(), b"x", Some(408)),
        dribble(
            "a slow second head",
            [get(""), b"GET /hello HTTP/1.1\r\nx: ".to_vec()].concat(),
            b"x",
            Some(200),
        ),
        dribble("half a body", post("content-length: 10\r\n", "{"), b"", Some(408)),
        dribble("a slow body", post("content-length: 60000\r\n", "{"), b" ", Some(408)),
        dribble(
            "slow chunks",
            post("transfer-encoding: chunked\r\n", "1\r\n{\r\n"),
            b"1\r\n \r\n",
            Some(408),
        ),
        dribble("an endless chunk extension", post("transfer-encoding: chunked\r\n", "1;"), b"x", Some(408)),
        dribble("a body that is not read", endless.as_bytes().to_vec(), b"1\r\n \r\n", Some(404)),
        dribble("a tunnel", b"CONNECT /hello HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), b"x", Some(405)),
        dribble("a websocket", get("connection: upgrade\r\nupgrade: websocket\r\n"), b"x", Some(200)),
    ]
}

impl Dribble {
    /// Writes until the connection is closed; returns the last status.
    async fn run(self, address: String) -> (&'static str, Option<u16>, Option<u16>) {
        let mut connection = RawConnection::open(&address).await;
        connection.write(&self.first).await;
        let mut last = None;
        loop {
            tokio::select! {
                answer = connection.response() => match answer {
                    Some(answer) => last = Some(answer.status),
                    None => return (self.what, self.status, last),
                },
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
            if !self.more.is_empty() {
                connection.write(self.more).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnects_slow_clients_while_serving_others() {
    let app = App::start().await;
    let mut slow = JoinSet::new();
    for _ in 0..8 {
        for dribble in dribbles() {
            let patience = Duration::from_secs(60);
            slow.spawn(tokio::time::timeout(patience, dribble.run(app.address.clone())));
        }
    }
    for _ in 0..20 {
        app.assert_serving("slow clients connected").await;
    }
    while let Some(outcome) = slow.join_next().await {
        let (what, due, last) = outcome.unwrap().expect("a slow client is still connected");
        assert_eq!(last, due, "{what}");
    }
    app.assert_serving("slow clients were disconnected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_clients_that_wait_for_a_slow_handler() {
    let app = App::start().await;
    let mut connection = RawConnection::open(&app.address).await;
    for _ in 0..2 {
        // Longer than any client timeout: the client has sent everything.
        connection.write(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(connection.response().await.unwrap().body, b"slow");
    }
    connection.write(&get("")).await;
    assert_eq!(connection.response().await.unwrap().body, b"hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_wait_for_an_incomplete_second_request() {
    let app = App::start().await;
    let mut connection = RawConnection::open(&app.address).await;
    connection.write(&get("")).await;
    assert_eq!(connection.response().await.unwrap().body, b"hello");
    connection.write(b"GET /hello HTTP/1.1\r\nx: ").await;
    assert_eq!(connection.closed().await, b"");
}
