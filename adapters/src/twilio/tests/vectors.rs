//! Signatures that others made: the libraries' own vectors, and a table computed by another program.
//!
//! The libraries' vectors lie in a file outside this repository; where it is not there, the table here still holds.

use super::super::signature::{self, Signed};
use super::super::{Config, TwilioWebhook};
use crate::contract::{RawRequest, Refused, Webhook};
use crate::secret::Secret;
use serde_json::Value;
use std::sync::Arc;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/carriers/twilio_vectors.json");

/// A request to be checked against the origin that its URL names.
struct Case<'a> {
    method: http::Method,
    url: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: String,
}

impl Case<'_> {
    fn check(&self, change: impl FnOnce(&mut Config)) -> Result<Signed, Refused> {
        let path_at = self.url["https://".len()..].find('/').map(|at| at + "https://".len()).unwrap();
        let (origin, path_and_query) = self.url.split_at(path_at);
        // `http://` is one shorter, and no host name here begins with a slash.
        let mut config = Config::new("main".parse().unwrap(), "AC-fictional", Secret::new("12345"), origin);
        change(&mut config);
        config.check().unwrap();
        let mut headers = http::HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let request = RawRequest { method: &self.method, path_and_query, headers: &headers, body: self.body.as_bytes() };
        signature::verify(&config, &signature::origins(config.origin()), &request)
    }
}

fn form(url: &str, signature: &str, fields: &Value) -> Result<Signed, Refused> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for field in fields.as_array().unwrap() {
        body.append_pair(field[0].as_str().unwrap(), field[1].as_str().unwrap());
    }
    let headers = vec![("X-Twilio-Signature", signature), ("Content-Type", "application/x-www-form-urlencoded")];
    Case { method: http::Method::POST, url, headers, body: body.finish() }.check(|_| {})
}

fn json_body(url: &str, signature: &str, body: &str) -> Result<Signed, Refused> {
    let headers = vec![("X-Twilio-Signature", signature), ("Content-Type", "application/json")];
    Case { method: http::Method::POST, url, headers, body: body.to_owned() }.check(|_| {})
}

