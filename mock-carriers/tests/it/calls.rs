//! Calls: every behaviour, the order of callbacks, machine detection, gathers, recordings, changes of live calls.

use mock_carriers::state::call::{Call, CallStatus, Speaker};
use mock_carriers::voice::behaviour::{Answer, Behaviour};

use crate::gateway::{Hook, OURS, THEIRS, World};

const PROMPT: &str = "<Gather numDigits=\"2\" action=\"/keyed?step=1\" timeout=\"5\">\
    <Say language=\"en-US\">This is an urgent report. To confirm, press four, seven.</Say></Gather><Say>Goodbye.</Say>";

async fn run(behaviour: Behaviour, extra: &[(&str, &str)]) -> (World, Call, Vec<Hook>) {
    let world = World::start().await;
    world.answer("/twiml", PROMPT);
    world.answer("/keyed", "<Say>Thank you.</Say><Hangup/>");
    world.control.behave(THEIRS, vec![behaviour]).await.unwrap();
    let sid = world.call(extra).await;
    let call = world.ended(&sid).await;
    let hooks = world.wait_hooks("/status", call.callbacks.len()).await;
    (world, call, hooks)
}

fn statuses(hooks: &[Hook]) -> Vec<&str> {
    hooks.iter().map(|hook| hook.get("CallStatus")).collect()
}

fn said(call: &Call, who: Speaker) -> String {
    let lines = call.transcript.iter().filter(|line| line.who == who);
    let words = lines.map(|line| line.text.as_deref().or(line.digits.as_deref()).unwrap_or_default());
    words.collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn a_person_hears_the_code_and_keys_it() {
    let (world, call, hooks) = run(Behaviour::human("heard_code"), &[]).await;
    assert_eq!(statuses(&hooks), ["initiated", "ringing", "in-progress", "completed"]);
    let numbers: Vec<&str> = hooks.iter().map(|hook| hook.get("SequenceNumber")).collect();
    assert_eq!(numbers, ["0", "1", "2", "3"]);
    assert!(hooks.iter().all(|hook| hook.signed && hook.get("Timestamp").ends_with("+0000")));
    assert!(!hooks[3].get("CallDuration").is_empty());
    let keyed = world.hooks("/keyed");
    assert_eq!((keyed[0].get("Digits"), keyed[0].query.as_str()), ("47", "step=1"));
    assert!(keyed[0].signed);
    let first = &world.hooks("/twiml")[0];
    assert_eq!((first.get("CallStatus"), first.get("Direction")), ("in-progress", "outbound-api"));
    assert_eq!(first.get("CalledCity"), "MOCKVILLE");
    assert_eq!(first.get("AnsweredBy"), "");
    assert!(said(&call, Speaker::Gateway).contains("Thank you."));
    assert!(call.answered_by.is_none());
}

#[tokio::test]
async fn a_person_keys_the_wrong_code_or_nothing() {
    let (world, ..) = run(Behaviour::human("wrong"), &[]).await;
    assert_eq!(world.hooks("/keyed")[0].get("Digits"), "58");
    let (world, call, _) = run(Behaviour::human("none"), &[]).await;
    assert!(world.hooks("/keyed").is_empty());
    assert!(said(&call, Speaker::Gateway).ends_with("Goodbye."));
}

#[tokio::test]
async fn a_machine_is_detected_at_its_beep() {
    let (world, call, _) = run(Behaviour::of(Answer::Machine), &[("MachineDetection", "DetectMessageEnd")]).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "machine_end_beep");
    assert_eq!(call.answered_by.as_deref(), Some("machine_end_beep"));
    assert!(world.hooks("/keyed").is_empty(), "a machine keys nothing");
    let order: Vec<Speaker> = call.transcript.iter().map(|line| line.who).collect();
    assert_eq!(order[..3], [Speaker::Callee, Speaker::Carrier, Speaker::Gateway]);
    let (world, ..) = run(Behaviour::of(Answer::Machine), &[("MachineDetection", "Enable")]).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "machine_start");
}

#[tokio::test]
async fn detection_says_human_fax_or_what_the_script_wants() {
    let amd = [("MachineDetection", "Enable")];
    let (world, ..) = run(Behaviour::human("heard_code"), &amd).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "human");
    let (world, ..) = run(Behaviour::of(Answer::Fax), &amd).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "fax");
    let unknown = Behaviour { answered_by: Some("unknown".into()), ..Behaviour::human("heard_code") };
    let (world, ..) = run(unknown, &amd).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "unknown");
    let with_digits = [("MachineDetection", "Enable"), ("SendDigits", "ww12")];
    let (world, call, _) = run(Behaviour::human("heard_code"), &with_digits).await;
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "", "digits switch detection off");
    assert_eq!(call.send_digits.as_deref(), Some("ww12"));
}

