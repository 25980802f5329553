//! Calls to the account's number: many digits, recordings with their transcripts, hang-ups, and being put through.

use std::time::Duration;

use mock_carriers::options::NumberOptions;
use mock_carriers::state::call::{Call, CallStatus, Listening, Speaker};
use mock_carriers::voice::behaviour::{Answer, Behaviour};
use mock_carriers::{Options, Prompt};
use serde_json::{Value, json};

use crate::gateway::{OURS, THEIRS, World};

const WITHIN: Duration = Duration::from_secs(10);
/// Whoever the gateway puts callers through to.
const DESK: &str = "+15555550143";

const RECORD: &str = "<Say>Speak after the tone.</Say><Record action=\"/kept\" maxLength=\"60\" finishOnKey=\"#\" timeout=\"5\" \
    recordingStatusCallback=\"/recorded\" recordingStatusCallbackEvent=\"completed absent\" transcribe=\"true\" \
    transcribeCallback=\"/written\"/><Say>We heard nothing.</Say><Hangup/>";

async fn quick() -> World {
    World::with(Options { handset_second_ms: 20, ..Options::default() }).await
}

async fn dialled(world: &World, twiml: &str) -> String {
    world.answer("/voice", twiml);
    world.answer("/kept", "<Say>Thank you.</Say><Hangup/>");
    world.control.dial(THEIRS, OURS).await.unwrap()
}

async fn prompt(world: &World, sid: &str) -> Prompt {
    world.control.wait_prompt(sid, WITHIN).await.unwrap()
}

async fn end(world: &World, sid: &str) -> Call {
    world.control.wait_end(sid, WITHIN).await.unwrap()
}

