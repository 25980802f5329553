//! Telling endusers by mail through real servers: signed as it arrives, a bounce that starts the next channel, an answer that is no receipt.

use super::dovecot::Dovecot;
use super::exim::Exim;
use super::{deliver, header, prepared, signed};
use crate::gateway::{TestGateway, root, until};
use serde_json::{Value, json};
use std::fs;

/// The school of these tests, whose principal's mailbox does not exist and whose officer takes mail over TLS only, which this Exim has not.
const SCHOOL: &str = "charlie-high";
const PRINCIPALS_PHONE: &str = "+15555550118";
const OFFICERS_PHONE: &str = "+15555550120";

/// The demo's people with their mail at this Exim.
fn people(gateway: &TestGateway) {
    let demo = |file: &str| root().join("config/demo").join(file);
    let text = fs::read_to_string(demo("people.csv")).expect("people");
    let (head, _) = text.split_once('\n').expect("a head");
    let mail_tls = head.split(',').position(|column| column == "mail_tls").expect("the column");
    let lines = text.replace("principal.charlie-high@example.org", "nobody@mail.example.org").replace("@example.org", "@mail.example.org");
    let lines = lines.lines().map(|line| {
        let mut fields: Vec<&str> = line.split(',').collect();
        if line.starts_with("charlie-high-officer,") {
            fields[mail_tls] = "required";
        }
        fields.join(",") + "\n"
    });
    let file = gateway.folder.join("people.csv");
    fs::write(&file, lines.collect::<String>()).expect("people");
    let organizations = demo("organizations.csv").display().to_string();
    let output = gateway.run(&["directory", "import", "--organizations", &organizations, "--people", &file.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A tip for the school, dispatched: mails to all of its contacts (R15).
async fn dispatched(gateway: &TestGateway) -> String {
    assert_eq!(gateway.text("+15555550142", "they shove him and call him names").await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["bullying"], "school": SCHOOL});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    id
}

fn of<'a>(read: &'a Value, role: &str, means: &str) -> Vec<&'a Value> {
    let all = read["dispatches"][0]["obligations"].as_array().into_iter().flatten();
    all.filter(|row| row["role"] == role && row["means"] == means).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_arrive_leads_to_a_call_and_an_answer_is_read_but_confirms_nothing() {
    let server = Dovecot::start();
    let exim = Exim::start(&server.inbox());
    let mut gateway = prepared(&server, Some(exim.port())).await;
    let key = signed::key(&gateway.folder);
    gateway.configure(|text| {
        let signs = format!("\ndkim_selector = \"tips1\"\ndkim_key_file = \"{}\"\nfrom = \"Safe2Help", key.display());
        assert!(text.contains("\nfrom = \"Safe2Help"));
        text.replace("\nfrom = \"Safe2Help", &signs)
    });
    let checked = gateway.run(&["check-config"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("tips1._domainkey.example.org") && said.contains(&signed::record(&key)), "{said}");
    people(&gateway);
    gateway.serve().await;
    let tip = dispatched(&gateway).await;

    // One arrives, signed, unchanged by the server on the way.
    let to = "assistant.charlie-high@mail.example.org";
    let notice = until("a mail arrives", || async { exim.mails().into_iter().find(|mail| header(mail, "To") == to) }).await;
    assert!(signed::is_signed(&notice, &key, &gateway.folder), "{notice}");
    for (ours, bent) in [("Code: ", "Code: 1"), ("Subject: ", "Subject: Re: "), ("From: ", "From: x")] {
        assert!(notice.contains(ours) && !signed::is_signed(&notice.replacen(ours, bent, 1), &key, &gateway.folder), "{ours}");
    }
    let returns_to = header(&notice, "Return-path").trim_matches(['<', '>']).to_owned();
    assert!(returns_to.starts_with("tips+v") && header(&notice, "Reply-To").contains(&returns_to), "{notice}");

    // Two do not: one comes back, one may not go in clear. Each is called instead.
    let read = until("the mails that cannot arrive are given up", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        let failed = |role: &str| of(&read, role, "mail").iter().any(|row| row["state"] == "failed");
        (failed("Principal") && failed("School Resource Officer")).then_some(read)
    })
    .await;
    assert_eq!(of(&read, "Principal", "mail")[0]["state_detail"], "returned", "{read}");
    for (role, phone) in [("Principal", PRINCIPALS_PHONE), ("School Resource Officer", OFFICERS_PHONE)] {
        until(&format!("the {role} is called"), || async { (!gateway.control().calls(Some(phone)).await.is_empty()).then_some(()) }).await;
        let read = gateway.get(&format!("/tips/{tip}")).await;
        assert_eq!(of(&read, role, "call").len(), 1, "{read}");
        assert!(read["tasks"].to_string().contains(role), "and a person is told: {}", read["tasks"]);
    }

    // An absence note and a person's answer: neither is a receipt, neither is a tip.
    let away = format!(
        "From: {to}\nTo: {returns_to}\nSubject: Away\nAuto-Submitted: auto-replied\nMessage-ID: <away@mail.example.org>\n\
         Date: Mon, 05 Jan 2026 09:14:00 -0600\n\nI am away."
    );
    deliver(&exim, "", &returns_to, &away);
    let answer = format!(
        "From: {to}\nTo: tips@example.org\nSubject: Re: Report\nMessage-ID: <answer@mail.example.org>\nIn-Reply-To: {}\n\
         Date: Mon, 05 Jan 2026 09:15:00 -0600\n\nReceived, thank you!",
        header(&notice, "Message-ID")
    );
    deliver(&exim, to, "tips@example.org", &answer);
    until("somebody is asked to look", || async {
        let read = gateway.get(&format!("/tips/{tip}")).await;
        read["tasks"].to_string().contains("Assistant Principal of Charlie High School answered our mail").then_some(())
    })
    .await;
    until("everything is read", || async { (server.count("") == 0).then_some(()) }).await;
    let read = gateway.get(&format!("/tips/{tip}")).await;
    assert!(of(&read, "Assistant Principal", "mail")[0]["confirmed_at"].is_null(), "nobody has confirmed: {read}");
    assert_eq!(gateway.tips().await.len(), 1, "no new tip");
    assert!(!gateway.log().contains("@mail.example.org"), "no address in the log");
}
