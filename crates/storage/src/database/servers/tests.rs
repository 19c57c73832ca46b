use super::*;

fn settings(sslmode: SslMode) -> DatabaseSettings {
    DatabaseSettings {
        sslmode,
        allow_plaintext: false,
        ..DatabaseSettings::without_tls(String::new().into())
    }
}

fn names(servers: &[Server]) -> Vec<&str> {
    servers.iter().map(|server| server.name.as_str()).collect()
}

#[test]
fn this_machine_may_be_reached_without_tls() {
    for url in [
        "postgres://a@127.0.0.1:15432/charging",
        "postgres://a@localhost/charging",
        "postgres://a@[::1]:5433/charging",
        "postgres://a@%2Fvar%2Frun%2Fpostgresql/charging",
        "postgres://a@db.example/charging?hostaddr=127.0.0.1",
    ] {
        let servers =
            servers(url, &settings(SslMode::Disable)).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(servers.iter().all(|server| !is_encrypted(server)), "{url}");
    }
}

#[test]
fn other_hosts_are_refused_without_tls_unless_a_setting_allows_them() {
    for url in [
        "postgres://a:hunter2@db.example/charging",
        "postgres://a:hunter2@10.0.0.7/charging",
        "postgres://a:hunter2@127.0.0.1,db.example/charging",
        "postgres://a:hunter2@localhost/charging?hostaddr=10.0.0.7",
    ] {
        let error = servers(url, &settings(SslMode::Disable)).unwrap_err();
        assert!(error.contains("database.sslmode") && error.contains("database.allow_plaintext"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        servers(url, &settings(SslMode::Require)).unwrap();
        servers(url, &DatabaseSettings { allow_plaintext: true, ..settings(SslMode::Disable) }).unwrap();
    }
}

#[test]
fn each_host_has_a_configuration_of_its_own() {
    let url = "postgres://a:b@one.example:6001,two.example:6002/charging?application_name=test";
    let found = servers(url, &settings(SslMode::VerifyFull)).unwrap();
    assert_eq!(names(&found), ["one.example:6001", "two.example:6002"]);
    for Server { config, .. } in &found {
        assert_eq!(config.get_hosts().len(), 1);
        assert_eq!(config.get_ports().len(), 1);
        assert_eq!((config.get_user(), config.get_password()), (Some("a"), Some(&b"b"[..])));
        assert_eq!((config.get_dbname(), config.get_application_name()), (Some("charging"), Some("test")));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }
    let one = servers("postgres://a@one.example/charging", &settings(SslMode::Require)).unwrap();
    assert_eq!(names(&one), ["one.example:5432"]);
    assert!(one.iter().all(|server| server.config.get_target_session_attrs() == TargetSessionAttrs::Any));
}

#[test]
fn the_schema_of_the_url_is_that_of_each_server() {
    let url = "postgres://a@one.example,two.example/charging?options=-csearch_path%3Dcell0%2Cpublic&sslmode=require";
    let found = servers(url, &settings(SslMode::Require)).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|server| server.config.get_options() == Some("-csearch_path=cell0,public")));
}

#[test]
fn sockets_are_not_encrypted_and_other_hosts_of_the_url_are() {
    let url = "host=/var/run/postgresql,db.example user=a dbname=charging";
    let found = servers(url, &settings(SslMode::VerifyFull)).unwrap();
    assert_eq!(found.iter().map(is_encrypted).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_mode_of_the_url_must_be_that_of_the_setting() {
    let url = "postgres://a@db.example/charging?sslmode=verify-full&application_name=test";
    let found = servers(url, &settings(SslMode::VerifyFull)).unwrap();
    assert!(found.iter().all(|server| server.config.get_application_name() == Some("test")));
    let error = servers(url, &settings(SslMode::Require)).unwrap_err();
    assert!(error.contains("database.sslmode, which is require"), "{error}");
    servers("postgres://a@db.example/charging?sslmode=prefer", &settings(SslMode::Require)).unwrap_err();
}

#[test]
fn errors_contain_no_credentials() {
    for url in ["postgres://a:hunter2@", "postgres://a:hunter2@h/charging?sslrootcert=/ca", "a:hunter2", ""] {
        let error = servers(url, &settings(SslMode::Require)).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