fn lines(call: &Call, who: Speaker) -> Vec<String> {
    let lines = call.transcript.iter().filter(|line| line.who == who);
    lines.map(|line| line.text.clone().or(line.digits.clone()).unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_key_is_pressed_in_the_moment_in_which_the_call_listens() {
    let world = quick().await;
    // A menu that gives up at once and begins anew.
    let menu = "<Gather numDigits=\"1\" timeout=\"1\" action=\"/chosen\"><Say>Press one.</Say></Gather><Redirect>/menu</Redirect>";
    world.answer("/menu", menu);
    world.answer("/chosen", "<Gather numDigits=\"1\" timeout=\"500\" action=\"/kept\"><Say>Thank you.</Say></Gather>");
    let sid = dialled(&world, "<Pause length=\"2\"/><Redirect>/menu</Redirect>").await;
    world.control.press(&sid, "1", WITHIN).await.unwrap();
    assert_eq!(prompt(&world, &sid).await.heard, "Thank you.");
    assert_eq!(world.hooks("/chosen").len(), 1);
    world.control.hang_up(&sid).await.unwrap();
    world.ended(&sid).await;
    assert!(world.control.press(&sid, "1", WITHIN).await.unwrap_err().to_string().contains("ended"));
}

#[tokio::test]
async fn a_code_of_many_digits_is_keyed_until_the_hash() {
    let world = quick().await;
    let sid =
        dialled(&world, "<Gather finishOnKey=\"#\" timeout=\"10\" action=\"/code\"><Say>Key your code, then hash.</Say></Gather>").await;
    world.answer("/code", "<Gather numDigits=\"1\" timeout=\"500\" action=\"/kept\"><Say>Press one.</Say></Gather>");
    let first = prompt(&world, &sid).await;
    assert_eq!((first.listening, first.heard.as_str()), (Listening::Keys, "Key your code, then hash."));
    for digits in ["1234", "5678 ".trim(), "90123456#"] {
        world.control.digits(&sid, digits).await.unwrap();
    }
    assert_eq!(prompt(&world, &sid).await.heard, "Press one.", "the old prompt is never taken for the next one");
    let code = &world.hooks("/code")[0];
    assert_eq!((code.get("Digits"), code.get("FinishedOnKey")), ("1234567890123456", "#"));
    for (key, value) in [("Direction", "inbound"), ("From", THEIRS), ("To", OURS), ("Caller", THEIRS), ("CallStatus", "in-progress")] {
        assert_eq!(code.get(key), value, "{key}");
    }
    assert!(code.signed && !world.hooks("/voice")[0].get("CallerName").is_empty());
    world.control.hang_up(&sid).await.unwrap();
    assert_eq!(end(&world, &sid).await.status, CallStatus::Completed);
    assert!(world.hooks("/kept").is_empty());
}

#[tokio::test]
async fn what_the_caller_says_becomes_a_recording_and_a_transcript() {
    let world = quick().await;
    let sid = dialled(&world, RECORD).await;
    assert_eq!(prompt(&world, &sid).await.listening, Listening::Words);
    world.control.speak(&sid, "There is a fight behind the gym.", None).await.unwrap();
    world.control.speak(&sid, "Two people.", Some(9)).await.unwrap();
    world.control.digits(&sid, "#").await.unwrap();
    let call = end(&world, &sid).await;
    assert_eq!(lines(&call, Speaker::Callee), ["There is a fight behind the gym.", "Two people.", "#"]);
    let kept = &world.hooks("/kept")[0];
    assert_eq!((kept.get("Digits"), kept.get("RecordingDuration")), ("#", "12"));
    let recorded = &world.wait_hooks("/recorded", 1).await[0];
    assert_eq!((recorded.get("RecordingStatus"), recorded.get("RecordingSid")), ("completed", kept.get("RecordingSid")));
    let written = &world.wait_hooks("/written", 1).await[0];
    assert_eq!(written.get("TranscriptionText"), "There is a fight behind the gym. Two people.");
    assert_eq!((written.get("TranscriptionStatus"), written.get("CallSid")), ("completed", sid.as_str()));
    assert_eq!(world.control.recordings().await[0].words, "There is a fight behind the gym. Two people.");
    let list = world.get(&format!("Recordings/{}/Transcriptions.json", kept.get("RecordingSid"))).await.1;
    let transcription = format!("Transcriptions/{}.json", list["transcriptions"][0]["sid"].as_str().unwrap());
    assert_eq!(world.get(&transcription).await.1["transcription_text"], written.get("TranscriptionText"));
    assert_eq!(world.delete(&transcription).await, 204);
    assert_eq!(world.get(&transcription).await.0, 404);
}

#[tokio::test]
async fn a_hang_up_while_speaking_leaves_the_recording_and_asks_no_action() {
    for asked in [false, true] {
        let world = World::with(Options { record_action_after_hangup: asked, ..Options::default() }).await;
        let sid = dialled(&world, RECORD).await;
        prompt(&world, &sid).await;
        world.control.speak(&sid, "He has a knife and", None).await.unwrap();
        world.control.hang_up(&sid).await.unwrap();
        end(&world, &sid).await;
        assert_eq!(world.wait_hooks("/recorded", 1).await[0].get("RecordingStatus"), "completed");
        assert_eq!(world.control.recordings().await[0].words, "He has a knife and");
        let digits: Vec<String> = world.hooks("/kept").iter().map(|hook| hook.get("Digits").to_owned()).collect();
        assert_eq!(digits, if asked { vec!["hangup"] } else { vec![] });
    }
}

#[tokio::test]
async fn silence_makes_no_recording() {
    let world = quick().await;
    let sid = dialled(&world, RECORD).await;
    prompt(&world, &sid).await;
    world.control.hang_up(&sid).await.unwrap();
    end(&world, &sid).await;
    assert_eq!(world.wait_hooks("/recorded", 1).await[0].get("RecordingStatus"), "absent");
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    let sid = world.control.dial(THEIRS, OURS).await.unwrap();
    let call = end(&world, &sid).await;
    assert_eq!(lines(&call, Speaker::Gateway), ["Speak after the tone.", "We heard nothing."]);
    assert!(world.control.recordings().await.is_empty() && world.hooks("/kept").is_empty());
}

#[tokio::test]
async fn a_recording_is_ready_after_a_moment_wants_a_password_and_can_be_deleted() {
    let world = World::with(Options { recording_ready_ms: 3_600_000, ..Options::default() }).await;
    let sid = dialled(&world, RECORD).await;
    prompt(&world, &sid).await;
    world.control.speak(&sid, "help me please", None).await.unwrap();
    world.control.digits(&sid, "#").await.unwrap();
    end(&world, &sid).await;
    let recording = world.hooks("/kept")[0].get("RecordingSid").to_owned();
    assert_eq!(world.get(&format!("Recordings/{recording}.wav")).await.0, 404, "not ready");
    assert_eq!(world.get(&format!("Recordings/{recording}.json")).await.1["status"], "processing");
    let world = quick().await;
    let sid = dialled(&world, RECORD).await;
    prompt(&world, &sid).await;
    world.control.speak(&sid, "help me please", Some(4)).await.unwrap();
    world.control.digits(&sid, "#").await.unwrap();
    end(&world, &sid).await;
    let url = format!("{}.wav", world.hooks("/kept")[0].get("RecordingUrl"));
    assert_eq!(world.http.get(&url).send().await.unwrap().status(), 401);
    let sound = world.http.get(&url).basic_auth(world.mock.account_sid(), Some(world.mock.auth_token())).send().await.unwrap();
    assert_eq!(sound.headers()["content-type"], "audio/x-wav");
    assert_eq!(sound.bytes().await.unwrap().len(), 44 + 4 * 8_000);
    let recording = world.control.recordings().await[0].sid.clone();
    assert_eq!(world.delete(&format!("Recordings/{recording}.json")).await, 204);
    assert_eq!(world.get(&format!("Recordings/{recording}.wav")).await.0, 404);
}

const PUT_THROUGH: &str = "<Dial action=\"/dialled\" timeout=\"20\" callerId=\"+15555550100\"><Number statusCallback=\"/leg\" statusCallbackEvent=\"ringing answered \
     completed\">+15555550143</Number></Dial>";

#[tokio::test]
async fn two_people_are_joined_and_hear_each_other() {
    let world = quick().await;
    world.control.behave(DESK, vec![Behaviour::manual()]).await.unwrap();
    world.answer("/dialled", "<Say>The analyst has left.</Say><Hangup/>");
    let sid = dialled(&world, PUT_THROUGH).await;
    let leg = world.control.wait_ringing(DESK, WITHIN).await.unwrap();
    world.control.answer(&leg).await.unwrap();
    assert_eq!(prompt(&world, &sid).await.listening, Listening::Talk);
    assert_eq!(prompt(&world, &leg).await.listening, Listening::Talk);
    world.control.speak(&sid, "I am scared.", None).await.unwrap();
    prompt(&world, &sid).await;
    world.control.speak(&leg, "I am here.", None).await.unwrap();
    prompt(&world, &leg).await;
    let (caller, analyst) = (world.control.call(&sid).await.unwrap(), world.control.call(&leg).await.unwrap());
    assert_eq!(lines(&caller, Speaker::Other), ["I am here."]);
    assert_eq!(lines(&analyst, Speaker::Other), ["I am scared."]);
    assert_eq!((analyst.from.as_str(), analyst.parent_call_sid.as_deref()), (OURS, Some(sid.as_str())));
    world.control.hang_up(&leg).await.unwrap();
    let call = end(&world, &sid).await;
    assert_eq!(lines(&call, Speaker::Gateway), ["The analyst has left."]);
    let dialled = &world.hooks("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged"), dialled.get("DialCallSid")),
        ("completed", "true", leg.as_str())
    );
    let progress: Vec<String> = world.wait_hooks("/leg", 3).await.iter().map(|hook| hook.get("CallStatus").to_owned()).collect();
    assert_eq!(progress, ["ringing", "in-progress", "completed"]);
    assert_eq!(world.hooks("/leg")[0].get("ParentCallSid"), sid);
}

