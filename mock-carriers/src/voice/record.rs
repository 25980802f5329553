//! `<Record>`: a beep, what the other side says, a recording, and where it is reported.
//! A caller who hangs up still leaves a recording; the action then gets `Digits=hangup` and its answer is
//! ignored (carriers.md 2.2).

use std::time::Duration;

use super::order::Instructions;
use super::perform::{Flow, resolve};
use super::session::{Break, Session};
use super::twiml::Record;
use crate::clock;
use crate::ids;
use crate::state::call::{Recording, Speaker};
use crate::state::fault::Kind;
use crate::twilio::json::API_VERSION;
use crate::webhook::deliver::{Delivery, deliver};

/// Longest recording at a handset, in seconds of real time.
const HANDSET_SECONDS: u64 = 120;
/// Words in a second of ordinary speech, for a recording's length.
const WORDS_PER_SECOND: usize = 3;

impl Session {
    pub(super) async fn record(&mut self, record: &Record, address: &str) -> Result<Flow, Break> {
        if record.beep {
            self.note(Speaker::Carrier, Some("(beep)"), None);
        }
        let started = clock::now();
        self.keyed.clear();
        self.listening = true;
        let said = self.conduct.say.clone();
        let lasts = match &said {
            Some(text) => {
                self.note(Speaker::Callee, Some(text), None);
                self.speech(text)
            }
            None => self.seconds(record.max_length_s.min(HANDSET_SECONDS)).min(self.seconds(HANDSET_SECONDS)),
        };
        let waited = self.wait(lasts.max(Duration::from_millis(1))).await;
        self.listening = false;
        let words = said.as_deref().map_or(WORDS_PER_SECOND, |text| text.split_whitespace().count());
        let recording = Recording {
            sid: ids::sid("RE"),
            call_sid: self.sid.clone(),
            duration_s: u32::try_from(words.div_ceil(WORDS_PER_SECOND)).unwrap_or(u32::MAX),
            source: "RecordVerb",
            started,
            created: clock::now(),
        };
        self.exchange.with(|state| state.recordings.put(recording.sid.clone(), recording.clone()));
        self.report_recording(record, &recording, address);
        let keyed = std::mem::take(&mut self.keyed);
        let finished = keyed.chars().find(|key| record.finish_on_key.contains(*key));
        let digits = match (&waited, finished) {
            (Err(Break::Ended), _) => "hangup".to_owned(),
            (_, Some(key)) => key.to_string(),
            (_, None) => String::new(),
        };
        let extra = [
            ("RecordingUrl", self.recording_url(&recording)),
            ("RecordingSid", recording.sid.clone()),
            ("RecordingDuration", recording.duration_s.to_string()),
            ("Digits", digits),
        ];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let next = resolve(&record.action, address);
        match waited {
            Ok(_) => Ok(Flow::To(next, extra)),
            Err(Break::Ended) => {
                if let Instructions::Url { url, method } = next {
                    self.ask(&url, &method, extra).await;
                }
                Err(Break::Ended)
            }
            Err(Break::Redirected(instructions)) => Err(Break::Redirected(instructions)),
        }
    }

    fn recording_url(&self, recording: &Recording) -> String {
        let account = &self.exchange.options.account_sid;
        let base = &self.exchange.base_url;
        format!("{base}/{API_VERSION}/Accounts/{account}/Recordings/{}", recording.sid)
    }

    fn report_recording(&self, record: &Record, recording: &Recording, address: &str) {
        let Some(Instructions::Url { url, method }) = record.status_callback.as_ref().map(|action| resolve(action, address)) else {
            return;
        };
        let params = [
            ("AccountSid", self.exchange.options.account_sid.clone()),
            ("CallSid", self.sid.clone()),
            ("RecordingSid", recording.sid.clone()),
            ("RecordingUrl", self.recording_url(recording)),
            ("RecordingStatus", "completed".to_owned()),
            ("RecordingDuration", recording.duration_s.to_string()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingStartTime", clock::rfc2822(recording.started)),
            ("RecordingSource", recording.source.to_owned()),
            ("RecordingTrack", "both".to_owned()),
        ];
        let params = params.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let delivery = Delivery::post(Kind::Callback, &url, &self.sid, params).method(&method);
        let exchange = std::sync::Arc::clone(&self.exchange);
        self.exchange.run(async move {
            deliver(&exchange, &delivery).await;
        });
    }
}
