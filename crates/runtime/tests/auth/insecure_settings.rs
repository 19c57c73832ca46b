//! Settings under which the service does not start.

use crate::app::{App, file, response_of};
use dev_issuer::Issuer;

#[tokio::test(flavor = "multi_thread")]
async fn refuses_insecure_settings() {
    let issuer = Issuer::generate().unwrap();
    let file = file(&issuer);
    let why = async |own: &[(&str, &str)]| match App::try_start(own).await {
        Ok(_) => panic!("the service started"),
        Err(error) => format!("{error:#}"),
    };
    let open = why(&[("auth.mode", "none"), ("http.listen", "0.0.0.0:0")]).await;
    assert!(open.starts_with("auth.mode = \"none\" is allowed on loopback only"), "{open}");
    for (own, expected) in [
        (vec![], "one of auth.jwks_url and auth.jwks_file"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.issuer", "")], "auth.issuer"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.audience", "")], "auth.audience"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.algorithms", "")], "auth.algorithms"),
        (vec![("auth.jwks_file", file.as_str()), ("auth.algorithms", "HS256")], "HS256"),
        (
            vec![("auth.jwks_file", file.as_str()), ("auth.jwks_url", "https://a.test/k")],
            "exclude each other",
        ),
        (
            vec![("auth.jwks_file", file.as_str()), ("auth.operators_claim", "sub")],
            "auth.operators_claim cannot be",
        ),
        (
            vec![
                ("auth.jwks_file", file.as_str()),
                ("auth.operators_claim", ""),
                ("auth.require_operators", "true"),
            ],
            "auth.require_operators = true needs",
        ),
        (vec![("auth.jwks_file", "/nowhere/jwks.json")], "/nowhere/jwks.json"),
        (vec![("auth.jwks_url", "http://issuer.test/keys")], "https"),
    ] {
        let error = why(&own).await;
        assert!(error.contains(expected), "{error}");
    }
    let app = App::start(&[("auth.mode", "none")]).await;
    assert_eq!(response_of(app.get()).await, (200, "anonymous".to_owned(), String::new()));
}
