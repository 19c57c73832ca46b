//! Idle connections of clients that are not authenticated.

use crate::app::{App, file, signed};
use dev_issuer::Issuer;
use testkit::raw_http::RawConnection;

/// A service that keeps two idle connections of clients without a token. No other limit is reached.
async fn app(issuer: &Issuer) -> App {
    let keys = file(issuer);
    let settings = [
        ("auth.jwks_file", keys.as_str()),
        ("auth.requests_per_s", "1000"),
        ("auth.burst", "1000"),
        ("http.workers", "1"),
        ("http.client_timeout_ms", "60000"),
        ("http.max_unauthenticated_connections", "2"),
    ];
    App::start(&settings).await
}

fn request(token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET /whoami HTTP/1.1\r\nhost: x\r\n{token}\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_the_oldest_idle_connection_without_an_authenticated_caller() {
    let issuer = Issuer::generate().unwrap();
    let app = app(&issuer).await;
    let address = app.root.trim_start_matches("http://");
    let first = RawConnection::open(address).await;
    let mut second = RawConnection::open(address).await;
    let third = RawConnection::open(address).await;
    assert_eq!(first.closed().await, b"");
    // A refused request makes the connection the youngest, but does not authenticate it.
    second.write(&request(None)).await;
    assert_eq!(second.response().await.unwrap().status, 401);
    let _fourth = RawConnection::open(address).await;
    assert_eq!(third.closed().await, b"");
    let _fifth = RawConnection::open(address).await;
    assert_eq!(second.closed().await, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_connections_of_authenticated_callers() {
    let issuer = Issuer::generate().unwrap();
    let app = app(&issuer).await;
    let address = app.root.trim_start_matches("http://");
    let token = signed(&issuer, "assets:read");
    let mut authenticated = Vec::new();
    for _ in 0..4 {
        let mut connection = RawConnection::open(address).await;
        connection.write(&request(Some(&token))).await;
        assert_eq!(connection.response().await.unwrap().status, 200);
        authenticated.push(connection);
    }
    let idle = RawConnection::open(address).await;
    let _others = [RawConnection::open(address).await, RawConnection::open(address).await];
    assert_eq!(idle.closed().await, b"");
    for mut connection in authenticated {
        connection.write(&request(Some(&token))).await;
        assert_eq!(connection.response().await.unwrap().status, 200);
    }
}
