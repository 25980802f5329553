//! TwiML as a program of verbs (carriers.md 2.3). Names are case-sensitive; a verb that is not known makes the
//! whole document an error, as it ends a call at Twilio; an attribute that is not known is a warning.

use thiserror::Error;

use super::attributes;
use super::xml::Element;

/// Longest text of one `<Say>`, in characters.
const SAY_CHARS: usize = 4_096;

/// Why a document cannot be performed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TwimlError {
    /// Not XML, or not a `<Response>`.
    #[error("Document parse failure: {0}")]
    Broken(String),
    /// An element or value that TwiML does not have.
    #[error("Schema validation: {0}")]
    Schema(String),
}

impl TwimlError {
    /// Twilio's code.
    pub fn code(&self) -> u32 {
        match self {
            Self::Broken(_) => 12100,
            Self::Schema(_) => 12200,
        }
    }
}

/// A document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// What to do, in order.
    pub verbs: Vec<Verb>,
    /// What Twilio would warn about.
    pub warnings: Vec<String>,
}

/// One verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Speak.
    Say {
        /// Text without markup.
        text: String,
        /// As given.
        language: Option<String>,
        /// How often.
        times: usize,
    },
    /// Play a file; the mock does not fetch it.
    Play {
        /// As given.
        url: String,
        /// Keys to dial instead of a file.
        digits: Option<String>,
    },
    /// Be silent.
    Pause {
        /// In seconds.
        length_s: u64,
    },
    /// Take digits.
    Gather(Gather),
    /// Record the caller.
    Record(Record),
    /// Call somebody else in.
    Dial(Dial),
    /// Go on elsewhere.
    Redirect(Action),
    /// End.
    Hangup,
    /// Refuse an inbound call.
    Reject {
        /// True for a busy tone.
        busy: bool,
    },
}

/// An address to go on with; empty means the current one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Action {
    /// Absolute, relative or empty.
    pub url: String,
    /// `GET` or `POST`.
    pub method: String,
}

/// `<Gather>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// Where the digits go.
    pub action: Action,
    /// Silence that ends it, in seconds.
    pub timeout_s: u64,
    /// Digits that end it.
    pub num_digits: Option<usize>,
    /// The key that ends it; none when switched off.
    pub finish_on_key: Option<char>,
    /// Whether nothing is reported as well.
    pub action_on_empty: bool,
    /// Whether keys are taken.
    pub takes_digits: bool,
    /// Whether speech is taken.
    pub takes_speech: bool,
    /// Spoken meanwhile: only `Say`, `Play`, `Pause`.
    pub prompts: Vec<Verb>,
}

/// `<Record>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the recording is reported; none means the current document again.
    pub action: Action,
    /// Longest, in seconds.
    pub max_length_s: u64,
    /// Silence that ends it, in seconds.
    pub timeout_s: u64,
    /// Keys that end it.
    pub finish_on_key: String,
    /// Whether a beep comes first.
    pub beep: bool,
    /// Where its status is reported.
    pub status_callback: Option<Action>,
    /// Which states are: `completed`, `absent`, `in-progress`.
    pub status_events: Vec<String>,
    /// Whether its words are wanted in writing.
    pub transcribe: bool,
    /// Where they go.
    pub transcribe_callback: Option<Action>,
}

/// `<Number>` in a `<Dial>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialNumber {
    /// Whom to call.
    pub number: String,
    /// Performed for whoever answers, before the two are joined.
    pub url: Option<Action>,
    /// Where its progress is reported.
    pub status_callback: Option<Action>,
    /// Which progress.
    pub status_events: Vec<String>,
}

/// `<Dial>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// Who.
    pub numbers: Vec<DialNumber>,
    /// How long each may ring, in seconds.
    pub timeout_s: u64,
    /// Where the outcome goes; none means the next verb.
    pub action: Option<Action>,
    /// As given.
    pub caller_id: Option<String>,
}

/// Reads a document.
pub fn parse(text: &str) -> Result<Document, TwimlError> {
    let root = Element::parse(text).map_err(TwimlError::Broken)?;
    if root.name != "Response" {
        return Err(TwimlError::Broken(format!("the root is <{}>, not <Response>", root.name)));
    }
    let mut document = Document::default();
    for element in root.elements() {
        let verb = verb(element, &mut document.warnings)?;
        document.verbs.push(verb);
    }
    Ok(document)
}

fn verb(element: &Element, warnings: &mut Vec<String>) -> Result<Verb, TwimlError> {
    attributes::warn_unknown(element, warnings);
    let number = |name: &str, default: u64| number(element, name, default);
    Ok(match element.name.as_str() {
        "Say" => say(element)?,
        "Play" => Verb::Play { url: element.own_text(), digits: element.attribute("digits").map(str::to_owned) },
        "Pause" => Verb::Pause { length_s: number("length", 1)? },
        "Gather" => Verb::Gather(gather(element, warnings)?),
        "Record" => Verb::Record(record(element)?),
        "Dial" => Verb::Dial(dial(element, warnings)?),
        "Redirect" => Verb::Redirect(Action { url: element.own_text(), method: element.attribute("method").unwrap_or("POST").to_owned() }),
        "Hangup" => Verb::Hangup,
        "Reject" => Verb::Reject { busy: element.attribute("reason") == Some("busy") },
        other => return Err(TwimlError::Schema(format!("<{other}> is no verb that this call can perform"))),
    })
}

