//! `transcribe` of a `<Record>`: the words in writing, some time after the recording, or "failed" when it is shorter
//! than 2 or longer than 120 seconds (carriers.md 2.2). The mock heard the words as text, so it never errs; a real
//! carrier does, and knows only English.

use std::sync::Arc;

use super::order::Instructions;
use super::params;
use super::perform::resolve;
use super::record::recording_url;
use super::session::Session;
use super::twiml::Record;
use crate::clock;
use crate::ids;
use crate::state::call::{Recording, Transcription};
use crate::state::fault::Kind;
use crate::twilio::json::API_VERSION;
use crate::webhook::deliver::{Delivery, deliver};

/// Lengths that are transcribed, in seconds.
const SECONDS: std::ops::RangeInclusive<u32> = 2..=120;
/// How long writing takes, in seconds of TwiML.
const TAKES_SECONDS: u64 = 2;

/// Transcribes in the background, when asked to.
pub(super) fn after(session: &Session, record: &Record, recording: &Recording, address: &str) {
    if !record.transcribe {
        return;
    }
    let callback = record.transcribe_callback.as_ref().map(|action| resolve(action, address));
    let good = SECONDS.contains(&recording.duration_s);
    let transcription = Transcription {
        sid: ids::sid("TR"),
        recording_sid: recording.sid.clone(),
        status: if good { "completed" } else { "failed" },
        text: if good { recording.words.clone() } else { String::new() },
        duration_s: recording.duration_s,
        created: clock::now(),
    };
    let exchange = Arc::clone(&session.exchange);
    let account = &exchange.options.account_sid;
    let own = [
        ("TranscriptionSid", transcription.sid.clone()),
        ("TranscriptionText", transcription.text.clone()),
        ("TranscriptionStatus", transcription.status.to_owned()),
        ("TranscriptionUrl", format!("{}/{API_VERSION}/Accounts/{account}/Transcriptions/{}", exchange.base_url, transcription.sid)),
        ("TranscriptionType", "fast".to_owned()),
        ("RecordingSid", recording.sid.clone()),
        ("RecordingUrl", recording_url(session, &recording.sid)),
    ];
    let call = session.call();
    let takes = session.seconds(TAKES_SECONDS);
    session.exchange.run(async move {
        tokio::time::sleep(takes).await;
        let sid = transcription.sid.clone();
        exchange.with(|state| state.transcriptions.put(sid, transcription));
        let (Some(Instructions::Url { url, method }), Some(call)) = (callback, call) else { return };
        let mut params = params::common(&exchange, &call, call.status.as_str());
        params.extend(own.map(|(key, value)| (key.to_owned(), value)));
        deliver(&exchange, &Delivery::post(Kind::Callback, &url, &call.sid, params).method(&method)).await;
    });
}