#[tokio::test]
async fn asynchronous_detection_reports_aside() {
    let world = World::start().await;
    world.answer("/twiml", "<Pause length=\"20\"/>");
    world.control.behave(THEIRS, vec![Behaviour::of(Answer::Machine)]).await.unwrap();
    let callback = format!("{}/amd", world.gateway);
    let extra = [("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", callback.as_str())];
    let sid = world.call(&extra).await;
    let amd = world.wait_hooks("/amd", 1).await;
    assert_eq!((amd[0].get("AnsweredBy"), amd[0].get("CallSid")), ("machine_end_beep", sid.as_str()));
    assert_eq!(world.hooks("/twiml")[0].get("AnsweredBy"), "");
    world.ended(&sid).await;
}

#[tokio::test]
async fn calls_that_nobody_answers_end_as_they_should() {
    for (answer, last, sequence) in [
        (Answer::Busy, CallStatus::Busy, "busy"),
        (Answer::Decline, CallStatus::Busy, "busy"),
        (Answer::NoAnswer, CallStatus::NoAnswer, "no-answer"),
    ] {
        let (world, call, hooks) = run(Behaviour::of(answer), &[]).await;
        assert_eq!(call.status, last);
        assert_eq!(statuses(&hooks), ["initiated", "ringing", sequence]);
        assert!(world.hooks("/twiml").is_empty());
        let fetched = world.get(&format!("Calls/{}.json", call.sid)).await.1;
        assert_eq!((&fetched["duration"], &fetched["start_time"]), (&"0".into(), &serde_json::Value::Null));
    }
    let (_, _, hooks) = run(Behaviour::of(Answer::Failed), &[]).await;
    assert_eq!(statuses(&hooks), ["initiated", "failed"]);
    let (world, call, _) = run(Behaviour::of(Answer::HangupAfterAnswer), &[]).await;
    assert_eq!(call.status, CallStatus::Completed);
    assert!(world.hooks("/keyed").is_empty());
    assert!(call.transcript.iter().any(|line| line.cut), "the prompt was cut off");
}

