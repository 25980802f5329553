//! Endusers who are told by text: `OK` and the code confirms, a wrong code asks a person to look, STOP is kept and another way is taken.

use crate::gateway::{TestGateway, root, until};
use serde_json::{Value, json};
use std::fs;

const STUDENT: &str = "+15555550142";
/// The assistant principal of Charlie High, who is on the list for texts here.
pub const ASSISTANT: &str = "+15555550119";
const ROLE: &str = "Assistant Principal";

/// The demo's people with texts to one of them.
pub fn people(gateway: &TestGateway) {
    let demo = |file: &str| root().join("config/demo").join(file);
    let text = fs::read_to_string(demo("people.csv")).expect("people");
    let texts = text.lines().next().and_then(|head| head.split(',').position(|column| column == "text")).expect("the column");
    let lines = text.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(',').collect();
        if line.starts_with("charlie-high-assistant,") {
            fields[texts] = "yes";
        }
        fields.join(",") + "\n"
    });
    let file = gateway.folder.join("people.csv");
    fs::write(&file, lines.collect::<String>()).expect("people");
    let organizations = demo("organizations.csv").display().to_string();
    let output = gateway.run(&["directory", "import", "--organizations", &organizations, "--people", &file.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn dispatched(gateway: &TestGateway, from: &str) -> String {
    assert_eq!(gateway.text(from, "he has a knife").await, 200);
    let found = || async {
        let tips = gateway.tips().await;
        tips.iter().find(|tip| tip["dispatched_at"].is_null())?["id"].as_str().map(str::to_owned)
    };
    let id = until("the tip", found).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": "charlie-high"});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

/// The obligation to text them.
async fn text_to_them(gateway: &TestGateway, tip: &str) -> Option<Value> {
    let read = gateway.get(&format!("/tips/{tip}")).await;
    let all = read["dispatches"][0]["obligations"].as_array()?;
    all.iter().find(|row| row["role"] == ROLE && row["means"] == "text").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ok_and_its_code_confirms_and_stop_takes_another_way() {
    let mut gateway = TestGateway::prepare(&[]).await;
    people(&gateway);
    gateway.serve().await;
    let tip = dispatched(&gateway, STUDENT).await;
    let text = until("the text arrives", || async {
        gateway.control().messages(ASSISTANT).await.into_iter().find(|message| message.body.contains("OK ")).map(|message| message.body)
    })
    .await;
    assert!(!text.contains("knife"), "{text}");
    let digits: String = text.split("OK ").nth(1).unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{text}");
    let wrong = if digits == "000000" { "111111" } else { "000000" };
    assert_eq!(gateway.text(ASSISTANT, &format!("OK {wrong}")).await, 200);
    until("somebody is asked to look", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        read["tasks"].to_string().contains("answered our text with a code that does not fit").then_some(())
    })
    .await;
    assert!(text_to_them(&gateway, &tip).await.is_some_and(|row| row["confirmed_at"].is_null()), "a wrong code confirms nothing");
    assert_eq!(gateway.text(ASSISTANT, &format!("ok{digits}.")).await, 200);
    until("the code confirms", || async { text_to_them(&gateway, &tip).await.filter(|row| !row["confirmed_at"].is_null()) }).await;
    assert_eq!(gateway.tips().await.len(), 1, "none of it is a tip");

    assert_eq!(gateway.text(ASSISTANT, "STOP").await, 200);
    until("it is a task for the list", || async {
        gateway.get(&format!("/tips/{tip}")).await["tasks"].to_string().contains("has forbidden texts (STOP)").then_some(())
    })
    .await;
    let sent = |gateway: &TestGateway| {
        let control = gateway.control();
        async move { control.messages(ASSISTANT).await.iter().filter(|message| message.body.contains("OK ")).count() }
    };
    let before = sent(&gateway).await;
    let second = dispatched(&gateway, "+15555550143").await;
    let failed =
        until("the text is given up", || async { text_to_them(&gateway, &second).await.filter(|row| row["state"] == "failed") }).await;
    assert_eq!(failed["state_detail"], "opted_out", "{failed}");
    assert_eq!(sent(&gateway).await, before, "no text goes there");
    assert!(!gateway.log().contains("55550119"), "no number in the log");
}
