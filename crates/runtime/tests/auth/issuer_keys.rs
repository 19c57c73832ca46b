//! The keys of the issuer: fetched on demand, cached, changed and unavailable.

use crate::app::{App, signed};
use dev_issuer::Issuer;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Serves an issuer's keys; the response can be changed.
struct KeyServer {
    url: String,
    document: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(document: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (document, asked) = (Arc::new(Mutex::new(document)), Arc::new(AtomicUsize::new(0)));
        let (current, count) = (Arc::clone(&document), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let body = current.lock().unwrap().clone();
                let status = if body.is_empty() { "500 Internal Server Error" } else { "200 OK" };
                let mut head = [0; 4096];
                let _read = client.read(&mut head).await;
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _gone = client.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, document, asked }
    }

    fn answer(&self, document: String) {
        *self.document.lock().unwrap() = document;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetches_keys_on_demand_and_caches_them() {
    let (old, new) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
    let server = KeyServer::start(old.jwks()).await;
    let app = App::start(&[
        ("auth.jwks_url", &server.url),
        ("auth.jwks_timeout_ms", "20000"),
        ("auth.requests_per_s", "1000"),
        ("auth.burst", "1000"),
    ])
    .await;
    assert_eq!(server.asked(), 0);
    for _ in 0..20 {
        assert_eq!(app.with(&signed(&old, "assets:read")).await.0, 200);
    }
    assert_eq!(server.asked(), 1);
    // The issuer changes its key; tokens of the old key become invalid once the keys are read
    // again.
    server.answer(new.jwks());
    testkit::eventually("the new key to be fetched", || async {
        app.with(&signed(&new, "assets:read")).await.0 == 200
    })
    .await;
    assert_eq!(app.with(&signed(&old, "assets:read")).await.0, 401);
    // An unavailable issuer, or an invalid response, does not invalidate the cached keys.
    let asked = server.asked();
    server.answer(String::new());
    for _ in 0..20 {
        assert_eq!(app.with(&signed(&Issuer::generate().unwrap(), "assets:read")).await.0, 401);
    }
    assert!(server.asked() <= asked + 2, "unknown keys caused too many requests to the issuer");
    assert_eq!(app.with(&signed(&new, "assets:read")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_503_while_no_keys_are_available() {
    let issuer = Issuer::generate().unwrap();
    let large = format!("{{\"keys\": [], \"fill\": \"{}\"}}", "x".repeat(600 * 1024));
    for document in [String::new(), "no json".to_owned(), json!({"keys": []}).to_string(), large] {
        let server = KeyServer::start(document).await;
        let app = App::start(&[("auth.jwks_url", &server.url)]).await;
        let (status, code, _) = app.with(&signed(&issuer, "assets:read")).await;
        assert_eq!((status, code.as_str()), (503, "TOKEN_KEYS_UNAVAILABLE"));
        server.answer(issuer.jwks());
        testkit::eventually("the keys to be fetched", || async {
            app.with(&signed(&issuer, "assets:read")).await.0 == 200
        })
        .await;
    }
}