fn say(element: &Element) -> Result<Verb, TwimlError> {
    let text = element.all_text();
    if text.chars().count() > SAY_CHARS {
        return Err(TwimlError::Schema(format!("<Say> is longer than {SAY_CHARS} characters")));
    }
    let times = usize::try_from(number(element, "loop", 1)?).unwrap_or(1);
    Ok(Verb::Say {
        text,
        language: element.attribute("language").map(str::to_owned),
        // Zero means for ever; ten is enough for a mock.
        times: if times == 0 { 10 } else { times.min(10) },
    })
}

fn gather(element: &Element, warnings: &mut Vec<String>) -> Result<Gather, TwimlError> {
    let mut prompts = Vec::new();
    for child in element.elements() {
        match child.name.as_str() {
            "Say" | "Play" | "Pause" => prompts.push(verb(child, warnings)?),
            other => {
                return Err(TwimlError::Schema(format!("<{other}> may not stand in <Gather>")));
            }
        }
    }
    let num_digits = usize::try_from(number(element, "numDigits", 0)?).unwrap_or(0);
    let inputs = element.attribute("input").unwrap_or("dtmf");
    Ok(Gather {
        action: action(element, "action", "method"),
        timeout_s: match element.attribute("timeout") {
            Some("auto") => 5,
            _ => number(element, "timeout", 5)?,
        },
        num_digits: (num_digits > 0).then_some(num_digits),
        finish_on_key: element.attribute("finishOnKey").map_or(Some('#'), |key| key.chars().next()),
        action_on_empty: element.attribute("actionOnEmptyResult") == Some("true"),
        takes_digits: inputs.split_whitespace().any(|input| input == "dtmf"),
        takes_speech: inputs.split_whitespace().any(|input| input == "speech"),
        prompts,
    })
}

fn record(element: &Element) -> Result<Record, TwimlError> {
    let callback = optional(element, "transcribeCallback", "transcribeCallbackMethod");
    Ok(Record {
        action: action(element, "action", "method"),
        max_length_s: number(element, "maxLength", 3_600)?,
        timeout_s: number(element, "timeout", 5)?,
        finish_on_key: element.attribute("finishOnKey").unwrap_or("1234567890*#").to_owned(),
        beep: element.attribute("playBeep") != Some("false"),
        status_callback: optional(element, "recordingStatusCallback", "recordingStatusCallbackMethod"),
        status_events: events(element, "recordingStatusCallbackEvent"),
        transcribe: element.attribute("transcribe") == Some("true") || callback.is_some(),
        transcribe_callback: callback,
    })
}

fn dial(element: &Element, warnings: &mut Vec<String>) -> Result<Dial, TwimlError> {
    let mut numbers = Vec::new();
    for child in element.elements() {
        attributes::warn_unknown(child, warnings);
        match child.name.as_str() {
            "Number" => numbers.push(DialNumber {
                number: child.own_text(),
                url: optional(child, "url", "method"),
                status_callback: optional(child, "statusCallback", "statusCallbackMethod"),
                status_events: events(child, "statusCallbackEvent"),
            }),
            other => {
                return Err(TwimlError::Schema(format!("this mock cannot dial a <{other}>")));
            }
        }
    }
    let own = element.own_text();
    if !own.is_empty() {
        numbers.push(DialNumber { number: own, url: None, status_callback: None, status_events: Vec::new() });
    }
    Ok(Dial {
        numbers,
        timeout_s: number(element, "timeout", 30)?.min(600),
        action: optional(element, "action", "method"),
        caller_id: element.attribute("callerId").map(str::to_owned),
    })
}

/// Names of events, separated by spaces; only `completed` when none are given.
fn events(element: &Element, name: &str) -> Vec<String> {
    element.attribute(name).unwrap_or("completed").split_whitespace().map(str::to_owned).collect()
}

fn optional(element: &Element, url: &str, method: &str) -> Option<Action> {
    element.attribute(url).map(|_| action(element, url, method))
}

fn action(element: &Element, url: &str, method: &str) -> Action {
    Action { url: element.attribute(url).unwrap_or_default().to_owned(), method: element.attribute(method).unwrap_or("POST").to_owned() }
}

fn number(element: &Element, name: &str, default: u64) -> Result<u64, TwimlError> {
    match element.attribute(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| TwimlError::Schema(format!("{name}=\"{text}\" in <{}> is no number", element.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_prompt_is_read_with_its_defaults() {
        let text = "<Response><Gather numDigits=\"2\" action=\"/k?x=1&amp;y=2\" timeout=\"8\"><Say>press \
            four, seven</Say></Gather><Redirect>/again</Redirect></Response>";
        let document = parse(text).unwrap();
        let Verb::Gather(gather) = &document.verbs[0] else { panic!("no gather") };
        assert_eq!(gather.action.url, "/k?x=1&y=2");
        assert_eq!((gather.timeout_s, gather.num_digits, gather.finish_on_key), (8, Some(2), Some('#')));
        assert!(gather.takes_digits && !gather.action_on_empty);
        assert_eq!(document.verbs.len(), 2);
    }

    #[test]
    fn unknown_verbs_are_errors_and_unknown_attributes_warnings() {
        assert_eq!(parse("<Response><say>hi</say></Response>").unwrap_err().code(), 12200);
        assert_eq!(parse("<Reply/>").unwrap_err().code(), 12100);
        assert_eq!(parse("<Response><Gather><Hangup/></Gather></Response>").unwrap_err().code(), 12200);
        let document = parse("<Response><Say speed=\"2\">hi</Say></Response>").unwrap();
        assert_eq!(document.warnings.len(), 1);
    }
}
