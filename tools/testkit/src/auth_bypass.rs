//! Attempts to bypass authentication: requests with which a caller without a token might reach a
//! handler.

use crate::raw_http::exchange;

/// Checks that no caller without a token can reach any of `routes` of the service at `address`,
/// however the request is written. A route is a method, a path below `/api/v1/` in which `ID`
/// is replaced by an id, and a scope.
///
/// # Panics
/// When a caller does, or receives a response other than a proper refusal.
pub async fn assert_no_bypass(address: &str, routes: &[(&str, &str, &str)]) {
    let id = uuid::Uuid::now_v7().to_string();
    for (method, path, _) in routes {
        let path = path.replace("ID", &id);
        for request in paths(method, &path).into_iter().chain(headers(method, &path)) {
            let response = exchange(address, request.as_bytes()).await;
            let Some(response) = response else { panic!("no response to {request}") };
            // A request that is not HTTP gets a response without a body.
            if response.status == 400 && response.body.is_empty() {
                continue;
            }
            let code = response.problem(&request);
            let refused = ["UNAUTHENTICATED", "NOT_FOUND", "METHOD_NOT_ALLOWED"].contains(&code.as_str());
            assert!(refused, "{code} to {request}");
        }
    }
}

/// Other spellings of the path.
fn paths(method: &str, path: &str) -> Vec<String> {
    let (first, rest) = path.split_at(1);
    let targets = [
        format!("/api/v1/{path}"),
        format!("//api/v1/{path}"),
        format!("/api//v1//{path}"),
        format!("/./api/v1/./{path}"),
        format!("/x/../api/v1/{path}"),
        format!("/api/v1/x/../{path}"),
        format!("/%2e%2e/api/v1/{path}"),
        format!("/x%2f..%2fapi/v1/{path}"),
        format!("/api/v1/..;/v1/{path}"),
        format!("/api/v1/{path}/"),
        format!("/api/v1/{path}//"),
        format!("/api/v1/{path}/."),
        format!("/api/v1/{path}/..%2f"),
        format!("/api/v1/{path}%00"),
        format!("/api/v1/{path}%20"),
        format!("/api/v1/{path}%2f"),
        format!("/api/v1/{path}%ff"),
        format!("/api/v1/{path};a=b"),
        format!("/api/v1/{path}?"),
        format!("/api/v1/{path}?access_token=x&scope=assets:write&sub=admin"),
        format!("/api/v1/{path}?%61uthorization=Bearer%20x"),
        format!("/api/v1/{path}?{}", "a=1&".repeat(1_000)),
        format!("/api/v1/%{:02x}{rest}", first.as_bytes()[0]),
        format!("/%61pi/%76%31/{path}"),
        format!("/API/V1/{}", path.to_uppercase()),
        format!("/api/v1\\{path}"),
        format!("http://localhost/api/v1/{path}"),
        format!("http://user:pass@localhost/api/v1/{path}"),
        format!("https://evil.test:443/api/v1/{path}"),
        format!("/api/v1/{path}/{}", "x/".repeat(2_000)),
        "*".to_owned(),
    ];
    targets.map(|target| request(method, &target, "")).into()
}

/// The path with headers and methods that some servers interpret differently.
fn headers(method: &str, path: &str) -> Vec<String> {
    let target = format!("/api/v1/{path}");
    let lines = [
        "authorization: \r\n",
        "authorization: Bearer\r\n",
        "authorization: Bearer null\r\n",
        "authorization: Bearer undefined\r\n",
        "authorization: Basic YWRtaW46YWRtaW4=\r\n",
        "authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n",
        "authorization: Bearer \u{ff}\r\n",
        "proxy-authorization: Bearer x\r\n",
        "cookie: token=x; session=admin\r\n",
        "x-forwarded-for: 127.0.0.1\r\nx-real-ip: 127.0.0.1\r\nforwarded: for=127.0.0.1\r\n",
        "x-original-url: /livez\r\nx-rewrite-url: /livez\r\n",
        "x-forwarded-user: admin\r\nx-remote-user: admin\r\nx-auth-request-user: admin\r\n",
        "x-http-method-override: GET\r\nx-method-override: GET\r\n",
        "connection: authorization, x-scope\r\n",
    ];
    let with_headers = lines.map(|lines| request(method, &target, lines));
    let methods = ["OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETT", "*"];
    let with_methods = methods.map(|other| request(other, &target, ""));
    with_headers.into_iter().chain(with_methods).collect()
}

fn request(method: &str, target: &str, lines: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nhost: x\r\n{lines}\r\n")
}
