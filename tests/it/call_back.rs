//! Endusers and their phones (R19, R32): a machine found beside the call, a voicemail, the call back with reference and PIN; nine; a PIN on
//! the call itself; and the number that is for endusers alone, also while the database is away.

use crate::away::Away;
use crate::gateway::{LINE, PATIENCE, TestGateway, until};
use mock_carriers::NumberRoute;
use mock_carriers::state::call::Speaker;
use mock_carriers::voice::behaviour::{Answer, Behaviour};
use serde_json::{Value, json};
use std::fs;

const STUDENT: &str = "+15555550142";
const PRINCIPAL: &str = "+15555550106";
const ASSISTANT: &str = "+15555550107";
const OFFICER: &str = "+15555550108";
const COUNSELOR: &str = "+15555550109";
/// A number that is for endusers who call back, and for nobody else.
const CALL_BACK: &str = "+15555550199";

/// A gateway with the demo's detection beside the call, and calls that wait for nobody.
async fn beside(environment: &[(&str, &str)]) -> TestGateway {
    let gateway = TestGateway::prepare(environment).await;
    let file = gateway.folder.join("tipline.toml");
    let text = fs::read_to_string(&file).expect("the configuration");
    let text = text.replacen("calls_per_second = 5", "calls_per_second = 50", 1);
    assert!(text.contains("machine_detection = \"beside\""), "the demo tells of machines beside the call");
    fs::write(&file, text).expect("the configuration");
    gateway
}

fn new_pin(gateway: &TestGateway, person: &str) -> String {
    let output = gateway.run(&["pin", "new", person]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A Critical tip about Delta High, dispatched; gives its id and reference.
async fn dispatched(gateway: &TestGateway) -> (String, String) {
    assert_eq!(gateway.text(STUDENT, "he wants to drive the car into a tree").await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let tip = gateway.get(&format!("/tips/{id}")).await;
    let triage =
        json!({"version": tip["version"], "types": ["suicidal-ideation"], "school": "delta-high", "marks": {"safety_issue": true}});
    let sorted = gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let dispatch = json!({"version": sorted["version"]});
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), dispatch).await;
    (id, tip["reference"].as_str().expect("a reference").to_owned())
}

/// The call that this person of Delta High is owed.
async fn call_to(gateway: &TestGateway, tip: &str, role: &str) -> Value {
    let read = gateway.get(&format!("/tips/{tip}")).await;
    let owed = read["dispatches"][0]["obligations"].as_array().expect("obligations").clone();
    let is_it = |one: &&Value| one["role"] == role && one["means"] == "call";
    owed.iter().find(is_it).unwrap_or_else(|| panic!("no call to the {role}: {owed:?}")).clone()
}

async fn until_confirmed(gateway: &TestGateway, tip: &str, role: &str, how: &str) {
    until(&format!("the {role} confirmed by {how}"), || async {
        let call = call_to(gateway, tip, role).await;
        (call["state"] == "satisfied" && call["state_detail"] == how && !call["confirmed_at"].is_null()).then_some(())
    })
    .await;
}

/// Every kind of receipt of this call's attempts.
fn receipts(call: &Value) -> Vec<String> {
    let attempts = call["attempts"].as_array().cloned().unwrap_or_default();
    let all = attempts.iter().flat_map(|attempt| attempt["receipts"].as_array().cloned().unwrap_or_default());
    all.filter_map(|receipt| receipt["kind"].as_str().map(str::to_owned)).collect()
}

/// As one keys it: each letter by the key that it stands on, without the T.
fn keyed(reference: &str) -> String {
    let key = |c: char| match c {
        '0'..='9' => Some(c),
        'A'..='C' => Some('2'),
        'D'..='F' => Some('3'),
        'G'..='I' => Some('4'),
        'J'..='L' => Some('5'),
        'M'..='O' => Some('6'),
        'P'..='S' => Some('7'),
        'T'..='V' => Some('8'),
        'W'..='Z' => Some('9'),
        _ => None,
    };
    reference[1..].chars().filter_map(key).collect()
}

/// An enduser with a phone at the ear.
struct Phone<'a> {
    gateway: &'a TestGateway,
    sid: String,
}

