//! Every way in, and one conversation behind all of them: the six examples of the procedures by six different ways, and a
//! conversation that goes on from one way to the next (R2, R68, R69, R70).

use crate::calls_in::Caller;
use crate::chat_client::Client;
use crate::gateway::{TestGateway, until};
use crate::site_client::Site;
use reqwest::Method;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const PARENT: &str = "+15555550143";

/// The tip whose first words hold this.
async fn tip_saying(gateway: &TestGateway, words: &str) -> Value {
    until(&format!("the tip that says \"{words}\""), || async {
        for tip in gateway.tips().await {
            let whole = gateway.get(&format!("/tips/{}", tip["id"].as_str()?)).await;
            if whole["messages"].to_string().contains(words) {
                return Some(whole);
            }
        }
        None
    })
    .await
}

/// What the reporter said in a tip, in order.
fn reporter_said(tip: &Value) -> Vec<(String, String)> {
    let messages = tip["messages"].as_array().cloned().unwrap_or_default();
    let theirs = messages.into_iter().filter(|message| message["author"] == "reporter");
    theirs
        .map(|one| (one["channel"].as_str().unwrap_or_default().to_owned(), one["text"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// The example, sorted as the procedures sort it.
async fn sort_and_tell(gateway: &TestGateway, tip: &Value, types: &[&str], school: &str, marks: Value) -> Value {
    let id = tip["id"].as_str().expect("an id");
    let triage = json!({"version": tip["version"], "types": types, "level": null, "school": school, "marks": marks, "reason": null});
    let sorted = gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": sorted["version"]})).await;
    gateway.get(&format!("/tips/{id}")).await
}

/// Whom the first dispatch tells: (kind of organization, means), sorted and once each.
fn told(tip: &Value) -> Vec<(String, String)> {
    let obligations = tip["dispatches"][0]["obligations"].as_array().cloned().unwrap_or_default();
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = obligations.iter().map(|one| (word(one, "kind"), word(one, "means"))).collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_six_examples_come_in_by_six_ways() {
    let gateway = TestGateway::start().await;
    let control = gateway.control();

    // 1. By text.
    gateway.text(STUDENT, "My friend at Delta High says he will drive his car into a tree").await;
    // 2. By phone.
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("1").await;
    caller.leaves("a boy has a gun in his backpack on the bus to Bravo Middle").await;
    caller.hangs_up().await;
    // 3. By mail.
    control.mail_in("student@example.org", "bathroom", "They sell marijuana in the bathroom at Alpha Middle").await.expect("a mail");
    // 4. In the chat.
    let mut chat = Client::begun(&gateway.public, "They shoved him and called him slurs at Charlie High").await;
    chat.next_of("code").await;
    // 5. On the web page.
    let site = Site::write(&gateway, &[("what", "Lunch was cold again"), ("where", "Delta Elementary School"), ("now", "no")]).await;
    site.code();
    // 6. By WhatsApp.
    gateway.text("whatsapp:+15555550144", "Bravo Middle smells funny").await;

    let none = json!({"in_progress": false, "possible_crime": false, "safety_issue": false});
    let tree = tip_saying(&gateway, "car into a tree").await;
    let tree = sort_and_tell(&gateway, &tree, &["suicidal-ideation"], "delta-high", none.clone()).await;
    assert_eq!((tree["triage"]["level"].as_str(), tree["channel"].as_str()), (Some("critical"), Some("text")));
    let everybody = told(&tree);
    for kind in ["psap", "school", "police"] {
        for means in ["call", "mail"] {
            assert!(everybody.contains(&(kind.to_owned(), means.to_owned())), "{kind} by {means}: {everybody:?}");
        }
    }

    let gun = tip_saying(&gateway, "gun in his backpack").await;
    assert_eq!(gun["channel"], "voice");
    let now = json!({"in_progress": true, "possible_crime": false, "safety_issue": true});
    let gun = sort_and_tell(&gateway, &gun, &["possession-of-a-weapon", "threat-to-safety"], "bravo-middle", now).await;
    assert_eq!(gun["triage"]["level"], "critical");
    assert!(told(&gun).contains(&("psap".to_owned(), "call".to_owned())));

    let drugs = tip_saying(&gateway, "marijuana in the bathroom").await;
    assert_eq!(drugs["channel"], "mail");
    let crime = json!({"in_progress": false, "possible_crime": true, "safety_issue": true});
    let drugs = sort_and_tell(&gateway, &drugs, &["drugs"], "alpha-middle", crime).await;
    assert_eq!(drugs["triage"]["level"], "standard");
    assert!(told(&drugs).iter().all(|(_, means)| means == "mail") && told(&drugs).iter().any(|(kind, _)| kind == "police"));

    for (words, channel, kind, school, level) in [
        ("shoved him", "chat", "bullying", "charlie-high", "standard"),
        ("Lunch was cold", "web", "school-complaint", "delta-elementary", "other"),
        ("smells funny", "whatsapp", "prank-or-other", "bravo-middle", "other"),
    ] {
        let tip = tip_saying(&gateway, words).await;
        assert_eq!(tip["channel"], channel);
        let tip = sort_and_tell(&gateway, &tip, &[kind], school, none.clone()).await;
        assert_eq!(tip["triage"]["level"], level, "{words}");
        assert_eq!(told(&tip), [("school".to_owned(), "mail".to_owned())], "{words}: referred to the school, no police");
    }
    assert_eq!(gateway.tips().await.len(), 6, "one tip each");
    let log = gateway.log();
    for identity in ["0142", "0144", "student@example.org"] {
        assert!(!log.contains(identity), "the log holds {identity}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_begins_by_text_goes_on_on_the_web_then_by_keypad_and_stays_one() {
    let gateway = TestGateway::start().await;
    gateway.text(PARENT, "one: they planned it at lunch").await;
    let first_words = until("the first words", || async {
        gateway.control().messages(PARENT).await.into_iter().map(|message| message.body).find(|body| body.contains("988"))
    })
    .await;
    let digits: String = first_words.rsplit(':').next().expect("the code").chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 16, "{first_words}");

    let mut site = Site::come_back(&gateway, &digits).await;
    assert!(site.page().contains("they planned it at lunch"));
    site.say("two: it is for Friday").await;
    let tip = tip_saying(&gateway, "it is for Friday").await;
    let id = tip["id"].as_str().expect("an id").to_owned();
    gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": "Who else knows of it?"})).await;
    site.look().await;
    assert!(site.page().contains("Who else knows of it?"), "the answer waits on the page");

    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("3").await;
    assert!(caller.keys(&digits).await.contains("Who else knows of it?"), "and is read out on the phone");
    caller.keys("1").await;
    caller.leaves("three my brother knows").await;
    caller.hangs_up().await;

    gateway.text(PARENT, "four: please hurry").await;
    let all = until("all four in order", || async {
        let said = reporter_said(&gateway.get(&format!("/tips/{id}")).await);
        (said.len() == 4).then_some(said)
    })
    .await;
    let channels: Vec<&str> = all.iter().map(|(channel, _)| channel.as_str()).collect();
    assert_eq!(channels, ["text", "web", "voice", "text"]);
    assert!(all[0].1.starts_with("one") && all[1].1.starts_with("two") && all[3].1.starts_with("four"));
    assert_eq!(gateway.tips().await.len(), 1, "one conversation");

    // An answer goes where they wrote last.
    gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": "Somebody is on the way."})).await;
    until("the answer on the handset", || async {
        let shown = gateway.control().messages(PARENT).await;
        shown.iter().any(|message| message.body == "Somebody is on the way.").then_some(())
    })
    .await;
}
