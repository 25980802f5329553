//! `<Record>`: a beep, what the other side says, a recording, and where it is reported.
//! Silence makes no recording and the next verb follows. A caller who hangs up while speaking leaves one all the same:
//! the status callback comes, the action is not asked, unless the mock was told to ask it (carriers.md 2.2).

use std::time::Duration;

use tokio::time::Instant;

use super::order::Instructions;
use super::perform::{Flow, resolve};
use super::session::{Break, Session, Waited};
use super::transcribe;
use super::twiml::Record;
use crate::clock;
use crate::ids;
use crate::state::call::{Listening, Recording, Speaker};
use crate::state::fault::Kind;
use crate::twilio::json::API_VERSION;
use crate::webhook::deliver::{Delivery, deliver};

/// How long a person at a handset may think before the first word, in seconds.
const HANDSET_SECONDS: u64 = 120;
/// Words in two seconds of ordinary speech, for a recording's length.
const WORDS_IN_TWO_SECONDS: usize = 5;
/// Shortest length a recording is given when nobody says how long it is; a transcript needs two seconds.
const LEAST_SECONDS: u32 = 2;

impl Session {
    pub(super) async fn record(&mut self, record: &Record, address: &str) -> Result<Flow, Break> {
        if record.beep {
            self.note(Speaker::Carrier, Some("(beep)"), None);
        }
        let started = clock::now();
        self.keyed.clear();
        self.spoken.clear();
        (self.listening, self.hearing) = (true, true);
        self.set_listening(Listening::Words);
        let ended = self.take_words(record).await;
        (self.listening, self.hearing) = (false, false);
        self.set_listening(Listening::Nothing);
        let keyed = std::mem::take(&mut self.keyed);
        let finished = keyed.chars().find(|key| record.finish_on_key.contains(*key));
        if self.spoken.is_empty() && finished.is_none() {
            self.report_absent(record, address);
            return ended.map(|()| Flow::On);
        }
        let recording = self.keep_recording(started);
        self.report_recording(record, &recording, address);
        transcribe::after(self, record, &recording, address);
        let hung_up = matches!(ended, Err(Break::Ended));
        let digits = if hung_up { "hangup".to_owned() } else { finished.map(String::from).unwrap_or_default() };
        let extra = [
            ("RecordingUrl", recording_url(self, &recording.sid)),
            ("RecordingSid", recording.sid.clone()),
            ("RecordingDuration", recording.duration_s.to_string()),
            ("Digits", digits),
        ];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let next = resolve(&record.action, address);
        match ended {
            Ok(()) => Ok(Flow::To(next, extra)),
            Err(Break::Redirected(instructions)) => Err(Break::Redirected(instructions)),
            Err(Break::Ended) => {
                if let Instructions::Url { url, method } = next
                    && self.exchange.options.record_action_after_hangup
                {
                    self.ask(&url, &method, extra).await;
                }
                Err(Break::Ended)
            }
        }
    }

    /// Listens until a finishing key, silence, or the longest length.
    async fn take_words(&mut self, record: &Record) -> Result<(), Break> {
        let silence = self.seconds(record.timeout_s.max(1));
        let end = Instant::now() + self.seconds(record.max_length_s);
        let mut patience = if self.is_manual { self.seconds(HANDSET_SECONDS) } else { silence };
        if let Some(text) = self.conduct.say.clone() {
            self.note(Speaker::Callee, Some(&text), None);
            patience = self.speech(&text) + Duration::from_millis(1);
            self.spoken.push((text, None));
        }
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.wait(patience.min(left)).await? {
                Waited::Elapsed => return Ok(()),
                Waited::Keyed if self.keyed.chars().any(|key| record.finish_on_key.contains(key)) => return Ok(()),
                Waited::Keyed => {}
                Waited::Spoken => {
                    let said = self.spoken.last().map(|(words, _)| self.speech(words));
                    patience = silence + said.unwrap_or_default();
                }
            }
        }
    }

    fn keep_recording(&mut self, started: jiff::Timestamp) -> Recording {
        let spoken = std::mem::take(&mut self.spoken);
        let lengths = spoken.iter().map(|(words, seconds)| seconds.unwrap_or_else(|| usual_length(words)));
        let created = clock::now();
        let ready_ms = i64::try_from(self.exchange.options.recording_ready_ms).unwrap_or(i64::MAX);
        let recording = Recording {
            sid: ids::sid("RE"),
            call_sid: self.sid.clone(),
            duration_s: lengths.fold(0_u32, u32::saturating_add).max(1),
            source: "RecordVerb",
            words: spoken.into_iter().map(|(words, _)| words).collect::<Vec<_>>().join(" "),
            started,
            created,
            ready: created.saturating_add(jiff::SignedDuration::from_millis(ready_ms)).unwrap_or(created),
        };
        self.exchange.with(|state| state.recordings.put(recording.sid.clone(), recording.clone()));
        recording
    }

    fn report_recording(&self, record: &Record, recording: &Recording, address: &str) {
        let params = [
            ("RecordingSid", recording.sid.clone()),
            ("RecordingUrl", recording_url(self, &recording.sid)),
            ("RecordingStatus", "completed".to_owned()),
            ("RecordingDuration", recording.duration_s.to_string()),
            ("RecordingStartTime", clock::rfc2822(recording.started)),
        ];
        self.report_status(record, "completed", &params, address);
    }

    /// Nothing was said: told only to whoever asked for that event.
    fn report_absent(&self, record: &Record, address: &str) {
        let params = [("RecordingSid", ids::sid("RE")), ("RecordingStatus", "absent".to_owned())];
        self.report_status(record, "absent", &params, address);
    }

    fn report_status(&self, record: &Record, event: &str, own: &[(&str, String)], address: &str) {
        let Some(Instructions::Url { url, method }) = record.status_callback.as_ref().map(|action| resolve(action, address)) else {
            return;
        };
        if !record.status_events.iter().any(|wanted| wanted == event) {
            return;
        }
        let usual = [
            ("AccountSid", self.exchange.options.account_sid.clone()),
            ("CallSid", self.sid.clone()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingSource", "RecordVerb".to_owned()),
            ("RecordingTrack", "both".to_owned()),
        ];
        let params = usual.iter().chain(own).map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let delivery = Delivery::post(Kind::Callback, &url, &self.sid, params).method(&method);
        let exchange = std::sync::Arc::clone(&self.exchange);
        self.exchange.run(async move {
            deliver(&exchange, &delivery).await;
        });
    }
}

fn usual_length(words: &str) -> u32 {
    let pairs = words.split_whitespace().count().saturating_mul(2).div_ceil(WORDS_IN_TWO_SECONDS);
    u32::try_from(pairs).unwrap_or(u32::MAX).max(LEAST_SECONDS)
}

/// Where a recording is fetched, without the ending of its format.
pub(super) fn recording_url(session: &Session, sid: &str) -> String {
    let account = &session.exchange.options.account_sid;
    format!("{}/{API_VERSION}/Accounts/{account}/Recordings/{sid}", session.exchange.base_url)
}
