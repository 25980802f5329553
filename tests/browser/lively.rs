//! An evening with much going on: the six examples of the procedures, one of them being told with every rung of the ladder.
//!
//! For the tests that look at pages, not at what leads to them: most of it is done by the API.

use crate::browser::Browser;
use crate::gateway::until;
use crate::handset::Handset;
use crate::stage::{ANALYST, Stage};
use reqwest::Method;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const PRINCIPAL: &str = "+15555550106";
const PSAP: &str = "+15555550101";
const ASSISTANT: &str = "+15555550107";
/// Texts STOP in the end.
const NO_WAY_BACK: &str = "+15555550145";

/// Number, words, types, school and marks of a tip, and whether its people are told.
type Example = (&'static str, &'static str, &'static [&'static str], &'static str, &'static [&'static str], bool);

/// As in the operating procedures, in a student's words. The last is not sorted yet.
const EXAMPLES: [Example; 6] = [
    (
        STUDENT,
        "My friend at Delta High says he will drive his car into a tree after school. I think he means it.",
        &["suicidal-ideation"],
        "delta-high",
        &["safety_issue"],
        true,
    ),
    (
        "+15555550143",
        "A boy on our bus to Bravo Middle has a gun in his backpack, I saw it",
        &["possession-of-a-weapon", "threat-to-safety"],
        "bravo-middle",
        &["in_progress", "possible_crime", "safety_issue"],
        false,
    ),
    (
        "+15555550144",
        "They smoke marijuana in the upstairs bathroom at Alpha Middle every day at lunch",
        &["drugs"],
        "alpha-middle",
        &["possible_crime"],
        true,
    ),
    (
        NO_WAY_BACK,
        "He shoves me in the hall at Charlie High and calls me slurs. Nobody does anything",
        &["bullying"],
        "charlie-high",
        &[],
        true,
    ),
    ("+15555550146", "The lunch at Delta Elementary is cold again", &["school-complaint"], "delta-elementary", &[], true),
    ("+15555550147", "the gym smells funny", &[], "", &[], false),
];

/// The evening.
pub struct Lively {
    /// A console, logged in.
    pub console: Browser,
    /// The handsets of the student, the principal (in a call) and the 911 desk (ringing).
    pub outside: Browser,
    /// The tip that is being told.
    pub told: String,
    /// The tip that is sorted and not told.
    pub sorted: String,
}

/// With the times of a real deployment, so that nothing changes while it is looked at.
pub async fn stage() -> Stage {
    let real = [("BUSY_FIRST", "30"), ("NO_ANSWER_FIRST", "60"), ("LONGEST_DELAY", "240"), ("DISTRICT_AFTER", "300")];
    let real = real.map(|(key, value)| (format!("TIPLINE__DISPATCH__{key}"), value));
    Stage::start_with(&real.each_ref().map(|(key, value)| (key.as_str(), *value))).await
}

impl Lively {
    /// Brings it as far as the principal hearing the code on the phone while that of the 911 desk rings.
    pub async fn begin(stage: &Stage) -> Self {
        let (console, outside) = (stage.driver.open().await, stage.driver.open().await);
        script(stage).await;
        let numbers = [STUDENT, PRINCIPAL, PSAP].map(|number| number.replace('+', "%2B")).join(",");
        outside.go(&stage.outside(&format!("/handset?numbers={numbers}&labels=Student,Principal,911 desk"))).await;
        outside.sees("Live. Calls to these phones ring here.").await;
        let mut ids = Vec::new();
        for (number, words, ..) in EXAMPLES {
            ids.push(tip(stage, number, words).await);
        }
        talk(stage, &ids[0]).await;
        for (id, (number, _, types, school, marks, told)) in ids.iter().zip(EXAMPLES) {
            if types.is_empty() {
                continue;
            }
            sort(stage, id, types, school, marks).await;
            if told {
                let version = stage.gateway.get(&format!("/tips/{id}")).await["version"].clone();
                stage.gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
            }
            if number == NO_WAY_BACK {
                close_way_back(stage, id).await;
            }
        }
        let principal = Handset::on(&outside, PRINCIPAL);
        principal.accept().await;
        principal.hears_the_code().await;
        Handset::on(&outside, PSAP).rings().await;
        stage.log_in(&console, ANALYST).await;
        Self { console, outside, told: ids[0].clone(), sorted: ids[1].clone() }
    }

    /// The principal keys the code; then every rung has been reached by somebody.
    pub async fn confirm(&self, stage: &Stage) {
        let principal = Handset::on(&self.outside, PRINCIPAL);
        principal.key(&principal.hears_the_code().await.1).await;
        let desk = Handset::on(&self.outside, PSAP);
        desk.accept().await;
        desk.key(&desk.hears_the_code().await.1).await;
        for phone in [&principal, &desk] {
            phone.is_quiet().await;
        }
        until("every rung", || async {
            let read = stage.gateway.get(&format!("/tips/{}", self.told)).await;
            let calls: Vec<Value> =
                read["dispatches"][0]["obligations"].as_array()?.iter().filter(|one| one["means"] == "call").cloned().collect();
            let rung = |role: &str, rung: &str| calls.iter().any(|call| call["role"] == role && call["rung"] == rung);
            let over = |role: &str| {
                calls.iter().any(|call| call["role"] == role && call["state"] == "waiting" && call["attempts"][0]["at"].is_string())
            };
            let there = rung("911 Desk", "confirmed") && rung("Principal", "confirmed") && rung("Assistant Principal", "voicemail");
            (there && over("Counselor") && over("School Resource Officer")).then_some(())
        })
        .await;
    }
}

/// Who meets calls how, beside those whose phones are on the page.
async fn script(stage: &Stage) {
    let keyed = json!({"answer": "human", "key": "heard_code"});
    behave(stage, "+15555550102", keyed).await;
    behave(stage, ASSISTANT, json!({"answer": "machine"})).await;
    behave(stage, "+15555550108", json!({"answer": "no_answer"})).await;
    behave(stage, "+15555550109", json!({"answer": "busy"})).await;
    let refused = json!({"match": {"kind": "rest", "to": "+15555550103"}, "fault": "21211"});
    stage.gateway.control().set_fault(serde_json::from_value(refused).expect("a fault")).await.expect("the fault is set");
}

async fn behave(stage: &Stage, number: &str, behaviour: Value) {
    let behaviour = serde_json::from_value(behaviour).expect("a behaviour");
    stage.gateway.control().behave(number, vec![behaviour]).await.expect("the behaviour is set");
}

/// A student's first text; the tip's id.
async fn tip(stage: &Stage, number: &str, words: &str) -> String {
    assert_eq!(stage.gateway.text(number, words).await, 200);
    let tips = stage.gateway.tips().await;
    let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|first| words.starts_with(first.trim_end_matches('…'))));
    let id = tip.and_then(|tip| tip["id"].as_str()).unwrap_or_else(|| panic!("the tip “{words}” is not listed: {tips:?}")).to_owned();
    until("the first words", || async { (stage.gateway.control().messages(number).await.len() > 1).then_some(()) }).await;
    id
}

