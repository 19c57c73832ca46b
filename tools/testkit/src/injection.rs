//! Sends every hostile value at every position of a service's requests.

use crate::hostile;
use crate::raw_http::{RawConnection, RawResponse};
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};

/// Headers that any service may read.
const HEADERS: [&str; 16] = [
    "traceparent",
    "tracestate",
    "accept",
    "accept-encoding",
    "user-agent",
    "referer",
    "cookie",
    "origin",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "x-http-method-override",
    "range",
    "if-none-match",
];

/// An operation of a service, with a valid request.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The method.
    pub method: &'static str,
    /// The whole path, with caller-defined parts in braces, as in `/piles/{0192…}`.
    pub path: String,
    /// The parameters of the query.
    pub query: Vec<&'static str>,
    /// The headers that it reads, in addition to the common ones.
    pub headers: Vec<&'static str>,
    /// A body with every field, if it accepts one. `[unique]` in it is replaced by a new number
    /// each time.
    pub body: Option<Value>,
}

/// A hostile request that was sent.
#[derive(Debug)]
pub struct Attack {
    /// A description of the position and the value.
    pub what: String,
    /// The JSON pointer of the position in the body, and the text that was sent there.
    pub text: Option<(String, String)>,
    request: Vec<u8>,
}

impl Endpoint {
    /// `method` on `path`, without parameters, headers and body.
    #[must_use]
    pub fn new(method: &'static str, path: &str) -> Self {
        Self { method, path: path.to_owned(), query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// Adds these parameters.
    #[must_use]
    pub fn query(mut self, names: &[&'static str]) -> Self {
        self.query.extend(names);
        self
    }

    /// Adds these headers.
    #[must_use]
    pub fn headers(mut self, names: &[&'static str]) -> Self {
        self.headers.extend(names);
        self
    }

    /// Adds this body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// All hostile requests: every value at every position.
    #[must_use]
    pub fn attacks(&self) -> Vec<Attack> {
        let mut attacks = Vec::new();
        self.attack_path(&mut attacks);
        self.attack_query(&mut attacks);
        self.attack_headers(&mut attacks);
        self.attack_body(&mut attacks);
        attacks
    }

    fn attack_path(&self, attacks: &mut Vec<Attack>) {
        let parts = self.path.matches('{').count();
        for part in 0..parts {
            for value in hostile::encoded() {
                let path = self.path_with(Some((part, &value)));
                attacks.push(self.attack(
                    &format!("path part {part} = {value}"),
                    &path,
                    b"",
                    self.body_bytes(),
                ));
            }
        }
    }

    fn attack_query(&self, attacks: &mut Vec<Attack>) {
        if self.query.is_empty() {
            return;
        }
        let path = self.path_with(None);
        for value in hostile::encoded() {
            for name in &self.query {
                let target = format!("{path}?{name}={value}");
                attacks.push(self.attack(&format!("?{name}={value}"), &target, b"", self.body_bytes()));
            }
            attacks.push(self.attack(
                &format!("?{value}=1"),
                &format!("{path}?{value}=1"),
                b"",
                self.body_bytes(),
            ));
        }
        for name in &self.query {
            attacks.push(self.attack(
                &format!("{name} twice"),
                &format!("{path}?{name}=1&{name}=2"),
                b"",
                self.body_bytes(),
            ));
        }
    }

    fn attack_headers(&self, attacks: &mut Vec<Attack>) {
        let path = self.path_with(None);
        for value in hostile::header_values() {
            let line = |name: &&str| [name.as_bytes(), b": ", &value, b"\r\n"].concat();
            let all: Vec<u8> = HEADERS.iter().flat_map(line).collect();
            let shown = String::from_utf8_lossy(&value).into_owned();
            attacks.push(self.attack(&format!("all headers: {shown}"), &path, &all, self.body_bytes()));
            for name in &self.headers {
                attacks.push(self.attack(&format!("{name}: {shown}"), &path, &line(name), self.body_bytes()));
            }
        }
    }

    fn attack_body(&self, attacks: &mut Vec<Attack>) {
        let Some(body) = &self.body else { return };
        let path = self.path_with(None);
        for pointer in pointers(body) {
            for value in hostile::json_values() {
                let shown = String::from_utf8_lossy(&value[..value.len().min(60)]).into_owned();
                let mut attack = self.attack(
                    &format!("body {pointer} = {shown}"),
                    &path,
                    b"",
                    Some(replaced(body, &pointer, &value)),
                );
                attack.text = serde_json::from_slice(&value).ok().map(|text: String| (pointer.clone(), text));
                attacks.push(attack);
            }
        }
        for name in hostile::texts() {
            let mut more = body.clone();
            more[&name] = Value::Null;
            attacks.push(self.attack(&format!("a field {name}"), &path, b"", Some(more.to_string().into())));
        }
        let written = body.to_string();
        let fields = written.trim_start_matches('{').strip_suffix('}').unwrap();
        let twice = format!("{{{fields},{fields}}}");
        attacks.push(self.attack("every field twice", &path, b"", Some(twice.into())));
    }

    /// The path with another text for one of its parts.
    fn path_with(&self, other: Option<(usize, &str)>) -> String {
        let mut path = String::new();
        for (number, piece) in self.path.split('{').enumerate() {
            match piece.split_once('}') {
                Some((usual, rest)) => {
                    let value =
                        other.filter(|(part, _)| part + 1 == number).map_or(usual, |(_, value)| value);
                    path.push_str(value);
                    path.push_str(rest);
                }
                None => path.push_str(piece),
            }
        }
        path
    }

    fn body_bytes(&self) -> Option<Vec<u8>> {
        self.body.as_ref().map(|body| body.to_string().into())
    }

    fn attack(&self, what: &str, target: &str, headers: &[u8], body: Option<Vec<u8>>) -> Attack {
        let mut request = format!("{} {target} HTTP/1.1\r\nhost: x\r\n", self.method).into_bytes();
        request.extend_from_slice(headers);
        let body = body.map(unique);
        if let Some(body) = &body {
            let rest = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
            request.extend_from_slice(rest.as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend(body.unwrap_or_default());
        Attack { what: format!("{} {}: {what}", self.method, self.path), text: None, request }
    }
}

/// Sends all hostile requests to `endpoint` of the service at `address`; only successes and
/// problems of the caller may be returned. Returns the requests that succeeded.
///
/// # Panics
/// When the service fails, closes the connection, or returns something else.
pub async fn attack(address: &str, endpoint: &Endpoint) -> Vec<(Attack, RawResponse)> {
    let mut accepted = Vec::new();
    let mut connection = RawConnection::open(address).await;
    for attack in endpoint.attacks() {
        connection.write(&attack.request).await;
        let mut response = connection.response().await;
        if response.is_none() {
            // The connection was closed after the previous response.
            connection = RawConnection::open(address).await;
            connection.write(&attack.request).await;
            response = connection.response().await;
        }
        let response = response.unwrap_or_else(|| panic!("no response to {}", attack.what));
        match response.status {
            200..300 => {
                assert_eq!(response.header("set-cookie"), None, "{}", attack.what);
                if response.header("content-length").is_none() && response.status != 204 {
                    // A stream has no end.
                    connection = RawConnection::open(address).await;
                }
                accepted.push((attack, response));
            }
            // A request that is not HTTP gets another kind of response, and the connection is
            // closed.
            400 if response.body.is_empty() => {
                assert!(attack.is_malformed(), "{}: {response:?}", attack.what);
                connection = RawConnection::open(address).await;
            }
            400..500 => {
                let code = response.problem(&attack.what);
                assert_ne!(code, "UNAUTHENTICATED", "{}", attack.what);
                if response.header("connection").is_some_and(|value| value == "close") {
                    connection = RawConnection::open(address).await;
                }
            }
            status => panic!("{status} to {}: {}", attack.what, String::from_utf8_lossy(&response.body)),
        }
    }
    accepted
}

impl Attack {
    /// Whether the head of the request is not valid HTTP.
    fn is_malformed(&self) -> bool {
        let line = self.request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        line.iter().filter(|byte| **byte == b' ').count() != 2
            || line.iter().any(|byte| !(b' '..=b'~').contains(byte))
            || std::str::from_utf8(line).is_ok_and(|line| line.contains(['"', '<', '\\', '^', '`', '{', '|']))
    }
}

/// The body with a new number for `[unique]`.
fn unique(body: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"[unique]";
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Some(start) = body.windows(MARK.len()).position(|part| part == MARK) else { return body };
    let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    [&body[..start], number.as_bytes(), &body[start + MARK.len()..]].concat()
}

/// The JSON pointers of all values inside `value`, without the root.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, field)| (format!("/{name}"), field)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (format!("/{at}"), item)).collect(),
        _ => Vec::new(),
    };
    let with_inner = |(pointer, child): (String, &Value)| {
        let inner: Vec<String> = pointers(child).into_iter().map(|rest| format!("{pointer}{rest}")).collect();
        [vec![pointer], inner].concat()
    };
    children.into_iter().flat_map(with_inner).collect()
}

/// The body with `bytes` in place of the value at `pointer`.
fn replaced(body: &Value, pointer: &str, bytes: &[u8]) -> Vec<u8> {
    const MARK: &str = "\"[here]\"";
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = Value::from("[here]");
    let text = body.to_string();
    let (before, after) = text.split_once(MARK).unwrap();
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}