impl<'a> Phone<'a> {
    async fn dials(gateway: &'a TestGateway, from: &str, to: &str) -> Self {
        Self { gateway, sid: gateway.control().dial(from, to).await.expect("the number has a voice address") }
    }
    async fn hears(&self) -> String {
        self.gateway.control().wait_prompt(&self.sid, PATIENCE).await.expect("the call listens").heard
    }
    async fn keys(&self, keys: &str) -> String {
        self.presses(keys).await;
        self.hears().await
    }
    async fn presses(&self, keys: &str) {
        self.gateway.control().press(&self.sid, keys, PATIENCE).await.expect("keys are pressed");
    }
    /// All that was said on it, once it is over.
    async fn ends(&self) -> String {
        let call = self.gateway.control().wait_end(&self.sid, PATIENCE).await.expect("the call ends");
        let ours = call.transcript.iter().filter(|line| line.who == Speaker::Gateway);
        ours.filter_map(|line| line.text.as_deref()).collect::<Vec<_>>().join(" ")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voicemail_is_called_back_and_confirmed_and_nine_and_a_pin_are_what_they_say() {
    let patient = [("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "60"), ("TIPLINE__DISPATCH__LONGEST_DELAY", "60")];
    let mut gateway = beside(&patient).await;
    let principal_pin = new_pin(&gateway, "delta-high-principal");
    let officer_pin = new_pin(&gateway, "delta-high-officer");
    gateway.serve().await;
    let control = gateway.control();
    let human = |keys: &[&str]| -> Behaviour { serde_json::from_value(json!({"answer": "human", "key": keys})).expect("a behaviour") };
    for number in ["+15555550101", "+15555550102", "+15555550103"] {
        control.behave(number, vec![Behaviour::human("heard_code")]).await.expect("a behaviour");
    }
    control.behave(PRINCIPAL, vec![Behaviour::of(Answer::Machine)]).await.expect("a behaviour");
    // Detection finds out when the call is long over.
    let late = Behaviour { amd_after_ms: 5_000, ..Behaviour::of(Answer::Machine) };
    control.behave(ASSISTANT, vec![late]).await.expect("a behaviour");
    control.behave(OFFICER, vec![human(&["0", "111111#", &format!("{officer_pin}#")])]).await.expect("a behaviour");
    control.behave(COUNSELOR, vec![human(&["9"])]).await.expect("a behaviour");
    let (tip, reference) = dispatched(&gateway).await;

    // A person's PIN confirms, a wrong one before it does not; nine is no confirmation and no silence.
    until_confirmed(&gateway, &tip, "School Resource Officer", "pin").await;
    let nine = until("somebody says that it is not them", || async {
        let call = call_to(&gateway, &tip, "Counselor").await;
        receipts(&call).contains(&"not_me".to_owned()).then_some(call)
    })
    .await;
    assert!(nine["confirmed_at"].is_null() && nine["rung"] == "human_answered", "{nine}");

    // The principal's machine was found beside the call, and got its voicemail after the beep.
    until("a voicemail", || async { (call_to(&gateway, &tip, "Principal").await["rung"] == "voicemail").then_some(()) }).await;
    let call = control.calls(Some(PRINCIPAL)).await[0].clone();
    let text = |line: &mock_carriers::state::call::Line| line.text.clone().unwrap_or_default();
    let beep = call.transcript.iter().position(|line| text(line) == "(beep)").expect("a beep");
    let after: String = call.transcript[beep..].iter().filter(|line| line.who == Speaker::Gateway && !line.cut).map(text).collect();
    let spoken_reference = reference.chars().filter(|c| *c != '-' && !c.is_ascii_digit()).all(|c| after.contains(c));
    assert!(after.contains("The reference is T,") && spoken_reference && !after.contains("tree"), "{after}");
    assert!(call_to(&gateway, &tip, "Principal").await["confirmed_at"].is_null(), "a machine confirms nothing");

    // Late detection of a machine: no voicemail is claimed, and nothing is confirmed.
    let unheard = until("the end of a call that nobody heard", || async {
        let call = call_to(&gateway, &tip, "Assistant Principal").await;
        receipts(&call).contains(&"ended".to_owned()).then_some(call)
    })
    .await;
    assert!(!receipts(&unheard).contains(&"voicemail_left".to_owned()) && unheard["confirmed_at"].is_null(), "{unheard}");

    // The principal calls the number that the voicemail named.
    let phone = Phone::dials(&gateway, PRINCIPAL, LINE).await;
    assert!(phone.keys("1").await.contains("school or agency, press eight"));
    assert!(phone.keys("8").await.contains("six characters"));
    assert!(phone.keys(&keyed(&reference)).await.contains("key your PIN"));
    let wrong = phone.keys(&format!("{officer_pin}1#")).await;
    assert!(wrong.contains("do not fit together") && !wrong.contains("Delta"), "{wrong}");
    phone.keys(&keyed(&reference)).await;
    let offer = phone.keys(&format!("{principal_pin}#")).await;
    assert!(offer.contains("report for Delta High School"), "{offer}");
    phone.presses("1").await;
    let said = phone.ends().await;
    assert!(said.contains("It is confirmed"), "{said}");
    until_confirmed(&gateway, &tip, "Principal", "call_back").await;

    // Again: it is confirmed already.
    let phone = Phone::dials(&gateway, STUDENT, LINE).await;
    phone.keys("1").await;
    phone.keys("8").await;
    phone.keys(&keyed(&reference)).await;
    phone.presses(&format!("{principal_pin}#")).await;
    let said = phone.ends().await;
    assert!(said.contains("It is confirmed"), "{said}");
    let log = gateway.log();
    for secret in [&principal_pin, &officer_pin, &keyed(&reference)] {
        assert!(!log.contains(secret.as_str()), "neither PIN nor reference is in the log");
    }
    assert_eq!(gateway.tips().await.len(), 1, "who calls back opens no tip");
    assert!(control.debugger().await.is_empty(), "the carrier understood every script");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endusers_own_number_leads_there_at_once_and_says_so_while_the_database_is_away() {
    let lines = [("TIPLINE__LINE__CALL_BACK", CALL_BACK), ("TIPLINE__LINE__CALL_NUMBER", LINE)];
    let mut gateway = TestGateway::prepare(&lines).await;
    gateway.serve().await;
    let voice = format!("{}/webhooks/main/voice", gateway.public);
    let route = NumberRoute { number: CALL_BACK.to_owned(), sms_url: None, voice_url: Some(voice) };
    gateway.control().set_number(route).await.expect("a number");
    let phone = Phone::dials(&gateway, PRINCIPAL, CALL_BACK).await;
    assert!(phone.hears().await.contains("for schools and agencies"));
    assert!(phone.keys("2").await.contains("los seis caracteres"));
    for (keys, heard) in
        [("753762", "su PIN"), ("1234#", "no coinciden"), ("753762", "su PIN"), ("1234#", "no coinciden"), ("753762", "su PIN")]
    {
        assert!(phone.keys(keys).await.contains(heard), "{keys}");
    }
    phone.presses("1234#").await;
    assert!(phone.ends().await.contains("Adiós"), "three times wrong is the end");

    let reporter = Phone::dials(&gateway, STUDENT, LINE).await;
    assert!(!reporter.keys("1").await.contains("press eight"), "reporters are not asked about it on a line of their own");
    gateway.control().hang_up(&reporter.sid).await.expect("it hangs up");

    let away = Away::take(&gateway).await;
    let phone = Phone::dials(&gateway, PRINCIPAL, CALL_BACK).await;
    let said = phone.ends().await;
    assert!(said.contains("Nothing can be looked up just now") && said.contains("5 5 5 5 5 5 0 1 9 0"), "{said}");
    assert!(!said.contains("leave a message"));
    away.back().await;
    assert_eq!(gateway.tips().await.len(), 0);
}