#[tokio::test]
async fn an_unanswered_declined_or_busy_desk_is_reported() {
    for (answer, status) in [(Answer::NoAnswer, "no-answer"), (Answer::Busy, "busy"), (Answer::Failed, "failed")] {
        let world = quick().await;
        world.control.behave(DESK, vec![Behaviour::of(answer)]).await.unwrap();
        world.answer("/dialled", "<Say>Nobody is free.</Say><Hangup/>");
        let sid = dialled(&world, PUT_THROUGH).await;
        assert_eq!(lines(&end(&world, &sid).await, Speaker::Gateway), ["Nobody is free."]);
        let dialled = &world.hooks("/dialled")[0];
        assert_eq!((dialled.get("DialCallStatus"), dialled.get("DialBridged")), (status, "false"));
    }
    let world = quick().await;
    world.control.behave(DESK, vec![Behaviour::manual()]).await.unwrap();
    let sid = dialled(&world, PUT_THROUGH).await;
    let leg = world.control.wait_ringing(DESK, WITHIN).await.unwrap();
    world.control.hang_up(&sid).await.unwrap();
    end(&world, &sid).await;
    assert_eq!(end(&world, &leg).await.status, CallStatus::Canceled, "the caller gave up while it rang");
    assert!(world.hooks("/dialled").is_empty());
}

