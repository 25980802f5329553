//! Reporters' calls by TeXML: the conformance suite's part.

use super::{ORIGIN, Telnyx};
use crate::conformance::caller::{CallerRig, Line, RECORDING, RECORDING_URL, calls_of_reporters};
use crate::conformance::{ID, OURS, REPORTER, Signed};

impl Telnyx {
    fn call_form(&self, path: &str, from: Option<&str>, fields: &[(&str, &str)]) -> Signed {
        let mut all = vec![("CallSid", ID), ("CallSidLegacy", ID), ("AccountSid", "an-account"), ("ConnectionId", "12")];
        if let Some(from) = from {
            all.extend([("From", from), ("To", OURS), ("CallerId", "A NAME"), ("ShakenStirAttestation", "A")]);
        }
        all.extend(fields);
        self.form(path, &all)
    }
}

fn path(url: &str) -> &str {
    url.strip_prefix(ORIGIN).expect("our own origin")
}

impl CallerRig for Telnyx {
    fn calls_in(&self, from: &str) -> Signed {
        self.call_form(&self.path("voice"), Some(from), &[("CallStatus", "ringing")])
    }

    fn caller_step(&self, url: &str, line: Line) -> Signed {
        let own = |seconds: u32| {
            let seconds = ["0", "1", "2", "3", "4", "5", "6", "7"][usize::try_from(seconds).unwrap()];
            vec![("RecordingUrl", RECORDING_URL), ("RecordingSid", RECORDING), ("RecordingDuration", seconds)]
        };
        let (status, fields) = match line {
            Line::Keys(keys) => ("in-progress", vec![("Digits", keys)]),
            Line::NoKeys | Line::Spoken | Line::Silence => ("in-progress", Vec::new()),
            Line::Recorded(length) => ("in-progress", own(length)),
            Line::RecordedAndHungUp(length) => ("completed", own(length)),
            Line::Answered => ("in-progress", vec![("DialCallStatus", "completed"), ("DialCallSid", "another")]),
            Line::Busy => ("in-progress", vec![("DialCallStatus", "busy")]),
            Line::HungUp => ("completed", Vec::new()),
        };
        self.call_form(path(url), Some(REPORTER), &[vec![("CallStatus", status)], fields].concat())
    }

    fn recording_news(&self, url: &str, seconds: u32) -> Signed {
        let seconds = seconds.to_string();
        let fields = [("RecordingSid", RECORDING), ("RecordingUrl", RECORDING_URL), ("RecordingDuration", seconds.as_str())];
        self.call_form(path(url), None, &[&fields[..], &[("RecordingStatus", "completed")]].concat())
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
            // The first redirect after the keys leads to them again.
            after("?on=keys</Redirect><Redirect method=\"POST\">"),
            after("<Record action=\""),
            after("recordingStatusCallback=\""),
            after("transcribeCallback=\""),
            after("<Dial action=\""),
        ]
    }
}

#[test]
fn calls_of_reporters_conform() {
    calls_of_reporters(&Telnyx::new());
}
