//! Clients that send slowly, stop sending, or wait.

use crate::app::{App, get, post};
use std::time::Duration;
use testkit::raw_http::RawConnection;
use tokio::task::JoinSet;

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
    let app = App::hasty().await;
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