#[tokio::test]
async fn a_desk_is_asked_before_it_is_joined() {
    let whisper = PUT_THROUGH.replace("<Number ", "<Number url=\"/whisper\" ");
    for (behaviour, status, bridged) in
        [(Behaviour::human("1"), "completed", "true"), (Behaviour::of(Answer::Machine), "no-answer", "false")]
    {
        let world = quick().await;
        world.control.behave(DESK, vec![behaviour]).await.unwrap();
        world.answer("/whisper", "<Gather numDigits=\"1\" action=\"/accept\"><Say>A caller. Press one.</Say></Gather><Hangup/>");
        world.answer("/dialled", "<Hangup/>");
        let sid = dialled(&world, &whisper).await;
        end(&world, &sid).await;
        let dialled = &world.hooks("/dialled")[0];
        assert_eq!((dialled.get("DialCallStatus"), dialled.get("DialBridged")), (status, bridged));
        assert_eq!(world.hooks("/whisper")[0].get("Direction"), "outbound-dial");
        assert_eq!(world.count("/accept"), usize::from(bridged == "true"));
    }
}

#[tokio::test]
async fn pauses_redirects_speech_and_the_end_are_played_and_reported() {
    let world = quick().await;
    let status = Some(format!("{}/ended", world.gateway));
    let fallback = Some(format!("{}/instead", world.gateway));
    let options = NumberOptions { voice_status_url: status, voice_fallback_url: fallback, ..NumberOptions::default() };
    world.control.set_number_options(OURS, options).await.unwrap();
    let sid = dialled(&world, "<Pause length=\"1\"/><Redirect>/second</Redirect>").await;
    world.answer("/second", "<Gather input=\"speech dtmf\" action=\"/spoken\" timeout=\"500\"><Say>Tell us.</Say></Gather>");
    world.answer("/spoken", "<Hangup/>");
    assert_eq!(prompt(&world, &sid).await.heard, "Tell us.");
    world.control.speak(&sid, "a fight", None).await.unwrap();
    end(&world, &sid).await;
    assert_eq!(world.hooks("/spoken")[0].get("SpeechResult"), "a fight");
    let ended = &world.wait_hooks("/ended", 1).await[0];
    assert_eq!((ended.get("CallStatus"), ended.get("Direction")), ("completed", "inbound"));
    world.answer_with("/voice", 500, "");
    world.answer("/instead", "<Say>Please call 911.</Say>");
    let sid = world.control.dial("anonymous", OURS).await.unwrap();
    assert_eq!(lines(&end(&world, &sid).await, Speaker::Gateway), ["Please call 911."]);
    let missed = world.control.wait_prompt(&sid, WITHIN).await.unwrap_err().to_string();
    assert!(missed.contains("ended") && missed.contains("Please call 911."), "{missed}");
}

#[tokio::test]
async fn the_control_api_dials_speaks_and_waits() {
    let world = quick().await;
    world.answer("/voice", RECORD);
    world.answer("/kept", "<Hangup/>");
    let base = format!("{}/control", world.mock.base_url());
    let post = async |path: String, body: Value| -> (u16, Value) {
        let response = world.http.post(format!("{base}{path}")).body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    };
    let get = async |path: String| -> Value { world.http.get(format!("{base}{path}")).send().await.unwrap().json().await.unwrap() };
    let (_, dialled) = post("/dial".into(), json!({"from": THEIRS, "to": OURS})).await;
    let sid = dialled["sid"].as_str().unwrap();
    assert_eq!(get(format!("/calls/{sid}/prompt")).await, json!({"listening": "words", "heard": "Speak after the tone."}));
    assert_eq!(post(format!("/calls/{sid}/speak"), json!({"words": "  "})).await.0, 400);
    assert_eq!(post(format!("/calls/{sid}/speak"), json!({"words": "a fight", "seconds": 7})).await.0, 200);
    assert_eq!(post(format!("/calls/{sid}/digits"), json!({"digits": "#"})).await.0, 200);
    end(&world, sid).await;
    assert_eq!(get("/recordings".into()).await[0]["words"], "a fight");
    assert_eq!(get(format!("/calls/{sid}")).await["transcript"][2]["text"], "a fight");
    assert_eq!(get(format!("/calls/{sid}/prompt?within_ms=1")).await["error"].as_str().map(|text| text.contains("ended")), Some(true));
    assert_eq!(post("/dial".into(), json!({"from": "", "to": OURS})).await.0, 400);
}