#[test]
fn the_libraries_vectors_hold() {
    let Ok(text) = std::fs::read_to_string(VECTORS) else {
        println!("skipped: {VECTORS} is not there");
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let text = |vector: &Value, key: &str| vector[key].as_str().unwrap().to_owned();
    let mut checked = 0;
    for vector in vectors["valid"].as_array().unwrap().iter().filter(|vector| vector["optional"] != true) {
        let fields = if vector["params"].is_array() { &vector["params"] } else { &vectors["default_params"] };
        let result = form(&text(vector, "url"), &text(vector, "sig"), fields);
        assert!(matches!(result, Ok(Signed::Form(_))), "{}", vector["name"]);
        checked += 1;
    }
    for vector in vectors["valid_body"].as_array().unwrap() {
        let (url, signature, body) = (text(vector, "url"), text(vector, "sig"), text(vector, "body"));
        assert!(matches!(json_body(&url, &signature, &body), Ok(Signed::Json)), "{}", vector["name"]);
        assert!(json_body(&url, &signature, &format!("{body} ")).is_err(), "another body: {}", vector["name"]);
        checked += 1;
    }
    for vector in vectors["invalid"].as_array().unwrap() {
        let result = form(&text(vector, "url"), &text(vector, "sig"), &vectors["default_params"]);
        assert_eq!(result.err(), Some(Refused::BadSignature), "{}", vector["name"]);
        checked += 1;
    }
    assert_eq!(checked, 17);
}

const URL: &str = "https://tips.example.org/webhooks/main/messages";
const BODY: &str = "Body=It's+5+%26+a+half+%2B+1%25&From=%2B15555550142";

fn post(url: &str, signature: &str, body: &str) -> Result<Signed, Refused> {
    Case { method: http::Method::POST, url, headers: vec![("X-Twilio-Signature", signature)], body: body.to_owned() }.check(|_| {})
}

#[test]
fn another_programs_signatures_hold() {
    let right = "3aiuqFhzGc2thVyDH/HyzBnB0ZY=";
    let table = [
        ("as it is", URL, right, BODY),
        ("signed with :443", URL, "e0nux83Og3JTPmaUdkJb8cFZLks=", BODY),
        ("configured with a port, signed without", "https://tips.example.org:8443/webhooks/main/messages", right, BODY),
        ("a field repeated with its value", URL, right, &format!("{BODY}&From=%2B15555550142")),
        ("fields in another order", URL, right, "From=%2B15555550142&Body=It%27s%205%20%26%20a%20half%20%2b%201%25"),
        ("an empty value", URL, "pCcwfUvnsiXmckeqtYJzTxOn1us=", "Body=&From=%2B15555550142"),
        ("a key without =", URL, "pCcwfUvnsiXmckeqtYJzTxOn1us=", "Body&&From=%2B15555550142&"),
        ("not UTF-8, signed as bytes", URL, "k+BJsQ1srE7ZxRf/Hu6qYldfohA=", "Body=%FF%FE&From=%2B15555550142"),
        ("not UTF-8, signed as replaced text", URL, "uCPTUDdRCtdoOwXZARPfT47xuC4=", "Body=%FF%FE&From=%2B15555550142"),
        ("keys sorted by byte", URL, "hNXfeSGyhut+RqHwEkXLbw3Wp1A=", "a=1&B=2&A=3&b=4"),
        ("a path kept raw", "https://tips.example.org/webhooks/a/../It's%2e?q='%20&x", "z1dIkV5DPHECIzcmhnzIt9oZWrY=", BODY),
        ("an IPv6 host", "http://[::1]:8080/webhooks/main/messages", "EtPP4hVrN9nZiajJQOCFAk91BLA=", BODY),
        ("an IPv6 host, signed without port", "http://[::1]:8080/webhooks/main/messages", "P7CEnxSkc9RZmKS+GlKnWlbYVXI=", BODY),
    ];
    for (name, url, signature, body) in table {
        assert!(post(url, signature, body).is_ok(), "{name}");
    }
    for (name, url, signature, body) in [
        ("a trimmed value", URL, right, "Body=It's+5+%26+a+half+%2B+1%25&From=%2B15555550142+"),
        ("another host", "https://tips.example.com/webhooks/main/messages", right, BODY),
        ("http", "http://tips.example.org/webhooks/main/messages", right, BODY),
        ("a slash more", "https://tips.example.org/webhooks/main/messages/", right, BODY),
        ("a value more for a key", URL, right, &format!("{BODY}&From=%2B15555550143")),
        ("no base64", URL, "3aiuqFhzGc2thVyDH/HyzBnB0ZY", BODY),
        ("cut short", URL, "3aiuqFhzGc2thVyDHw==", BODY),
    ] {
        assert_eq!(post(url, signature, body).err(), Some(Refused::BadSignature), "{name}");
    }
}

#[test]
fn a_get_is_signed_by_its_url_and_not_taken() {
    let url = "https://tips.example.org/webhooks/main/messages?Body=hi&From=%2B15555550142";
    let headers = vec![("X-Twilio-Signature", "3YRjSpczGqmjSlJcYip6PCSsUUw=")];
    let case = Case { method: http::Method::GET, url, headers, body: "ignored=1".to_owned() };
    assert!(matches!(case.check(|_| {}), Ok(Signed::UrlOnly)));
    let config = Config::new("main".parse().unwrap(), "AC-fictional", Secret::new("12345"), "https://tips.example.org");
    let webhook = TwilioWebhook::new(Arc::new(config)).unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("x-twilio-signature", "3YRjSpczGqmjSlJcYip6PCSsUUw=".parse().unwrap());
    let path_and_query = url.strip_prefix("https://tips.example.org").unwrap();
    let request = RawRequest { method: &http::Method::GET, path_and_query, headers: &headers, body: b"" };
    assert_eq!(webhook.accept(&request), Err(Refused::WrongMethod));
}

#[test]
fn json_without_its_digest_is_refused() {
    let url = "https://tips.example.org/webhooks/main/messages?x=1";
    assert_eq!(json_body(url, "5sCSa0CLLfw14n5mbFBt9fahlAs=", "{}").err(), Some(Refused::BadSignature));
}

#[test]
fn a_second_secret_serves_while_the_first_is_rotated() {
    let headers = vec![("X-Twilio-Signature", "3aiuqFhzGc2thVyDH/HyzBnB0ZY=")];
    let case = Case { method: http::Method::POST, url: URL, headers, body: BODY.to_owned() };
    assert!(case.check(|config| config.secrets = vec![Secret::new("new"), Secret::new("12345")]).is_ok());
    let only_new = case.check(|config| config.secrets = vec![Secret::new("new")]);
    assert_eq!(only_new.err(), Some(Refused::BadSignature));
}

#[test]
fn shared_keys_are_taken_by_id_and_algorithm() {
    let sha256 = "0E5/Rv12LU4ldie4sQNM3ueW4GlNAQ80oNkeeSN+py4=";
    let sha1 = "xwZXrwnR7Oiq8CJSYl/qRZ9i5zs=";
    let table = [
        ("key=k1,algorithm=HMAC_SHA256", sha256, None),
        (" algorithm=HMAC_SHA256 , key=k1, v=2", sha256, None),
        ("key=k1,algorithm=HMAC_SHA1", sha1, None),
        ("key=k1,algorithm=HMAC_SHA1", sha256, Some(Refused::BadSignature)),
        ("key=k2,algorithm=HMAC_SHA256", sha256, Some(Refused::UnknownAlgorithm)),
        ("key=k1,algorithm=NONE", sha256, Some(Refused::UnknownAlgorithm)),
        ("key=k1", sha1, Some(Refused::UnknownAlgorithm)),
        ("key=k1,algorithm=HMAC_SHA256,algorithm=HMAC_SHA1", sha256, Some(Refused::UnknownAlgorithm)),
        ("", sha1, Some(Refused::UnknownAlgorithm)),
        // The auth token is no shared key: naming none does not fall back to it.
        ("algorithm=HMAC_SHA1", "3aiuqFhzGc2thVyDH/HyzBnB0ZY=", Some(Refused::UnknownAlgorithm)),
    ];
    for (settings, signature, refused) in table {
        let headers = vec![("X-Twilio-Signature", signature), ("X-Twilio-Webhooks-Signature-Settings", settings)];
        let case = Case { method: http::Method::POST, url: URL, headers, body: BODY.to_owned() };
        let result = case.check(|config| drop(config.shared_keys.insert("k1".to_owned(), Secret::new("shared-secret"))));
        assert_eq!(result.err(), refused, "{settings}");
    }
}

#[test]
fn two_signatures_are_none() {
    let right = ("X-Twilio-Signature", "3aiuqFhzGc2thVyDH/HyzBnB0ZY=");
    let case = Case { method: http::Method::POST, url: URL, headers: vec![right, right], body: BODY.to_owned() };
    assert_eq!(case.check(|_| {}).err(), Some(Refused::BadSignature));
}
