//! The Recordings resource: list, fetch, delete, the sound itself, and its words in writing.
//! The sound answers 404 until it is ready, as at Twilio, where it may take some seconds.
//! The sound is a quiet tone of the recording's length: a valid WAV file, 8 kHz, 8 bits, mono.

use axum::http::{Method, StatusCode};

use super::errors::ApiError;
use super::form::Params;
use super::list::{self, TimeFilter};
use super::{Answer, RestRequest, json, media, wrong_method};
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::Exchange;

const SAMPLE_RATE: u32 = 8_000;
/// Longest sound that is made, whatever the recording's length.
const MOST_SECONDS: u32 = 120;

/// `/Recordings.json` and `/Calls/{Sid}/Recordings.json`.
pub fn list(exchange: &Exchange, request: &RestRequest, call: Option<&str>) -> Result<Answer, ApiError> {
    if request.method != Method::GET {
        return Err(wrong_method(request));
    }
    let query: &Params = &request.query;
    let call = call.or_else(|| query.filled("CallSid"));
    let created = TimeFilter::read(query, "DateCreated")?;
    let account = &exchange.options.account_sid;
    let items = exchange.with(|state| {
        let all = state.recordings.numbered().rev();
        let is_own = |sid: &str| state.calls.get(sid).is_none_or(|call| call.carrier == Carrier::Twilio);
        all.filter(|(_, recording)| is_own(&recording.call_sid))
            .filter(|(_, recording)| call.is_none_or(|call| recording.call_sid == call))
            .filter(|(_, recording)| created.passes(recording.created))
            .map(|(seq, recording)| (seq, json::recording(account, &exchange.base_url, recording)))
            .collect()
    });
    let page = list::page("recordings", &request.path, query, items)?;
    Ok(Answer::Json(StatusCode::OK, page))
}

/// `/Recordings/{RE..}` with `.json`, `.wav`, `.mp3` or nothing.
pub fn item(exchange: &Exchange, request: &RestRequest, file: &str) -> Result<Answer, ApiError> {
    let (sid, suffix) = file.split_once('.').unwrap_or((file, "wav"));
    let recording = exchange.with(|state| state.recordings.get(sid).cloned()).ok_or_else(|| ApiError::not_found(&request.path))?;
    match (&request.method, suffix) {
        (&Method::DELETE, _) => {
            exchange.with(|state| state.recordings.remove(sid));
            Ok(Answer::Deleted)
        }
        (&Method::GET, "wav" | "mp3") if clock::now() < recording.ready => Err(ApiError::not_found(&request.path)),
        (&Method::GET, "json") => {
            let value = json::recording(&exchange.options.account_sid, &exchange.base_url, &recording);
            Ok(Answer::Json(StatusCode::OK, value))
        }
        // The mock has no encoder: the same sound is served for both endings, and its type says so.
        (&Method::GET, "wav" | "mp3") => {
            let strike = media::strike(exchange, "GET", &request.path);
            Ok(Answer::Whole(media::file("audio/x-wav", wav(recording.duration_s), strike)))
        }
        _ => Err(wrong_method(request)),
    }
}

/// `/Transcriptions.json` and `/Recordings/{Sid}/Transcriptions.json`.
pub fn transcriptions(exchange: &Exchange, request: &RestRequest, of: Option<&str>) -> Result<Answer, ApiError> {
    if request.method != Method::GET {
        return Err(wrong_method(request));
    }
    let account = &exchange.options.account_sid;
    let items = exchange.with(|state| {
        let all = state.transcriptions.numbered().rev();
        let wanted = all.filter(|(_, one)| of.is_none_or(|of| one.recording_sid == of));
        wanted.map(|(seq, one)| (seq, json::transcription(account, one))).collect()
    });
    let page = list::page("transcriptions", &request.path, &request.query, items)?;
    Ok(Answer::Json(StatusCode::OK, page))
}

/// `/Transcriptions/{TR..}.json`.
pub fn transcription(exchange: &Exchange, request: &RestRequest, sid: &str) -> Result<Answer, ApiError> {
    let found = exchange.with(|state| state.transcriptions.get(sid).cloned()).ok_or_else(|| ApiError::not_found(&request.path))?;
    match request.method {
        Method::GET => Ok(Answer::Json(StatusCode::OK, json::transcription(&exchange.options.account_sid, &found))),
        Method::DELETE => {
            exchange.with(|state| state.transcriptions.remove(sid));
            Ok(Answer::Deleted)
        }
        _ => Err(wrong_method(request)),
    }
}

/// A quiet triangle tone of 200 Hz.
pub fn wav(seconds: u32) -> Vec<u8> {
    let samples = SAMPLE_RATE * seconds.clamp(1, MOST_SECONDS);
    let mut bytes = Vec::with_capacity(44 + samples as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + samples).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&8_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&samples.to_le_bytes());
    let wave = |n: u32| {
        let phase = u8::try_from(n % 40).unwrap_or_default();
        108 + if phase < 20 { phase } else { 40 - phase } * 2
    };
    bytes.extend((0..samples).map(wave));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_says_its_own_length() {
        let bytes = wav(2);
        assert_eq!(bytes.len(), 44 + 16_000);
        assert_eq!(&bytes[0..4], b"RIFF");
        assert_eq!(u32::from_le_bytes(bytes[40..44].try_into().unwrap()), 16_000);
    }
}