#[tokio::test]
async fn without_events_only_the_end_is_reported() {
    let world = World::start().await;
    let (url, status) = (format!("{}/twiml", world.gateway), format!("{}/status", world.gateway));
    let form = [("To", THEIRS), ("From", OURS), ("Url", &url), ("StatusCallback", &status)];
    let (_, call) = world.post("Calls.json", &form).await;
    let hooks = world.wait_hooks("/status", 1).await;
    assert_eq!(statuses(&hooks), ["no-answer"]);
    assert_eq!(hooks[0].get("SequenceNumber"), "0");
    world.ended(call["sid"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_queue_of_behaviours_is_used_up_and_its_last_repeats() {
    let world = World::start().await;
    world.answer("/twiml", "<Hangup/>");
    let queue = vec![Behaviour::of(Answer::Busy), Behaviour::human("none")];
    world.control.behave(THEIRS, queue).await.unwrap();
    let mut ends = Vec::new();
    for _ in 0..3 {
        let sid = world.call(&[]).await;
        ends.push(world.ended(&sid).await.status);
    }
    assert_eq!(ends, [CallStatus::Busy, CallStatus::Completed, CallStatus::Completed]);
}

#[tokio::test]
async fn a_person_at_a_handset_decides() {
    let world = World::start().await;
    world.answer("/twiml", &format!("{PROMPT}<Redirect>/twiml</Redirect>"));
    world.answer("/keyed", "<Hangup/>");
    world.control.behave(THEIRS, vec![Behaviour::manual()]).await.unwrap();
    let sid = world.call(&[]).await;
    let until = async |test: fn(&Call) -> bool| {
        let sid = sid.clone();
        let found = world.control.wait_until(std::time::Duration::from_secs(5), move |control| {
            let sid = sid.clone();
            async move { control.call(&sid).await.is_ok_and(|call| test(&call)) }
        });
        assert!(found.await);
    };
    until(|call| call.status == CallStatus::Ringing).await;
    world.control.answer(&sid).await.unwrap();
    until(|call| call.is_gathering()).await;
    world.control.digits(&sid, "4").await.unwrap();
    world.control.digits(&sid, "7").await.unwrap();
    let call = world.ended(&sid).await;
    assert_eq!(world.hooks("/keyed")[0].get("Digits"), "47");
    assert!(said(&call, Speaker::Callee).contains("4 | 7"));

    let sid = world.call(&[]).await;
    world.wait_hooks("/status", 6).await;
    world.control.be_machine(&sid).await.unwrap();
    assert_eq!(said(&world.control.call(&sid).await.unwrap(), Speaker::Gateway), "");
    world.wait_hooks("/twiml", 2).await;
    world.control.hang_up(&sid).await.unwrap();
    assert_eq!(world.ended(&sid).await.behaviour, "machine");
    assert!(world.control.digits(&sid, "4").await.is_err(), "the call is over");
}

#[tokio::test]
async fn a_key_stops_the_prompt() {
    let world = World::start().await;
    let long = "word ".repeat(2_000);
    world.answer("/twiml", &format!("<Gather numDigits=\"1\" action=\"/keyed\"><Say>{}</Say></Gather>", &long[..4_000]));
    world.answer("/keyed", "<Hangup/>");
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    let sid = world.call(&[]).await;
    let gathering = sid.clone();
    world
        .control
        .wait_until(std::time::Duration::from_secs(5), move |control| {
            let sid = gathering.clone();
            async move { control.call(&sid).await.is_ok_and(|call| call.is_gathering()) }
        })
        .await;
    world.control.digits(&sid, "1").await.unwrap();
    let call = world.ended(&sid).await;
    assert!(call.transcript.iter().any(|line| line.who == Speaker::Gateway && line.cut));
}

#[tokio::test]
async fn live_calls_are_canceled_ended_and_redirected() {
    let world = World::start().await;
    world.answer("/twiml", "<Pause length=\"500\"/>");
    world.answer("/other", "<Say>Something else.</Say><Pause length=\"500\"/>");
    world.control.behave(THEIRS, vec![Behaviour::manual(), Behaviour::human("none")]).await.unwrap();
    let sid = world.call(&[]).await;
    world.wait_hooks("/status", 2).await;
    let resource = format!("Calls/{sid}.json");
    assert_eq!(world.delete(&resource).await, 409);
    assert_eq!(world.post(&resource, &[("Status", "canceled")]).await.1["status"], "canceled");
    assert_eq!(world.ended(&sid).await.status, CallStatus::Canceled);
    assert_eq!(world.delete(&resource).await, 204);

    let sid = world.call(&[]).await;
    let resource = format!("Calls/{sid}.json");
    world.wait_hooks("/twiml", 1).await;
    let other = format!("{}/other", world.gateway);
    assert_eq!(world.post(&resource, &[("Url", &other)]).await.0, 200);
    world.wait_hooks("/other", 1).await;
    assert_eq!(world.post(&resource, &[("Status", "completed")]).await.1["status"], "completed");
    let (status, body) = world.post(&resource, &[("Status", "completed")]).await;
    assert_eq!((status, &body["code"]), (400, &21220.into()));
    let filtered = world.get("Calls.json?Status=completed").await.1;
    assert_eq!(filtered["calls"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_recording_is_made_reported_and_played() {
    let world = World::start().await;
    world.answer("/twiml", "<Record action=\"/after\" recordingStatusCallback=\"/rec\"/>");
    world.answer("/after", "<Hangup/>");
    let behaviour = Behaviour { say: Some("there is a fight behind the gym".into()), ..Behaviour::human("none") };
    world.control.behave(THEIRS, vec![behaviour]).await.unwrap();
    let sid = world.call(&[]).await;
    let status = world.wait_hooks("/rec", 1).await;
    assert_eq!((status[0].get("RecordingStatus"), status[0].get("RecordingSource")), ("completed", "RecordVerb"));
    world.ended(&sid).await;
    let after = &world.hooks("/after")[0];
    let url = format!("{}.wav", after.get("RecordingUrl"));
    let sound = world.http.get(&url).basic_auth(world.mock.account_sid(), Some(world.mock.auth_token()));
    let bytes = sound.send().await.unwrap().bytes().await.unwrap();
    assert_eq!(&bytes[..4], b"RIFF");
    let resource = format!("Recordings/{}.json", after.get("RecordingSid"));
    assert_eq!(world.delete(&resource).await, 204);
    assert_eq!(world.get(&resource).await.0, 404);
}

#[tokio::test]
async fn dial_reports_how_it_went() {
    let world = World::start().await;
    world.answer("/twiml", "<Dial action=\"/dialled\"><Number>+15555550143</Number></Dial>");
    world.answer("/dialled", "<Hangup/>");
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    world.control.behave("+15555550143", vec![Behaviour::of(Answer::Busy)]).await.unwrap();
    let sid = world.call(&[]).await;
    world.ended(&sid).await;
    let hook = &world.hooks("/dialled")[0];
    assert_eq!(hook.get("DialCallStatus"), "busy");
    let child = world.get(&format!("Calls/{}.json", hook.get("DialCallSid"))).await.1;
    assert_eq!((&child["direction"], &child["parent_call_sid"]), (&"outbound-dial".into(), &sid.clone().into()));
}

#[tokio::test]
async fn bad_instructions_end_the_call_and_are_told_to_the_debugger() {
    for (status, body, code) in [(200, "<Response><Shout/></Response>", 12200), (200, "<Response>", 12100), (500, "", 11200)] {
        let world = World::start().await;
        world.answer_with("/twiml", status, body);
        world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
        let sid = world.call(&[]).await;
        assert_eq!(world.ended(&sid).await.status, CallStatus::Completed);
        let debugged = world.control.debugger().await;
        assert!(debugged.iter().any(|entry| entry.code == code && entry.sid == sid), "{debugged:?}");
    }
    let world = World::start().await;
    world.answer_with("/twiml", 500, "");
    world.answer("/fallback", "<Say>Please wait.</Say>");
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    let fallback = format!("{}/fallback", world.gateway);
    let sid = world.call(&[("FallbackUrl", &fallback)]).await;
    let call = world.ended(&sid).await;
    assert!(said(&call, Speaker::Gateway).contains("Please wait."));
    assert_eq!(world.hooks("/fallback")[0].get("ErrorCode"), "11200");
}

#[tokio::test]
async fn an_inbound_call_is_answered_by_the_gateway() {
    let world = World::start().await;
    world.answer("/voice", "<Gather numDigits=\"1\" action=\"/keyed\"><Say>Welcome. Press one.</Say></Gather>");
    world.answer("/keyed", "<Hangup/>");
    world.control.behave(THEIRS, vec![Behaviour::human("heard_code")]).await.unwrap();
    let sid = world.control.dial(THEIRS, OURS).await.unwrap();
    let call = world.ended(&sid).await;
    assert_eq!(call.status, CallStatus::Completed);
    let first = &world.hooks("/voice")[0];
    assert_eq!((first.get("Direction"), first.get("CallStatus")), ("inbound", "ringing"));
    assert_eq!(world.hooks("/keyed")[0].get("Digits"), "1");
    world.answer("/voice", "<Reject reason=\"busy\"/>");
    let sid = world.control.dial(THEIRS, OURS).await.unwrap();
    assert_eq!(world.ended(&sid).await.status, CallStatus::Busy);
}

#[tokio::test]
async fn call_mistakes_get_twilios_codes() {
    let world = World::start().await;
    let url = "http://127.0.0.1:9/x";
    for (form, code) in [
        (vec![("From", OURS), ("Url", url)], 21201),
        (vec![("To", THEIRS), ("Url", url)], 21213),
        (vec![("To", THEIRS), ("From", OURS)], 21205),
        (vec![("To", THEIRS), ("From", OURS), ("Url", "/relative")], 21205),
        (vec![("To", "911"), ("From", OURS), ("Url", url)], 21217),
        (vec![("To", "+15005550001"), ("From", OURS), ("Url", url)], 21217),
        (vec![("To", "+15005550002"), ("From", OURS), ("Url", url)], 21214),
        (vec![("To", "+15005550003"), ("From", OURS), ("Url", url)], 21215),
        (vec![("To", "+15005550004"), ("From", OURS), ("Url", url)], 21216),
        (vec![("To", THEIRS), ("From", "+15005550001"), ("Url", url)], 21212),
        (vec![("To", THEIRS), ("From", "+15555550199"), ("Url", url)], 21210),
    ] {
        let (status, body) = world.post("Calls.json", &form).await;
        assert_eq!((status, &body["code"]), (400, &code.into()), "{form:?}");
    }
}
