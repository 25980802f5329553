//! The attributes that TwiML verbs have (carriers.md 2.3): one that is not known is a warning in the debugger, as at
//! Twilio, which goes on without it.

use super::xml::Element;

/// Adds a warning for each attribute that the verb does not have.
pub(super) fn warn_unknown(element: &Element, warnings: &mut Vec<String>) {
    let known: &[&str] = match element.name.as_str() {
        "Say" => &["voice", "language", "loop"],
        "Play" => &["loop", "digits"],
        "Pause" => &["length"],
        "Gather" => &[
            "input",
            "action",
            "method",
            "timeout",
            "speechTimeout",
            "maxSpeechTime",
            "numDigits",
            "finishOnKey",
            "actionOnEmptyResult",
            "language",
            "hints",
            "profanityFilter",
            "speechModel",
            "enhanced",
            "bargeIn",
            "partialResultCallback",
            "partialResultCallbackMethod",
            "debug",
        ],
        "Record" => &[
            "action",
            "method",
            "timeout",
            "finishOnKey",
            "maxLength",
            "playBeep",
            "trim",
            "transcribe",
            "transcribeCallback",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "recordingConfigurationId",
        ],
        "Dial" => &[
            "action",
            "method",
            "timeout",
            "timeLimit",
            "hangupOnStar",
            "callerId",
            "record",
            "trim",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "answerOnBridge",
            "ringTone",
            "recordingTrack",
            "sequential",
            "referUrl",
            "referMethod",
            "events",
        ],
        "Number" => &["sendDigits", "url", "method", "statusCallbackEvent", "statusCallback", "statusCallbackMethod", "byoc"],
        "Redirect" => &["method"],
        "Reject" => &["reason"],
        "Hangup" => &[],
        _ => return,
    };
    for (name, _) in &element.attributes {
        if !known.contains(&name.as_str()) {
            warnings.push(format!("{name} is no attribute of <{}>", element.name));
        }
    }
}