/// Question, answer, and what the analyst makes of it.
async fn talk(stage: &Stage, id: &str) {
    let gateway = &stage.gateway;
    gateway.send(Method::POST, &format!("/tips/{id}/claim"), Value::Null).await;
    let question = "Thank you for telling us. Is he at school now, and which car is it?";
    gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": question})).await;
    until("the question on the handset", || async {
        gateway.control().messages(STUDENT).await.iter().any(|message| message.body == question).then_some(())
    })
    .await;
    assert_eq!(gateway.text(STUDENT, "Yes, in the gym until 3. It is a blue pickup in the back lot").await, 200);
    let assessment = json!({"kind": "assessment", "text": "Plan, means and a time are named; the friend knows him well. He is in the building until 3 pm."});
    gateway.send(Method::POST, &format!("/tips/{id}/notes"), assessment).await;
}

/// After STOP the carrier refuses what is sent, and the console says so.
async fn close_way_back(stage: &Stage, id: &str) {
    assert_eq!(stage.gateway.text(NO_WAY_BACK, "STOP").await, 200);
    stage.gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": "Thank you. Your school is told now."})).await;
    until("the way back is closed", || async {
        (stage.gateway.get(&format!("/tips/{id}")).await["way_back"] == "opted_out").then_some(())
    })
    .await;
}

async fn sort(stage: &Stage, id: &str, types: &[&str], school: &str, marks: &[&str]) {
    let version = stage.gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let marks: serde_json::Map<String, Value> = marks.iter().map(|mark| ((*mark).to_owned(), json!(true))).collect();
    let triage = json!({"version": version, "types": types, "school": school, "marks": marks});
    stage.gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
}
