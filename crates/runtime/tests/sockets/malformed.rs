//! Input that is not HTTP, or not valid HTTP.

use crate::app::{App, get, post};
use testkit::raw_http::RawConnection;

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
