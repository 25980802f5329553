//! A drill over the real lanes: everybody is called, mailed and texted as a test, what does not work is named first, and no inbox knows of it.

use crate::gateway::{TestGateway, until};
use reqwest::Method;
use serde_json::{Value, json};

const SCHOOL: &str = "delta-elementary";
/// The principal's phone of its office, and the one that is called at other hours.
const PRINCIPAL: [&str; 2] = ["+15555550122", "+15555550127"];
/// Nobody ever picks up there.
const DEAD: &str = "+15555550123";
/// A machine answers.
const MACHINE: &str = "+15555550124";

async fn started() -> (TestGateway, String) {
    let mut gateway = TestGateway::prepare(&[("TIPLINE__DISPATCH__DRILL_SPACING", "0.05"), ("TIPLINE__DISPATCH__ASK_AFTER", "2")]).await;
    let printed = gateway.run(&["token", "add", "supervisor", "--label", "drills"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let analyst =
        std::mem::replace(&mut gateway.token, printed.split_whitespace().find(|word| word.starts_with("tl_")).expect("a token").to_owned());
    for suffix in 1..=30_u32 {
        let number = format!("+155555501{suffix:02}");
        let behaviour = match number.as_str() {
            DEAD => json!({"answer": "no_answer"}),
            MACHINE => json!({"answer": "machine"}),
            _ => json!({"answer": "human", "key": "heard_code"}),
        };
        let behaviour = serde_json::from_value(behaviour).expect("a behaviour");
        gateway.control().behave(&number, vec![behaviour]).await.expect("a behaviour");
    }
    gateway.serve().await;
    (gateway, analyst)
}

/// What was found at a number or address that ends so.
fn found(drill: &Value, means: &str, person: &str) -> Vec<String> {
    let lines = drill["lines"].as_array().into_iter().flatten();
    let of = lines.filter(|line| line["means"] == means && line["person"].as_str().is_some_and(|name| name.starts_with(person)));
    of.map(|line| format!("{}: {}", line["verdict"].as_str().unwrap_or(""), line["found"].as_str().unwrap_or(""))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_names_the_number_that_is_dead_and_touches_no_inbox() {
    let (gateway, analyst) = started().await;
    let refused = gateway.client.post(format!("{}/api/v1/drills", gateway.staff)).bearer_auth(analyst).json(&json!({"school": SCHOOL}));
    assert_eq!(refused.send().await.expect("an answer").status(), 403, "an analyst starts none");
    let begun = gateway.send(Method::POST, "/drills", json!({"school": SCHOOL})).await;
    let id = begun["id"].as_str().expect("an id").to_owned();
    let drill = until("everything is known", || async {
        let drill = gateway.get(&format!("/drills/{id}")).await;
        let lines = drill["lines"].as_array()?;
        (!lines.is_empty() && lines.iter().all(|line| line["verdict"] != "waiting")).then_some(drill)
    })
    .await;
    // The dead number stands first, by name.
    let first = &drill["lines"][0];
    assert_eq!((first["verdict"].as_str(), first["found"].as_str()), (Some("failed"), Some("no answer")), "{drill}");
    assert!(first["person"].as_str().is_some_and(|name| name.starts_with("Assistant Principal of Delta Elementary")), "{first}");
    assert_eq!(found(&drill, "call", "Counselor of Delta Elementary"), ["unsure: a machine answered"]);
    let principal = found(&drill, "call", "Principal of Delta Elementary");
    assert!(!principal.is_empty() && principal.iter().all(|found| found == "works: confirmed"), "{principal:?}");
    assert_eq!(found(&drill, "mail", "Assistant Principal of Delta Elementary"), ["works: taken"]);
    // The district is tried as well, and nobody waits for somebody else to fail.
    assert_eq!(found(&drill, "call", "Superintendent"), ["works: confirmed"]);
    says_that_it_is_a_test(&gateway).await;
    nothing_but_the_ledger_knows(&gateway, &id).await;
}

/// On the phone, on a machine and in the mail.
async fn says_that_it_is_a_test(gateway: &TestGateway) {
    let mut called = 0;
    for number in [PRINCIPAL[0], PRINCIPAL[1], MACHINE, "+15555550101"] {
        for call in gateway.control().calls(Some(number)).await {
            let words = serde_json::to_string(&call.transcript).expect("a transcript");
            assert!(words.contains("This is a test"), "{number}: {words}");
            called += 1;
        }
    }
    assert!(called >= 3, "{called} calls");
    let mails = gateway.control().mails(Some("principal.delta-elementary@example.org")).await;
    assert_eq!(mails.len(), 1);
    let mail = serde_json::to_string(&mails[0]).expect("a mail");
    assert!(mail.contains("This is a test"), "{mail}");
}

/// No inbox, no count, no task; only the ledger.
async fn nothing_but_the_ledger_knows(gateway: &TestGateway, id: &str) {
    for filter in ["open", "unsorted", "underway", "closed"] {
        let read = gateway.get(&format!("/tips?filter={filter}")).await;
        assert_eq!(read["tips"].as_array().map(Vec::len), Some(0), "{filter}: {read}");
    }
    assert_eq!(gateway.ask(Method::GET, &format!("/tips/{id}"), None).await.status(), 404, "it is no tip");
    assert_eq!(gateway.get("/tasks").await, json!([]), "a drill raises nothing");
    assert_eq!(gateway.get("/drills").await.as_array().map(Vec::len), Some(1));
    let ready = gateway.client.get(format!("{}/readyz", gateway.ops)).send().await.expect("an answer");
    assert_eq!(ready.status(), 200, "no obligation of it is without a timer");
    // The others had none: this one is left out.
    let begun = gateway.send(Method::POST, "/drills", json!({"none_in_days": 30})).await;
    assert_eq!(begun["started"], 5, "four schools and the county that stands for those which are not enrolled");
}

/// Business hours whatever the day on which the tests run.
const ALWAYS_OPEN: &str = r#"
[[calendar]]
key = "school"
hours = { mon = "00:00-24:00", tue = "00:00-24:00", wed = "00:00-24:00", thu = "00:00-24:00", fri = "00:00-24:00", sat = "00:00-24:00", sun = "00:00-24:00" }
closed_on = []

[[calendar]]
key = "always"
hours = { mon = "00:00-24:00", tue = "00:00-24:00", wed = "00:00-24:00", thu = "00:00-24:00", fri = "00:00-24:00", sat = "00:00-24:00", sun = "00:00-24:00" }
closed_on = []
"#;

/// The ledger once it has so many drills.
async fn ledger(gateway: &TestGateway, count: usize) -> Vec<Value> {
    until("the schedule has started a drill", || async {
        let drills = gateway.get("/drills").await;
        drills.as_array().filter(|all| all.len() >= count).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_drills_one_school_after_the_other_and_none_twice() {
    let settings = [("TIPLINE__DRILLS__EVERY_DAYS", "30"), ("TIPLINE__DRILLS__AT", "00:00"), ("TIPLINE__DISPATCH__DRILL_SPACING", "0.05")];
    let mut gateway = TestGateway::prepare(&settings).await;
    gateway.configure(|text| text + ALWAYS_OPEN);
    for suffix in 1..=30_u32 {
        let behaviour = serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
    gateway.serve().await;
    let first = ledger(&gateway, 1).await.remove(0);
    let id = first["id"].as_str().expect("an id").to_owned();
    until("everybody was tried", || async {
        let drill = gateway.get(&format!("/drills/{id}")).await;
        let lines = drill["lines"].as_array()?.clone();
        (!lines.is_empty() && lines.iter().all(|line| line["verdict"] == "works")).then_some(())
    })
    .await;
    assert_eq!(ledger(&gateway, 1).await.len(), 1, "a school a look");
    assert!(first["started_by"].is_null(), "by nobody: {first}");
    // A restart looks at once: the next school's turn has come, and the first is not drilled again.
    gateway.kill();
    gateway.serve().await;
    let both = ledger(&gateway, 2).await;
    let schools: std::collections::BTreeSet<String> = both.iter().map(|drill| drill["school"].to_string()).collect();
    assert_eq!((both.len(), schools.len()), (2, 2), "{both:?}");
}
