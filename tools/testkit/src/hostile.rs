//! Values that attackers send in place of harmless ones.

use serde_json::Value;

/// Hostile texts that JSON strings and decoded parameters can contain.
#[must_use]
pub fn texts() -> Vec<String> {
    let plain = [
        "'; DROP TABLE stations; --",
        "\" OR \"\"=\"",
        "1 OR 1=1 /* ",
        "x' UNION SELECT * FROM pg_shadow --",
        "%",
        "_",
        "\\",
        "\\'",
        "$1",
        "{a,b}\"",
        "$(touch /tmp/owned)",
        "`id`",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/x}",
        "%n%s%x",
        "<script>alert(1)</script>",
        "../../../../etc/passwd",
        "\u{202e}txt.exe\u{202c}",
        "\u{feff}\u{200b}x",
        "😀👩\u{200d}👩\u{200d}👧\u{fe0f}",
        "e\u{301}\u{e9}",
        "\u{fffe}\u{10ffff}",
        "a\u{0}b",
        "a\r\nset-cookie: b=c",
        "\u{7f}\u{85}\u{9b}31m",
        "\u{1b}[2J",
        "__proto__",
        "constructor",
        "null",
        "",
        " ",
        "\u{3000}x\u{3000}",
        "-1",
        "9223372036854775808",
        "1e999",
        "NaN",
        "00000000-0000-0000-0000-000000000000",
        "*",
        "W/\"1\"",
    ];
    let mut texts: Vec<String> = plain.into_iter().map(str::to_owned).collect();
    texts.push("桩".repeat(201));
    texts.push("x".repeat(5_000));
    texts
}

/// Hostile JSON values, as bytes: every text, values that are not texts, and invalid JSON.
#[must_use]
pub fn json_values() -> Vec<Vec<u8>> {
    let other: [&[u8]; 24] = [
        b"\"\\ud800\"",
        b"\"\\udc00\\ud800\"",
        b"\"\\u0000\"",
        b"\"\\x41\"",
        b"\"\xff\xfe\"",
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"a\x00b\"",
        b"1e999",
        b"-1e999",
        b"1e-999",
        b"-0",
        b"0x10",
        b"NaN",
        b"Infinity",
        b"9223372036854775808",
        b"123456789012345678901234567890123456789012345678901234567890",
        b"true",
        b"[]",
        b"{}",
        b"{\"__proto__\":{\"polluted\":true},\"constructor\":null}",
        b"{\"a\":1,\"a\":2}",
        b"[null,null]",
        b"\"",
    ];
    let mut values: Vec<Vec<u8>> =
        texts().iter().map(|text| Value::from(text.as_str()).to_string().into()).collect();
    values.extend(other.map(<[u8]>::to_vec));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        values.push(format!("{}1{}", open.repeat(5_000), close.repeat(5_000)).into());
    }
    values
}

/// Hostile values for queries and parts of paths: every text, encoded, and encodings of invalid
/// text.
#[must_use]
pub fn encoded() -> Vec<String> {
    let other = [
        "%00",
        "%ff%fe",
        "%c0%ae%c0%ae",
        "%ed%a0%80",
        "%",
        "%zz",
        "%2",
        "%25%30%30",
        "+",
        "%2B",
        "a;b",
        "a&a",
        "%2F",
        "%5C",
        "[]",
        "a[0]=b",
        "1,2,3",
        "91,181",
        "-0,1e999",
    ];
    let mut all: Vec<String> = texts().iter().map(|text| percent(text)).collect();
    all.extend(other.map(str::to_owned));
    all
}

/// Hostile header values: every text without the control characters that would end it, and bytes
/// that are not text.
#[must_use]
pub fn header_values() -> Vec<Vec<u8>> {
    let harmless = |text: &String| !text.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f);
    let mut values: Vec<Vec<u8>> = texts().into_iter().filter(harmless).map(String::into_bytes).collect();
    values.extend([b"\xff\xfe".to_vec(), b"\xc0\xaf".to_vec(), b"\t,\t,,".to_vec(), b"\"\\\"".to_vec()]);
    values
}

/// Percent-encodes everything but letters and digits.
#[must_use]
pub fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
