//! What comes next when something came to nothing: the person's other number, their other channel. With the whole gateway.

use crate::gateway::{TestGateway, root, until};
use reqwest::Method;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const PRINCIPAL: &str = "+15555550110";
const PRINCIPAL_AT_HOME: &str = "+15555550120";

async fn answers(gateway: &TestGateway, number: &str, key: &str) {
    let behaviour = serde_json::from_value(json!({"answer": "human", "key": key})).expect("a behaviour");
    gateway.control().behave(number, vec![behaviour]).await.expect("a behaviour");
}

async fn dispatch(gateway: &TestGateway, kind: &str) -> String {
    assert_eq!(gateway.text(STUDENT, "something happened at school").await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": [kind], "school": "bravo-middle"});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

/// The obligation to the principal by these means, once it is kept.
async fn kept(gateway: &TestGateway, tip: &str, means: &str) -> Value {
    until("the principal is told", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        let all = read["dispatches"][0]["obligations"].as_array()?.clone();
        let is_it =
            |one: &&Value| one["means"] == means && one["person"].as_str().is_some_and(|name| name.starts_with("Principal of Bravo"));
        all.iter().find(is_it).filter(|one| one["state"] == "satisfied").cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_not_me_leads_to_the_persons_next_number_at_once() {
    let gateway = TestGateway::start().await;
    let demo = |file: &str| std::fs::read_to_string(root().join("config/demo").join(file)).expect("the demo's directory");
    let people = demo("people.csv");
    let columns: Vec<&str> = people.lines().next().unwrap_or_default().split(',').collect();
    let second = columns.iter().position(|column| *column == "phone2").expect("people have a second number");
    let with_second = people.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(',').collect();
        if fields[0] == "bravo-middle-principal" {
            fields[second] = PRINCIPAL_AT_HOME;
        }
        fields.join(",") + "\n"
    });
    let file = gateway.folder.join("people.csv");
    std::fs::write(&file, with_second.collect::<String>()).expect("a directory");
    let organizations = root().join("config/demo/organizations.csv").display().to_string();
    let imported = gateway.run(&["directory", "import", "--organizations", &organizations, "--people", &file.display().to_string()]);
    assert!(!imported.status.success(), "the running gateway owns the database");
    let mut gateway = gateway;
    assert_eq!(gateway.terminate().await, 0);
    let imported = gateway.run(&["directory", "import", "--organizations", &organizations, "--people", &file.display().to_string()]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    gateway.serve().await;
    answers(&gateway, PRINCIPAL, "9").await;
    answers(&gateway, PRINCIPAL_AT_HOME, "heard_code").await;
    let tip = dispatch(&gateway, "possession-of-a-weapon").await;
    let call = kept(&gateway, &tip, "call").await;
    assert!(!call["confirmed_at"].is_null(), "{call}");
    assert_eq!(call["attempts"].as_array().map(Vec::len), Some(2), "{call}");
    assert_eq!(gateway.control().calls(Some(PRINCIPAL)).await.len(), 1, "the wrong number is left alone");
    assert_eq!(gateway.control().calls(Some(PRINCIPAL_AT_HOME)).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_leads_to_a_call() {
    let gateway = TestGateway::start().await;
    answers(&gateway, PRINCIPAL, "heard_code").await;
    let refused = json!({"match": {"kind": "smtp", "to": "principal.bravo-middle@example.org"}, "fault": "550"});
    gateway.control().set_fault(serde_json::from_value(refused).expect("a fault")).await.expect("the fault is set");
    let tip = dispatch(&gateway, "bullying").await;
    let call = kept(&gateway, &tip, "call").await;
    assert!(!call["confirmed_at"].is_null(), "{call}");
    let read = gateway.get(&format!("/tips/{tip}")).await;
    let calls = read["dispatches"][0]["obligations"].as_array().expect("obligations").iter().filter(|one| one["means"] == "call").count();
    assert_eq!(calls, 1, "only whom no mail reaches is called");
    assert!(read["tasks"].to_string().contains("mend"), "somebody has to mend the address: {}", read["tasks"]);
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
}
