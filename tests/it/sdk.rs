//! Twilio's own libraries sign webhooks against the running gateway: what they sign is taken, what is changed after is not.
//!
//! `cargo xtask test` installs the libraries and names them in `TIPLINE_SDK_PYTHON` and `TIPLINE_SDK_NODE_PATH`; without these
//! variables the test says that it did nothing.

use crate::gateway::{LINE, TOKEN, TestGateway, root};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

/// Webhooks as awkward as they come: everything that the two libraries must agree with us about.
fn awkward() -> Vec<Vec<(&'static str, &'static str)>> {
    let base = |sid: &'static str, body: &'static str| {
        vec![("MessageSid", sid), ("From", "+15555550151"), ("To", LINE), ("Body", body), ("NumMedia", "0")]
    };
    vec![
        base("SMsdk1", "plain words"),
        base("SMsdk2", ""),
        base("SMsdk3", "  kept as it is \r\n with lines "),
        base("SMsdk4", "ñandú, مرحبا, 你好, 😀 & = + % ?"),
        [base("SMsdk5", "lower and UPPER keys"), vec![("aKey", "1"), ("AKey", "2"), ("Zed", "")]].concat(),
        [base("SMsdk6", "one key twice"), vec![("Extra", "b"), ("Extra", "a")]].concat(),
        [base("SMsdk7", "the same value twice"), vec![("Extra", "a"), ("Extra", "a")]].concat(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twilios_libraries_sign_is_taken() {
    let gateway = TestGateway::start().await;
    for (variable, signer) in [("TIPLINE_SDK_PYTHON", python as fn(&str, &str) -> String), ("TIPLINE_SDK_NODE_PATH", node)] {
        let Ok(place) = std::env::var(variable) else {
            println!("{variable} is not set: this library was not asked (cargo xtask test sets it)");
            continue;
        };
        let url = format!("{}/webhooks/main/messages", gateway.public);
        let orders: String =
            awkward().iter().map(|params| json!({"url": url, "token": TOKEN, "params": params}).to_string() + "\n").collect();
        let signatures = signer(&place, &orders);
        let signatures: Vec<_> = signatures.lines().collect();
        assert_eq!(signatures.len(), awkward().len(), "{variable} signed all of them");
        for (params, signature) in awkward().into_iter().zip(signatures) {
            let body = |params: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
            assert_eq!(post(&gateway, &url, body(&params), signature).await, 200, "{variable}: {params:?}");
            let mut changed = params.clone();
            changed.push(("Added", "later"));
            assert_eq!(post(&gateway, &url, body(&changed), signature).await, 403, "{variable}: changed after signing");
        }
    }
    let expected = if std::env::var("TIPLINE_SDK_PYTHON").is_ok() || std::env::var("TIPLINE_SDK_NODE_PATH").is_ok() { 1 } else { 0 };
    assert_eq!(gateway.tips().await.len(), expected, "one reporter, one tip, however often signed");
}

async fn post(gateway: &TestGateway, url: &str, body: String, signature: &str) -> u16 {
    let request =
        gateway.client.post(url).header("Content-Type", "application/x-www-form-urlencoded").header("X-Twilio-Signature", signature);
    request.body(body).send().await.expect("the gateway answers").status().as_u16()
}

fn python(interpreter: &str, orders: &str) -> String {
    run(Command::new(interpreter).arg(root().join("tests/it/sdk/sign.py")), orders)
}

fn node(modules: &str, orders: &str) -> String {
    run(Command::new("node").env("NODE_PATH", modules).arg(root().join("tests/it/sdk/sign.js")), orders)
}

fn run(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("the signer starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the signer failed");
    String::from_utf8(output.stdout).expect("text")
}
