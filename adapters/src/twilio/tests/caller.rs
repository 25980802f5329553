//! Reporters' calls in Twilio's words: the conformance suite's part, and what only this carrier does.

use super::{DIALECTS, Dialect, ID, ORIGIN, OURS};
use crate::conformance::caller::{CallerRig, Line, RECORDING, RECORDING_URL, calls_of_reporters};
use crate::conformance::{REPORTER, Signed, attempt};
use crate::contract::{Refused, Reply, Verified, Webhook};
use domain::exchange::{CallerEvent, CallerHeard, CallerNews, Inbound};

impl Dialect {
    fn call_form(&self, path: &str, from: Option<&str>, fields: &[(&str, &str)]) -> Signed {
        let mut all = vec![("CallSid", ID), ("AccountSid", "AC-fictional"), ("Direction", "inbound"), ("ApiVersion", "2010-04-01")];
        if let Some(from) = from {
            all.extend([("From", from), ("Caller", from), ("To", OURS), ("Called", OURS), ("CallerName", "A NAME"), ("FromZip", "62701")]);
        }
        all.extend(fields);
        self.form(path, &all)
    }
}

fn path(url: &str) -> &str {
    url.strip_prefix(ORIGIN).expect("our own origin")
}

impl CallerRig for Dialect {
    fn calls_in(&self, from: &str) -> Signed {
        self.call_form(&self.path("voice"), Some(from), &[("CallStatus", "ringing")])
    }

    fn caller_step(&self, url: &str, line: Line) -> Signed {
        let own =
            |seconds: &'static str| vec![("RecordingUrl", RECORDING_URL), ("RecordingSid", RECORDING), ("RecordingDuration", seconds)];
        let seconds = |seconds: u32| ["0", "1", "2", "3", "4", "5", "6", "7"][usize::try_from(seconds).unwrap()];
        let (status, fields) = match line {
            Line::Keys(keys) => ("in-progress", vec![("Digits", keys), ("FinishedOnKey", "")]),
            Line::NoKeys => ("in-progress", vec![("Digits", "")]),
            Line::Spoken | Line::Silence => ("in-progress", Vec::new()),
            Line::Recorded(length) => ("in-progress", [own(seconds(length)), vec![("Digits", "#")]].concat()),
            Line::RecordedAndHungUp(length) => ("completed", [own(seconds(length)), vec![("Digits", "hangup")]].concat()),
            Line::Answered => ("in-progress", vec![("DialCallStatus", "completed"), ("DialCallSid", "another"), ("DialBridged", "true")]),
            Line::Busy => ("in-progress", vec![("DialCallStatus", "busy")]),
            Line::HungUp => ("completed", Vec::new()),
        };
        self.call_form(path(url), Some(REPORTER), &[vec![("CallStatus", status)], fields].concat())
    }

    fn recording_news(&self, url: &str, seconds: u32) -> Signed {
        let seconds = seconds.to_string();
        let fields = [
            ("RecordingSid", RECORDING),
            ("RecordingUrl", RECORDING_URL),
            ("RecordingStatus", "completed"),
            ("RecordingDuration", &seconds),
            ("RecordingSource", "RecordVerb"),
        ];
        self.call_form(path(url), None, &fields)
    }

    fn transcript(&self, url: &str, words: &str) -> Signed {
        let fields = [("RecordingSid", RECORDING), ("TranscriptionText", words), ("TranscriptionStatus", "completed")];
        self.call_form(path(url), Some(REPORTER), &fields)
    }

    fn urls(&self, body: &str) -> [String; 6] {
        let after = |start: &str| {
            let from = body.find(start).unwrap_or_else(|| panic!("no {start} in {body}")) + start.len();
            body[from..].split(['"', '<']).next().unwrap().replace("&amp;", "&")
        };
        [
            after("action=\""),
            after("</Gather><Redirect method=\"POST\">"),
            after("<Record action=\""),
            after("recordingStatusCallback=\""),
            after("transcribeCallback=\""),
            after("<Dial action=\""),
        ]
    }
}

#[test]
fn calls_of_reporters_conform() {
    for dialect in DIALECTS {
        calls_of_reporters(&dialect());
    }
}

fn accept(path: &str, fields: &[(&str, &str)]) -> Result<Verified, Refused> {
    let dialect = Dialect::twilio();
    dialect.webhook().accept(&dialect.form(&dialect.path(path), fields).raw())
}

#[test]
fn a_step_without_word_was_for_keys_and_odd_keys_are_left_out() {
    let id = attempt();
    for (query, keys, heard) in [("?on=keys", "12#*x9<", "12#*9"), ("", "1", "1"), ("?on=nothing", "hangup", "")] {
        let verified = accept(&format!("voice/{id}/steps/t1{query}"), &[("CallSid", ID), ("Digits", keys)]).unwrap();
        let [Inbound::Caller(CallerEvent { news: CallerNews::Step { heard: CallerHeard::Digits(digits), .. }, .. })] = &verified.events[..]
        else {
            panic!("keys are expected")
        };
        assert_eq!(digits, heard);
    }
}

#[test]
fn a_recording_that_cannot_be_named_is_not_called_empty() {
    let id = attempt();
    let verified = accept(&format!("voice/{id}/steps/t1?on=recorded"), &[("CallSid", ID), ("RecordingUrl", RECORDING_URL)]).unwrap();
    let [Inbound::Caller(CallerEvent { news: CallerNews::Step { heard, .. }, .. })] = &verified.events[..] else {
        panic!("the step alone is expected")
    };
    assert_eq!(heard, &CallerHeard::Recorded { empty: false });
}

#[test]
fn unfinished_recordings_and_failed_transcripts_are_no_news() {
    let id = attempt();
    for (path, fields) in [
        ("recordings/t", [("RecordingSid", RECORDING), ("RecordingUrl", RECORDING_URL), ("RecordingStatus", "in-progress")]),
        ("recordings/t", [("RecordingSid", RECORDING), ("RecordingUrl", RECORDING_URL), ("RecordingStatus", "absent")]),
        ("transcripts/t", [("RecordingSid", RECORDING), ("TranscriptionText", "x"), ("TranscriptionStatus", "failed")]),
    ] {
        let all = [&[("CallSid", ID)], &fields[..]].concat();
        let verified = accept(&format!("voice/{id}/{path}"), &all).unwrap();
        assert_eq!((verified.events.len(), matches!(verified.reply, Reply::Fixed(_))), (0, true), "{path}");
    }
    let over = accept("voice", &[("CallSid", ID), ("CallStatus", "completed")]).unwrap();
    assert_eq!(over.events, [], "a number's status callback may come to the same address");
}

#[test]
fn a_call_without_its_id_is_malformed_and_other_paths_are_not_there() {
    let id = attempt();
    assert_eq!(accept("voice", &[("From", REPORTER)]).unwrap_err().status(), 400);
    for path in [
        "voice/",
        "voice/not-an-id/steps/t",
        &format!("voice/{id}"),
        &format!("voice/{id}/steps"),
        &format!("voice/{id}/steps/"),
        &format!("voice/{id}/steps/%2e"),
        &format!("voice/{id}/other/t"),
        &format!("voice/{id}/steps/t/more"),
        "Voice",
    ] {
        assert_eq!(accept(path, &[("CallSid", ID)]), Err(Refused::NoSuchPath), "{path}");
    }
}
