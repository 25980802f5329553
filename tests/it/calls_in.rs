//! Reporters call in (R70, R51): a handset of the mock carrier, the real gateway, and what an analyst then reads.

use crate::gateway::{LINE, PATIENCE, TestGateway, until};
use mock_carriers::state::call::{CallStatus, Listening, Speaker};
use mock_carriers::voice::behaviour::Behaviour;
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";
const DESK: &str = "+15555550110";
const HOTLINE: &str = "+15555550120";
pub const NUMBERS: [(&str, &str); 3] = [
    ("TIPLINE__LINE__DESK_NUMBER", DESK),
    ("TIPLINE__LINE__HOTLINE_NUMBER", HOTLINE),
    ("TIPLINE__LINE__HOTLINE_FOR", "Chicago Public Schools"),
];
const DIGITS: [[&str; 10]; 2] = [
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
];

/// Somebody with a phone at the ear.
pub struct Caller<'a> {
    gateway: &'a TestGateway,
    sid: String,
}

impl<'a> Caller<'a> {
    pub async fn dials(gateway: &'a TestGateway) -> Self {
        let sid = gateway.control().dial(STUDENT, LINE).await.expect("the line has a voice address");
        Self { gateway, sid }
    }
    /// Waits until the call listens; gives what was said.
    pub async fn hears(&self) -> (Listening, String) {
        let prompt = self.gateway.control().wait_prompt(&self.sid, PATIENCE).await.expect("the call listens");
        (prompt.listening, prompt.heard)
    }
    pub async fn keys(&self, keys: &str) -> String {
        self.gateway.control().press(&self.sid, keys, PATIENCE).await.expect("keys are pressed");
        self.hears().await.1
    }
    pub async fn speaks(&self, words: &str) {
        assert_eq!(self.hears().await.0, Listening::Words);
        self.gateway.control().speak(&self.sid, words, Some(4)).await.expect("it is said");
    }
    pub async fn leaves(&self, words: &str) -> String {
        self.speaks(words).await;
        self.gateway.control().digits(&self.sid, "#").await.expect("the recording ends");
        self.hears().await.1
    }
    pub async fn hangs_up(&self) -> Vec<String> {
        self.gateway.control().hang_up(&self.sid).await.expect("it hangs up");
        let call = self.gateway.control().wait_end(&self.sid, PATIENCE).await.expect("the call ends");
        call.transcript.iter().filter(|line| line.who == Speaker::Gateway).filter_map(|line| line.text.clone()).collect()
    }
}

/// The code as it was read out: the groups of four digits, each said twice.
fn code(heard: &str, names: &[&str; 10]) -> String {
    let digit = |word: &str| names.iter().position(|name| *name == word).map(|digit| digit.to_string());
    let group = |line: &str| {
        let digits: Option<Vec<String>> = line.split_whitespace().map(|word| digit(word.trim_matches([',', '.']))).collect();
        digits.filter(|digits| digits.len() == 4).map(|digits| digits.concat())
    };
    let groups: Vec<String> = heard.lines().filter_map(group).collect();
    assert_eq!((groups.len(), &groups[..4]), (8, &groups[4..]), "four groups, twice: {heard}");
    groups[..4].concat()
}

async fn tip(gateway: &TestGateway) -> Value {
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    gateway.get(&format!("/tips/{id}")).await
}

/// What an analyst reads of a tip: author and words.
fn said(tip: &Value) -> Vec<(String, String)> {
    let field = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    tip["messages"].as_array().into_iter().flatten().map(|message| (field(message, "author"), field(message, "text"))).collect()
}

async fn until_said(gateway: &TestGateway, id: &str, count: usize) -> Vec<(String, String)> {
    until("everything is in the tip", || async {
        let said = said(&gateway.get(&format!("/tips/{id}")).await);
        (said.len() >= count).then_some(said)
    })
    .await
}

