use super::*;

#[test]
fn parses_origins_in_the_form_that_browsers_send() {
    for text in ["https://console.example", "http://127.0.0.1:8080", "http://[::1]:8080", "http://[::1]"] {
        assert_eq!(text.parse::<WebOrigin>().map(|origin| origin.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn rejects_text_that_is_not_exactly_an_origin() {
    for text in [
        "",
        "*",
        "null",
        "console.example",
        "ftp://console.example",
        "https://",
        "https://a/",
        "https://a/b",
        "https://a b",
        "https://a;script-src *",
        "https://a'",
        "https://A",
        "https://a:",
        "https://a:080",
        "https://a:65536",
        "https://[::1",
        "https://[x]",
        "https://u@a",
        "https://a\r\nx: y",
    ] {
        assert_eq!(text.parse::<WebOrigin>(), Err(NotAnOrigin), "{text}");
    }
}
