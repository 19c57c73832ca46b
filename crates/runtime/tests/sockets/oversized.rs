//! Bodies, paths and queries that are too large.

use crate::app::{App, post};
use testkit::raw_http::{RawConnection, exchange};

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