async fn settled(gateway: &TestGateway) {
    let bad: Vec<_> =
        gateway.control().webhooks().await.into_iter().filter(|hook| hook.status.is_some_and(|status| status >= 400)).collect();
    assert!(bad.is_empty(), "no webhook of a call is refused: {bad:?}");
    assert!(gateway.control().debugger().await.is_empty(), "the carrier understood every script");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_leaves_a_message_calls_again_and_hears_the_answer() {
    let gateway = TestGateway::start_with(&NUMBERS).await;
    let caller = Caller::dials(&gateway).await;
    assert!(caller.hears().await.1.contains("Para español"));
    assert!(caller.keys("1").await.contains("court order"), "the notice comes before anything is recorded");
    assert!(caller.keys("1").await.contains("after the tone"));
    let heard = caller.leaves("he has a gun in his backpack").await;
    let code = code(&heard, &DIGITS[0]);
    assert!(heard.contains("slash return"));
    caller.hangs_up().await;
    let first = tip(&gateway).await;
    let id = first["id"].as_str().expect("an id").to_owned();
    assert_eq!((first["channel"].as_str(), first["messages"][0]["author"].as_str()), (Some("voice"), Some("reporter")));
    let transcribed = until_said(&gateway, &id, 2).await;
    assert!(transcribed[1].1.ends_with("he has a gun in his backpack"), "{transcribed:?}");
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "Are you somewhere safe?"})).await;

    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    assert!(caller.keys("3").await.contains("sixteen digits"));
    let wrong: String = code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect();
    let heard = caller.keys(&wrong).await;
    assert!(heard.contains("could not find that code") && !heard.contains("safe"));
    assert!(caller.keys(&code).await.contains("Are you somewhere safe?"));
    assert!(caller.keys("1").await.contains("after the tone"));
    assert!(caller.leaves("yes at home").await.contains("added your message"));
    assert!(caller.keys("2").await.contains("Are you somewhere safe?"));
    caller.hangs_up().await;
    let said = until_said(&gateway, &id, 5).await;
    let authors: Vec<&str> = said.iter().map(|(author, _)| author.as_str()).collect();
    assert_eq!(authors, ["reporter", "system", "staff", "reporter", "system"]);
    assert!(said[4].1.ends_with("yes at home"));
    assert_eq!(gateway.tips().await.len(), 1, "one conversation");
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(read["messages"][2]["delivery"]["state"], "delivered", "heard to its end, so it is seen");
    assert!(!read.to_string().contains(&code) && !read.to_string().contains("0142"));
    let log = gateway.log();
    assert!(!log.contains(&code) && !log.contains("0142"), "neither code nor number is in the log");
    settled(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_hang_up_is_a_tip_and_silence_is_none() {
    let gateway = TestGateway::start().await;
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.hangs_up().await;
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("1").await;
    caller.speaks("they will do it on friday and").await;
    caller.hangs_up().await;
    let read = tip(&gateway).await;
    assert_eq!(read["channel"], "voice");
    let said = until_said(&gateway, read["id"].as_str().expect("an id"), 2).await;
    assert!(said[1].1.ends_with("they will do it on friday and"));
    assert_eq!(gateway.tips().await.len(), 1, "who hung up in the menu said nothing");
    settled(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_presses_nothing_and_says_nothing_is_led_to_the_tone_twice() {
    let gateway = TestGateway::start().await;
    let nobody = |say: Option<&str>| Behaviour { say: say.map(str::to_owned), ..Behaviour::human("none") };
    gateway.control().behave(STUDENT, vec![nobody(None)]).await.expect("a behaviour");
    let sid = gateway.control().dial(STUDENT, LINE).await.expect("a call");
    let call = gateway.control().wait_end(&sid, PATIENCE).await.expect("the call ends");
    let heard: String = call.transcript.iter().filter_map(|line| line.text.as_deref()).collect::<Vec<_>>().join("\n");
    assert_eq!(heard.matches("(beep)").count(), 2, "{heard}");
    assert!(heard.contains("You do not have to press anything") && heard.contains("You can call again at any time"));
    assert_eq!(gateway.tips().await.len(), 0);
    gateway.control().behave(STUDENT, vec![nobody(Some("please help me"))]).await.expect("a behaviour");
    let sid = gateway.control().dial(STUDENT, LINE).await.expect("a call");
    gateway.control().wait_end(&sid, PATIENCE).await.expect("the call ends");
    assert_eq!(tip(&gateway).await["channel"], "voice", "no key is needed to be heard");
    settled(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_the_desk_answers_or_a_message_is_left() {
    let gateway = TestGateway::start_with(&NUMBERS).await;
    // Somebody answers by script, so that no ringing ends while a busy machine looks elsewhere.
    gateway.control().behave(DESK, vec![Behaviour::human("none")]).await.expect("a behaviour");
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("2").await;
    until("the code is read out", || async { caller.hears().await.1.contains("This is your code").then_some(()) }).await;
    caller.hangs_up().await;
    assert_eq!(gateway.control().calls(Some(DESK)).await[0].from, LINE, "the desk sees our number");
    let id = tip(&gateway).await["id"].as_str().expect("an id").to_owned();
    let said = until_said(&gateway, &id, 2).await;
    assert!(said[0].1.contains("wants to speak with somebody") && said[1].1.contains("was connected with the desk"), "{said:?}");

    let busy = serde_json::from_value(json!({"answer": "busy"})).expect("a behaviour");
    gateway.control().behave(DESK, vec![busy]).await.expect("a behaviour");
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    assert!(caller.keys("2").await.contains("Nobody could come to the phone"));
    code(&caller.leaves("somebody took his medicine").await, &DIGITS[0]);
    caller.hangs_up().await;
    let tips = gateway.tips().await;
    assert_eq!(tips.len(), 2, "the same phone, another child perhaps");
    let second = tips.iter().filter_map(|tip| tip["id"].as_str()).find(|other| *other != id).expect("a second tip");
    let said = until_said(&gateway, second, 4).await;
    assert!(said[1].1.contains("Nobody at the desk") && said[3].1.ends_with("somebody took his medicine"), "{said:?}");
    settled(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_be_directed_to_the_hotline() {
    let gateway = TestGateway::start_with(&NUMBERS).await;
    gateway.control().behave(HOTLINE, vec![Behaviour::human("none")]).await.expect("a behaviour");
    let caller = Caller::dials(&gateway).await;
    assert!(caller.keys("1").await.contains("hotline of Chicago Public Schools, press four"));
    gateway.control().press(&caller.sid, "4", PATIENCE).await.expect("keys are pressed");
    let call = gateway.control().wait_end(&caller.sid, PATIENCE).await.expect("the call ends");
    assert_eq!(call.status, CallStatus::Completed);
    assert_eq!(gateway.control().calls(Some(HOTLINE)).await[0].from, LINE);
    assert_eq!(gateway.tips().await.len(), 0);
    settled(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_spanish_from_a_hidden_number() {
    let gateway = TestGateway::start_with(&NUMBERS.map(|(key, _)| (key, ""))).await;
    let sid = gateway.control().dial("anonymous", LINE).await.expect("a call");
    let caller = Caller { gateway: &gateway, sid };
    let heard = caller.keys("2").await;
    assert!(heard.contains("un juez") && !heard.contains("marca cuatro") && !heard.contains("hablar con una persona, marca dos"));
    caller.keys("1").await;
    let code = code(&caller.leaves("dice que se va a matar").await, &DIGITS[1]);
    caller.hangs_up().await;
    let id = tip(&gateway).await["id"].as_str().expect("an id").to_owned();
    let sid = gateway.control().dial(STUDENT, LINE).await.expect("a call");
    let caller = Caller { gateway: &gateway, sid };
    caller.keys("2").await;
    caller.keys("3").await;
    assert!(caller.keys(&code).await.contains("Todavía no hay respuesta"));
    caller.hangs_up().await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(said(&read).len(), 1, "no transcript is asked for in Spanish: {read}");
    settled(&gateway).await;
}
